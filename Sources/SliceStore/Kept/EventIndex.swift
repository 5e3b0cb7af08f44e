// Kept events found by what a field of theirs says: the id that events of another stream name them by. A key
// says all there is, so that writing one twice does nothing, and events with one id stand side by side.
//
//   offset  bytes  meaning
//   0       4      2^31 + number of the log, big-endian
//   4       1      2
//   5       1      place of the field among the log's indexes
//   6       8      hash of the field's text (EntityHash), big-endian
//   14      8, 4   number of the event's chunk and its place in it, big-endian
//
// Texts with one hash are told apart when the events are read.
import Aggregates
import FeatureModel
import Glibc
import Rocks

enum EventIndex {
  static let byteCount = 26

  static func key(_ log: KeptLog, _ slot: Int, _ hash: UInt64, _ place: KeptPlace) -> [UInt8] {
    var key = prefix(log, slot, hash)
    key.appendBigEndian(place.chunk)
    key.appendBigEndian(place.row)
    return key
  }

  static func prefix(_ log: KeptLog, _ slot: Int, _ hash: UInt64) -> [UInt8] {
    var key: [UInt8] = []
    key.reserveCapacity(byteCount)
    key.appendBigEndian(log.taker.number)
    key += [KeptKey.Kind.index.rawValue, UInt8(slot)]
    key.appendBigEndian(hash)
    return key
  }

  /// The half-open range of one index of a log.
  static func range(_ log: KeptLog, _ slot: Int) -> (lower: [UInt8], upper: [UInt8]) {
    var upper: [UInt8] = []
    upper.appendBigEndian(log.taker.number)
    upper += [KeptKey.Kind.index.rawValue, UInt8(slot + 1)]
    return (prefix(log, slot, 0), upper)
  }

  /// What a key of an index leads to; nil for other keys.
  static func place(of key: UnsafeRawBufferPointer) -> KeptPlace? {
    guard key.count == byteCount, key.bigEndian32(at: 0) >= KeptKey.firstPrefix,
      key[4] == KeptKey.Kind.index.rawValue
    else { return nil }
    let chunk = UInt64(key.bigEndian32(at: 14)) << 32 | UInt64(key.bigEndian32(at: 18))
    return KeptPlace(chunk: chunk, row: key.bigEndian32(at: 22))
  }

  static func hash(of key: UnsafeRawBufferPointer) -> UInt64 {
    UInt64(key.bigEndian32(at: 6)) << 32 | UInt64(key.bigEndian32(at: 10))
  }

  /// Calls `body` with each row of a column that has a value, and with the hash of its text.
  static func forEachHash(
    in column: EventColumn, _ body: (_ row: Int, _ hash: UInt64) -> Void
  ) {
    var text: [UInt8] = []
    EventBatch(columns: [column]).withColumns { columns in
      for row in 0..<columns.count
      where EntityKeyBuilder.build(columns, [0], row, into: &text) {
        body(row, text.withUnsafeBytes { EntityHash.of($0) })
      }
    }
  }
}

/// One event in one index, in the order of the keys.
struct IndexEntry: Comparable {
  let slot: Int
  let hash: UInt64
  let place: KeptPlace

  static func < (left: Self, right: Self) -> Bool {
    (left.slot, left.hash, left.place) < (right.slot, right.hash, right.place)
  }
}

/// Which hashes an index may have: a Bloom filter (B. H. Bloom, 1970) of two bits for each, so that events
/// nobody speaks of cost no look-up.
struct HashFilter {
  private var bits: [UInt64]
  private(set) var count = 0

  /// Room for so many hashes, one in a hundred others of which is let through.
  init(capacity: Int) {
    var size = 1024
    while size < capacity { size *= 2 }
    bits = Array(repeating: 0, count: size / 4)
  }

  var isFull: Bool { count > bits.count * 4 }

  mutating func insert(_ hash: UInt64) {
    count += 1
    for place in places(hash) { bits[place >> 6] |= 1 << UInt64(place & 63) }
  }

  func mayContain(_ hash: UInt64) -> Bool {
    places(hash).allSatisfy { bits[$0 >> 6] >> UInt64($0 & 63) & 1 != 0 }
  }

