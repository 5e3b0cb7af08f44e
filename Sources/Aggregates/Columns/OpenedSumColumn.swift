// A stored column of sums taken apart once, to be folded from any number of times: what its header says, and
// the residuals of decimals where a fold finds its own by search instead of by reading all before them.

/// Borrows the column's bytes until the next `open`; keeps its own memory.
final class OpenedSumColumn {
  // Nothing that is called from here comes back, so access checks would find nothing.

  private enum Form: BitwiseCopyable {
    case empty
    case narrow(base: Int128, deltas: DeltaColumn, exponent: Int32)
    case decimal(DecimalColumn.Parts)
    /// Behind the tag.
    case wide(UnsafeRawBufferPointer)
  }

  private struct Residual: BitwiseCopyable {
    let entry: Int
    let mantissa: Int64
  }

  @exclusivity(unchecked) private var form = Form.empty
  @exclusivity(unchecked) private var rows = 0
  /// By entry.
  @exclusivity(unchecked) private var residuals: [Residual] = []

  /// Takes a column apart and checks all of it but the entries of wide sums.
  /// - Complexity: O(1), for decimals O(residuals).
  func open(_ column: StoredColumn) throws(CodecError) {
    form = .empty
    rows = 0
    residuals.removeAll(keepingCapacity: true)
    try ColumnReader.check(rows: column.rows, entries: 0..<0)
    var reader = ColumnReader(column.bytes)
    switch try reader.byte() {
    case SumColumn.narrow:
      let (exponent, base, deltas) = try SumColumn.readFrame(&reader, column.rows)
      form = .narrow(base: base, deltas: deltas, exponent: exponent)
    case DecimalColumn.tag:
      let parts = try DecimalColumn.Parts(&reader, column.rows)
      try parts.forEachResidual { entry, mantissa throws(CodecError) in
        residuals.append(Residual(entry: entry, mantissa: mantissa))
      }
      form = .decimal(parts)
    case SumColumn.wide: form = .wide(reader.rest)
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
    case .narrow(let base, let deltas, let exponent):
      SumColumn.add(deltas.sum(entries), bases: base, count: entries.count, exponent, &sum)
    case .decimal(let parts):
      try parts.addDecimals(entries, to: &sum)
      if !residuals.isEmpty { addResiduals(entries, parts.residualExponent, to: &sum) }
    case .wide(let bytes):
      var reader = ColumnReader(bytes)
      try SumColumn.foldWide(&reader, rows, entries, &sum)
    }
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
