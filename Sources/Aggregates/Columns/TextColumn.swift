// Strings of a column: the presence of each, the lengths of those that are there, then all bytes end to end.
//
//   presence, per present entry: varint length, then the bytes
enum TextColumn {
  /// Calls `visit` with each present text of the given entries, which is borrowed for the call. Reads the
  /// column up to its end.
  static func forEach(
    _ reader: inout ColumnReader, rows: Int, entries: Range<Int>,
    _ visit: (_ entry: Int, _ text: UnsafeRawBufferPointer) -> Void
  ) throws(CodecError) {
    let presence = try PresenceColumn(&reader, rows: rows)
    var lengths = reader
    for entry in 0..<rows where presence[entry] { _ = try reader.count() }
    // The bytes begin where the lengths end: `lengths` walks behind, `reader` goes on with the bytes.
    for entry in 0..<rows where presence[entry] {
      let text = try reader.take(try lengths.count())
      if entries.contains(entry) { visit(entry, text) }
    }
    try reader.end()
  }

  /// Appends the column of `count` texts, nil where an entry has none.
  static func encode(count: Int, into bytes: inout [UInt8], text: (Int) -> [UInt8]?) {
    PresenceColumn.encode(count: count, into: &bytes) { text($0) != nil }
    for entry in 0..<count {
      if let text = text(entry) { bytes.append(varint: UInt128(text.count)) }
    }
    for entry in 0..<count {
      if let text = text(entry) { bytes.append(contentsOf: text) }
    }
  }
}
