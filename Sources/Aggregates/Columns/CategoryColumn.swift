// Codes 40 to 43: a column of maps from categories to values. The limit stands once in front; 0 says that
// all entries are empty maps that never met one. Entries carry their length, so that those outside of a
// window are stepped over.
//
//   varint limit, per entry: varint length, then of that length
//     varint twice the number of categories, plus 1 for a sample
//     per category, in the order of categories: varint length, text, value
enum CategoryColumn {
  /// Merges the given entries into `map`.
  static func fold<Value: CategoryValue>(
    _ column: UnsafeRawBufferPointer, rows: Int, entries: Range<Int>,
    into map: inout CategoryMap<Value>
  ) throws(CodecError) {
    try ColumnReader.check(rows: rows, entries: entries)
    var reader = ColumnReader(column)
    let limit = try reader.count()
    guard limit <= 1_000_000 else { throw .malformed("a map of \(limit) categories") }
    if limit > 0, !map.adopt(limit) { throw .malformed("maps with different limits") }
    for row in 0..<rows {
      let entry = try reader.take(try reader.count())
      if entries.contains(row) { try merge(entry, limit, into: &map) }
    }
    try reader.end()
  }

  private static func merge<Value: CategoryValue>(
    _ entry: UnsafeRawBufferPointer, _ limit: Int, into map: inout CategoryMap<Value>
  ) throws(CodecError) {
    var reader = ColumnReader(entry)
    let head = try reader.count()
    guard head >> 1 <= limit else {
      throw .malformed("a map of \(head >> 1) categories instead of \(limit)")
    }
    for _ in 0..<head >> 1 {
      let category = try reader.take(try reader.count())
      map.merge(try Value(&reader.rest), into: category)
    }
    if head & 1 != 0 { map.markSample() }
    try reader.end()
  }

  static func encode<Value: CategoryValue>(
    _ entries: [CategoryMap<Value>], into bytes: inout [UInt8]
  ) {
    bytes.append(varint: UInt128(entries.lazy.compactMap(\.limit).first ?? 0))
    var entry: [UInt8] = []
    for map in entries {
      entry.removeAll(keepingCapacity: true)
      entry.append(varint: UInt128(map.members.count << 1 | (map.isSample ? 1 : 0)))
      for member in map.members {
        entry.append(varint: UInt128(member.text.count))
        entry.append(contentsOf: member.text)
        member.value.encode(into: &entry)
      }
      bytes.append(varint: UInt128(entry.count))
      bytes.append(contentsOf: entry)
    }
  }
}