  private func places(_ hash: UInt64) -> [Int] {
    let mask = UInt64(bits.count * 64 - 1)
    return [Int(hash & mask), Int((hash >> 32 | hash << 32) & mask)]
  }
}

extension Store {
  /// What a chunk's events add to the indexes of their log.
  func indexEntries(
    _ number: UInt64, _ chunk: UnsafeRawBufferPointer, of stream: StreamDeclaration,
    in log: KeptLog, from first: Int = 0
  ) throws(CodecError) -> [IndexEntry] {
    var entries: [IndexEntry] = []
    for (slot, name) in log.indexes.enumerated().dropFirst(first) {
      guard let field = stream.index(of: name) else { continue }
      let column = try KeptChunkReader(stream).column(field, of: chunk)
      EventIndex.forEachHash(in: column) { row, hash in
        let place = KeptPlace(chunk: number, row: UInt32(row))
        entries.append(IndexEntry(slot: slot, hash: hash, place: place))
        noteHash(hash, log, slot)
      }
    }
    return entries
  }

  /// Adds what stands in a log to its last index, which is new. Called with the writer's lock, before the index
  /// is known; what a crash leaves of it is written again.
  /// - Complexity: O(n log n) in the kept events, some millions of which are in memory at a time.
  func fillIndex(of stream: StreamDeclaration, in log: KeptLog) throws(StoreError) {
    let end = try nextChunkNumber(log)
    var entries: [IndexEntry] = []
    for start in stride(from: 0, to: end, by: 64) {
      try forEachChunk(of: log, start..<min(end, start + 64)) {
        number, chunk throws(CodecError) in
        entries += try indexEntries(
          number, chunk, of: stream, in: log, from: log.indexes.count - 1)
      }
      guard entries.count >= 4 << 20 || start + 64 >= end, !entries.isEmpty else { continue }
      let file = try writeIndex(&entries, in: log)
      do throws(RocksError) {
        try database.ingest(files: [file], into: slices, move: true)
      } catch {
        unlink(file)
        throw .storage(error)
      }
    }
  }

  /// Writes entries to a file for RocksDB to take in, and forgets them.
  func writeIndex(
    _ entries: inout [IndexEntry], in log: KeptLog
  ) throws(StoreError) -> String {
    entries.sort()
    let path = try newLoadFiles() + "index.sst"
    try StoreLayout.writeLoad(path) { writer throws(RocksError) in
      for entry in entries {
        let key = EventIndex.key(log, entry.slot, entry.hash, entry.place)
        try writer.put(key: key, value: [])
      }
    }
    entries.removeAll(keepingCapacity: true)
    return path
  }

  private func noteHash(_ hash: UInt64, _ log: KeptLog, _ slot: Int) {
    hashFilters.withLock { $0[Self.filterKey(log, slot)]?.insert(hash) }
  }

  private static func filterKey(_ log: KeptLog, _ slot: Int) -> UInt64 {
    UInt64(log.number) << 8 | UInt64(slot)
  }

  /// The hashes of an index; made of its keys when it is first asked for. Called with the writer's lock.
  func hashFilter(of log: KeptLog, _ slot: Int) throws(StoreError) -> HashFilter {
    let key = Self.filterKey(log, slot)
    if let known = hashFilters.withLock({ $0[key] }), !known.isFull { return known }
    let range = EventIndex.range(log, slot)
    let filter = try StoreError.wrap { () throws(RocksError) in
      var hashes: [UInt64] = []
      var cursor = database.cursor(
        in: slices,
        options: ReadOptions(
          lowerBound: range.lower, upperBound: range.upper, fillCache: false))
      cursor.seekToFirst()
      while cursor.isValid {
        hashes.append(EventIndex.hash(of: cursor.key))
        cursor.next()
      }
      try cursor.check()
      var filter = HashFilter(capacity: 2 * hashes.count)
      for hash in hashes { filter.insert(hash) }
      return filter
    }
    hashFilters.withLock { $0[key] = filter }
    return filter
  }
}
