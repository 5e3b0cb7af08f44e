// Which kept events do not stand any more, and since when. A correction is a record behind its log's chunks
// that names the events it takes back by their places; the chunks stay as they are, since for whoever knows no
// more than was known before it, the events stand.
//
//   bytes  meaning
//   1      format, 1
//   8      when the correction arrived, epoch milliseconds
//   4      number of events n, at least 1
//   n·12   number of the chunk (8 bytes) and the event's place in it (4 bytes), ascending
//
// Numbers are little-endian.
import Aggregates
import FeatureModel
import Rocks

/// Where a kept event stands.
struct KeptPlace: Hashable, Comparable {
  let chunk: UInt64
  let row: UInt32

  static func < (left: Self, right: Self) -> Bool {
    (left.chunk, left.row) < (right.chunk, right.row)
  }
}

/// The events of one log that were taken back.
struct Retractions: Sendable {
  static let format: UInt8 = 1

  /// By chunk and place: when, in milliseconds.
  private(set) var times: [UInt64: [UInt32: Int64]] = [:]
  /// The number of the next correction.
  private(set) var next: UInt64 = 0

  var isEmpty: Bool { times.isEmpty }

  /// When the last correction was made, in milliseconds.
  var latest: Int64? { times.values.compactMap { $0.values.max() }.max() }

  func time(of place: KeptPlace) -> Int64? { times[place.chunk]?[place.row] }

  /// For each event of a chunk when it was taken back; the greatest number where it was not.
  func times(of chunk: UInt64, _ count: Int) -> [Int64] {
    guard let rows = times[chunk] else { return Array(repeating: .max, count: count) }
    return (0..<count).map { rows[UInt32($0)] ?? .max }
  }

  mutating func add(_ places: [KeptPlace], at time: Int64) {
    for place in places { times[place.chunk, default: [:]][place.row] = time }
  }

  static func record(_ places: [KeptPlace], at time: Int64) -> [UInt8] {
    var bytes: [UInt8] = [format]
    bytes.reserveCapacity(13 + 12 * places.count)
    bytes.appendLittleEndian(time)
    bytes.appendLittleEndian(UInt32(places.count))
    for place in places.sorted() {
      bytes.appendLittleEndian(place.chunk)
      bytes.appendLittleEndian(place.row)
    }
    return bytes
  }

  static func read(
    _ bytes: UnsafeRawBufferPointer
  ) throws(CodecError) -> (time: Int64, places: [KeptPlace]) {
    guard bytes.count >= 13 else { throw .truncated(needed: 13, available: bytes.count) }
    guard bytes[0] == format else {
      throw .malformed("a correction of format \(bytes[0]); this version reads 1")
    }
    let time = Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: 1, as: Int64.self))
    let count = Int(bytes.littleEndian32(at: 9))
    guard count > 0, bytes.count == 13 + 12 * count else {
      throw .malformed("a correction of \(count) events in \(bytes.count) bytes")
    }
    let places = (0..<count).map { index in
      KeptPlace(
        chunk: UInt64(
          littleEndian: bytes.loadUnaligned(fromByteOffset: 13 + 12 * index, as: UInt64.self)),
        row: bytes.littleEndian32(at: 21 + 12 * index))
    }
    return (time, places)
  }

  /// Takes a record in.
  fileprivate mutating func add(
    _ number: UInt64, _ bytes: UnsafeRawBufferPointer
  ) throws(CodecError) {
    let (time, places) = try Self.read(bytes)
    add(places, at: time)
    next = number + 1
  }
}

extension Store {
  /// - Complexity: O(events that were ever taken back).
  func retractions(of log: KeptLog) throws(StoreError) -> Retractions {
    var found = Retractions()
    let (lower, upper) = KeptKey.range(log, .correction)
    var cursor = database.cursor(
      in: slices, options: ReadOptions(lowerBound: lower, upperBound: upper, fillCache: false))
    cursor.seekToFirst()
    while cursor.isValid {
      do throws(CodecError) {
        if let number = KeptKey.number(of: cursor.key)?.number {
          try found.add(number, cursor.value)
        }
      } catch {
        throw .corrupt(what: "a correction with key \(SliceKey.hex(cursor.key))", error)
      }
      cursor.next()
    }
    try StoreError.wrap { () throws(RocksError) in try cursor.check() }
    return found
  }

  /// The number that the next correction of a log gets.
  func nextCorrection(of log: KeptLog) throws(StoreError) -> UInt64 {
    let (lower, upper) = KeptKey.range(log, .correction)
    return try StoreError.wrap { () throws(RocksError) in
      var cursor = database.cursor(
        in: slices, options: ReadOptions(lowerBound: lower, upperBound: upper))
      cursor.seekToLast()
      try cursor.check()
      return cursor.isValid ? (KeptKey.number(of: cursor.key)?.number ?? 0) + 1 : 0
    }
  }
}
