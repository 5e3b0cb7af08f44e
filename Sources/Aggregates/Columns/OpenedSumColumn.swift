// A stored column of sums taken apart once, to be folded from any number of times: what its header says, the
// residuals of decimals where a fold finds its own by search, and for a column of which much is asked the sums
// of all beginnings, so that a range is one difference.

/// Borrows the column's bytes until the next `open`; keeps its own memory.
final class OpenedSumColumn {
  // Nothing that is called from here comes back, so access checks would find nothing.

  private enum Form: BitwiseCopyable {
    case empty, narrow, decimal, wide
  }

  private struct Residual: BitwiseCopyable {
    let entry: Int
    let mantissa: Int64
  }

  // What each form needs stands by itself: in the form it would be copied for every fold.

  @exclusivity(unchecked) private var form = Form.empty
  @exclusivity(unchecked) private var rows = 0
  @exclusivity(unchecked) private var narrow = SumColumn.Frame.none
  @exclusivity(unchecked) private var parts = DecimalColumn.Parts.none
  /// Wide sums, behind the tag.
  @exclusivity(unchecked) private var wide = UnsafeRawBufferPointer(start: nil, count: 0)
  /// By entry.
  @exclusivity(unchecked) private var residuals: [Residual] = []
  /// Of decimals: the sum of the entries before each, in units of 2^`beginningExponent`; empty until made.
  @exclusivity(unchecked) private var beginnings: [Int128] = []
  @exclusivity(unchecked) private var beginningExponent: Int32 = 0
  /// Decimals that may still be added one by one before the sums of beginnings are worth their making.
  @exclusivity(unchecked) private var patience = 0

  /// Takes a column apart and checks all of it but the entries of wide sums.
  /// - Complexity: O(1), for decimals O(residuals).
  func open(_ column: StoredColumn) throws(CodecError) {
    form = .empty
    rows = 0
    if !residuals.isEmpty { residuals.removeAll(keepingCapacity: true) }
    if !beginnings.isEmpty { beginnings.removeAll(keepingCapacity: true) }
    patience = column.rows
    try ColumnReader.check(rows: column.rows, entries: 0..<0)
    var reader = ColumnReader(column.bytes)
    switch try reader.byte() {
    case SumColumn.narrow:
      narrow = try SumColumn.Frame(&reader, column.rows)
      form = .narrow
    case DecimalColumn.tag:
      parts = try DecimalColumn.Parts(&reader, column.rows)
      try parts.forEachResidual { entry, mantissa throws(CodecError) in
        residuals.append(Residual(entry: entry, mantissa: mantissa))
      }
      form = .decimal
    case SumColumn.wide:
      wide = reader.rest
      form = .wide
    case let tag: throw .malformed("sum column with tag \(tag)")
    }
    rows = column.rows
  }

  /// Adds entries to `sum`.
  /// - Complexity: O(entries); of wide sums, O(rows).
  @inline(__always)
  func fold(_ entries: Range<Int>, into sum: inout ExactSum) throws(CodecError) {
    try ColumnReader.check(rows: rows, entries: entries)
    switch form {
    case .empty: return
    case .narrow: narrow.add(entries, to: &sum)
    case .decimal: try foldDecimals(entries, into: &sum)
    case .wide:
      var reader = ColumnReader(wide)
      try SumColumn.foldWide(&reader, rows, entries, &sum)
    }
  }

  @inline(__always)
  private func foldDecimals(
    _ entries: Range<Int>, into sum: inout ExactSum
  ) throws(CodecError) {
    if patience < 0, !beginnings.isEmpty {
      let total = beginnings[entries.upperBound] - beginnings[entries.lowerBound]
      return sum.add(total, exponent: beginningExponent)
    }
    patience -= entries.count
    if patience < 0, beginnings.isEmpty { try sumBeginnings() }
    try parts.addDecimals(entries, to: &sum)
    if !residuals.isEmpty { addResiduals(entries, parts.residualExponent, to: &sum) }
  }

  /// Once as many decimals were added as there are: from here on a range costs no more than its two ends.
  /// Leaves it where a sum would not fit.
  private func sumBeginnings() throws(CodecError) {
    patience = .max
    let lowest = residuals.isEmpty ? DecimalTotal.exponent : parts.residualExponent
    let shift = DecimalTotal.exponent - min(lowest, DecimalTotal.exponent)
    // 2^13 doubles of 30 + 70 bits, and as many residuals, in 127 bits.
    guard rows <= DecimalTotal.countMax, shift <= 12 else { return }
    var sum: Int128 = 0
    var residual = 0
    beginnings.append(0)
    for entry in 0..<rows {
      var total = DecimalTotal()
      guard total.add(try parts.decimal(entry)) else { return beginnings.removeAll() }
      sum += total.mantissa &<< Int128(shift)
      if residual < residuals.count, residuals[residual].entry == entry {
        let exponent = DecimalTotal.exponent - shift
        let mantissa = Int128(residuals[residual].mantissa)
        guard
          let aligned = ExactSum.aligned(mantissa, from: parts.residualExponent, to: exponent),
          aligned.magnitude < 1 << 112
        else { return beginnings.removeAll() }
        sum += aligned
        residual += 1
      }
      beginnings.append(sum)
    }
    beginningExponent = DecimalTotal.exponent - shift
    patience = -1
  }

  private func addResiduals(
    _ entries: Range<Int>, _ exponent: Int32, to sum: inout ExactSum
  ) {
    var (low, high) = (0, residuals.count)
    while low < high {
      let middle = (low + high) / 2
      if residuals[middle].entry < entries.lowerBound { low = middle + 1 } else { high = middle }
    }
    while low < residuals.count, residuals[low].entry < entries.upperBound {
      sum.add(Int128(residuals[low].mantissa), exponent: exponent)
      low += 1
    }
  }
}
