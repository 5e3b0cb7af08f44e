// What columns of kept values (codes 12 to 15) begin with: the limit, and how many values each entry has. The
// values of all entries follow as if they were one column.
//
//   varint limit (0: no entry has ever had one, and nothing follows), per entry: varint number of values
struct KeptList {
  static let limits = 1...1000

  let limit: Int
  /// Values of all entries.
  let total: Int
  /// Those of the entries that were asked for.
  let wanted: Range<Int>
  /// Behind the numbers.
  let reader: ColumnReader

  /// Nil for a column of lists that never had a limit.
  init?(
    _ column: UnsafeRawBufferPointer, rows: Int, entries: Range<Int>
  ) throws(CodecError) {
    try ColumnReader.check(rows: rows, entries: entries)
    var reader = ColumnReader(column)
    limit = try reader.count()
    if limit == 0 {
      try reader.end()
      return nil
    }
    guard Self.limits.contains(limit) else { throw .malformed("kept values with limit \(limit)") }
    var total = 0
    var (start, end) = (0, 0)
    for row in 0..<rows {
      if row == entries.lowerBound { start = total }
      let count = try reader.count()
      guard count <= limit else { throw .malformed("\(count) values kept of \(limit)") }
      total += count
      if row == entries.upperBound - 1 { end = total }
    }
    guard total <= Int(Int32.max) else { throw .malformed("\(total) values in one column") }
    self.total = total
    wanted = entries.isEmpty ? 0..<0 : start..<end
    self.reader = reader
  }

  /// Appends the beginning of a column; false where nothing follows.
  static func encode(
    _ entries: [(limit: Int?, count: Int)], into bytes: inout [UInt8]
  ) -> Bool {
    let limit = entries.lazy.compactMap(\.limit).first
    bytes.append(varint: UInt128(limit ?? 0))
    guard let limit else { return false }
    for entry in entries {
      precondition(entry.limit == nil || entry.limit == limit, "lists of one column have one limit")
      bytes.append(varint: UInt128(entry.count))
    }
    return true
  }
}
