// Codes 17 and 18: a column of tallies of words or texts. The limit stands once in front; 0 says that all
// entries are empty and never met one, and nothing follows.
//
//   varint limit, per entry: varint number of all values; where it is not 0: varint number of values kept,
//   and of each, ascending by hash: the word (8 bytes), or varint length and text; varint count
enum TallyColumn {
  /// Merges the given entries into `tally`.
  static func fold<Element: TalliedValue>(
    _ column: UnsafeRawBufferPointer, rows: Int, entries: Range<Int>,
    into tally: inout ValueTally<Element>
  ) throws(CodecError) {
    try ColumnReader.check(rows: rows, entries: entries)
    var bytes = ColumnBytes(reader: ColumnReader(column))
    let limit = try bytes.reader.count()
    if limit == 0 { return try bytes.reader.end() }
    guard ValueTally<Element>.limits.contains(limit), tally.adopt(limit) else {
      throw .malformed("tallies with a limit of \(limit), or with several")
    }
    for row in 0..<rows {
      try foldEntry(&bytes, limit, into: &tally, wanted: entries.contains(row))
    }
    try bytes.reader.end()
  }

  private static func foldEntry<Element: TalliedValue>(
    _ bytes: inout ColumnBytes, _ limit: Int, into tally: inout ValueTally<Element>, wanted: Bool
  ) throws(CodecError) {
    let total = try bytes.reader.tally()
    if total == 0 { return }
    let kept = try bytes.reader.count()
    guard kept <= limit else { throw .malformed("\(kept) values kept of \(limit)") }
    if wanted { tally.addTotal(total) }
    var known: Int64 = 0
    var previous: (hash: UInt64, value: Element.Key)?
    for _ in 0..<kept {
      let key = try Element.read(&bytes)
      let count = try bytes.reader.tally()
      let hash = Element.hash(key)
      if let previous {
        guard
          previous.hash < hash
            || (previous.hash == hash && Element(previous.value).compare(key) < 0)
        else { throw .malformed("values of a tally out of order") }
      }
      previous = (hash, key)
      known = known.addingSaturated(to: count)
      guard count > 0, known <= total else { throw .malformed("more values kept than counted") }
      if wanted { tally.add(key, hash, count) }
    }
    guard known == total || kept == limit else {
      throw .malformed("a tally below its limit has lost values")
    }
  }

  /// Appends the column of these tallies, which agree in their limit.
  static func encode<Element: TalliedValue>(
    _ entries: [ValueTally<Element>], into bytes: inout [UInt8]
  ) {
    let limit = entries.lazy.compactMap(\.limit).first
    bytes.append(varint: UInt128(limit ?? 0))
    guard let limit else { return }
    for entry in entries {
      precondition(
        entry.limit == nil || entry.limit == limit, "tallies of one column have one limit")
      bytes.append(varint: UInt128(entry.total))
      if entry.total == 0 { continue }
      bytes.append(varint: UInt128(entry.items.count))
      for item in entry.items {
        item.value.append(to: &bytes)
        bytes.append(varint: UInt128(item.count))
      }
    }
  }
}
