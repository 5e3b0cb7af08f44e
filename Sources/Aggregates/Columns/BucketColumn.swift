// Code 16: a column of bucket counts. The limit stands once in front; 0 says that all entries are empty and
// never met one, and nothing follows.
//
//   varint limit, per entry: varint number of occupied buckets; where it is not 0: u8 level, and per bucket,
//   ascending: the first bucket's number as a zigzag varint, of others a varint distance to the one before;
//   varint count
enum BucketColumn {
  /// Merges the given entries into `counts`.
  static func fold(
    _ column: UnsafeRawBufferPointer, rows: Int, entries: Range<Int>,
    into counts: inout BucketCounts
  ) throws(CodecError) {
    try ColumnReader.check(rows: rows, entries: entries)
    var reader = ColumnReader(column)
    let limit = try reader.count()
    if limit == 0 { return try reader.end() }
    guard BucketCounts.limits.contains(limit), counts.adopt(limit) else {
      throw .malformed("bucket counts with a limit of \(limit), or with several")
    }
    for row in 0..<rows {
      try foldEntry(&reader, limit, into: &counts, wanted: entries.contains(row))
    }
    try reader.end()
  }

  private static func foldEntry(
    _ reader: inout ColumnReader, _ limit: Int, into counts: inout BucketCounts, wanted: Bool
  ) throws(CodecError) {
    let occupied = try reader.count()
    if occupied == 0 { return }
    let level = Int(try reader.byte())
    guard BucketCounts.levels.contains(level), occupied <= limit else {
      throw .malformed("\(occupied) occupied buckets of level \(level)")
    }
    if wanted { counts.rise(to: level) }
    var key = Int128(zigzag: try reader.varint128())
    for place in 0..<occupied {
      if place > 0 {
        let gap = Int128(try reader.tally())
        guard gap > 0 else { throw .malformed("bucket \(key) twice") }
        key += gap
      }
      let count = try reader.tally()
      guard key.magnitude <= (1 << 32) >> UInt128(level), count > 0 else {
        throw .malformed("\(count) values in bucket \(key)")
      }
      if wanted { counts.add(.init(key: Int64(key), count: count), from: level) }
    }
  }

  /// Appends the column of these counts, which agree in their limit.
  static func encode(_ entries: [BucketCounts], into bytes: inout [UInt8]) {
    let limit = entries.lazy.compactMap(\.limit).first
    bytes.append(varint: UInt128(limit ?? 0))
    guard let limit else { return }
    for entry in entries {
      precondition(
        entry.limit == nil || entry.limit == limit, "counts of one column have one limit")
      let entry = entry.settled
      bytes.append(varint: UInt128(entry.buckets.count))
      if entry.buckets.isEmpty { continue }
      bytes.append(UInt8(entry.level))
      var previous: Int64?
      for bucket in entry.buckets {
        if let previous {
          bytes.append(varint: UInt128(bucket.key - previous))
        } else {
          bytes.append(varint: Int128(bucket.key).zigzag)
        }
        bytes.append(varint: UInt128(bucket.count))
        previous = bucket.key
      }
    }
  }
}
