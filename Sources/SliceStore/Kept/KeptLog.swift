// The kept events of a stream: chunks by a number that counts up, in the family of the blocks, so that events,
// what was made of them and the positions of their sources are one atomic write, bulk loads included.
//
//   offset  bytes  meaning
//   0       4      2^31 + number of the log, big-endian: behind all views
//   4       1      0
//   5       8      number of the chunk, big-endian
//
// Behind the chunks stand the corrections of the log's events (`Retractions`), under 1 instead of 0, and what
// events are found by (`EventIndex`), under 2.
//
// Positions of sources are kept for the log as for a view: a source that is replayed is not kept twice.
import FeatureModel

/// What the store knows of a stream's kept events.
public struct KeptLog: Hashable, Sendable {
  /// Never given twice.
  let number: UInt32
  /// False where the stream had events before they were kept: views that come later need the files.
  public internal(set) var isWhole: Bool
  /// All events that arrive from here on are there; nil where none were let go.
  public internal(set) var start: Timestamp?
  /// Chunks get numbers from here on, where those before may be gone.
  var next: UInt64 = 0
  /// Fields that events are found by (`EventIndex`), each by its place; none is ever taken away.
  var indexes: [String] = []

  /// Under which the log's positions stand.
  var taker: ViewID { ViewID(number: KeptKey.firstPrefix | number) }
}

enum KeptKey {
  static let firstPrefix: UInt32 = 1 << 31
  static let byteCount = 13

  /// What a key of the log leads to; frozen.
  enum Kind: UInt8 {
    case chunk = 0
    case correction = 1
    case index = 2
  }

  static func chunk(_ log: KeptLog, _ number: UInt64) -> [UInt8] { key(log, .chunk, number) }

  static func key(_ log: KeptLog, _ kind: Kind, _ number: UInt64) -> [UInt8] {
    var key: [UInt8] = []
    key.reserveCapacity(byteCount)
    key.appendBigEndian(log.taker.number)
    key.append(kind.rawValue)
    key.appendBigEndian(number)
    return key
  }

  /// The half-open range of a log's keys of one kind, from one number on.
  static func range(
    _ log: KeptLog, _ kind: Kind = .chunk, from number: UInt64 = 0
  ) -> (lower: [UInt8], upper: [UInt8]) {
    var upper: [UInt8] = []
    upper.appendBigEndian(log.taker.number)
    upper.append(kind.rawValue + 1)
    return (key(log, kind, number), upper)
  }

  /// The half-open range of all of a log's keys.
  static func all(_ log: KeptLog) -> (lower: [UInt8], upper: [UInt8]) {
    var upper: [UInt8] = []
    upper.appendBigEndian(log.taker.number + 1)
    return (chunk(log, 0), upper)
  }

  /// The number of a chunk; nil for keys of anything else.
  static func chunkNumber(_ key: UnsafeRawBufferPointer) -> UInt64? {
    number(of: key).flatMap { $0.kind == .chunk ? $0.number : nil }
  }

  /// What a key of a log says; nil for keys of anything else.
  static func number(of key: UnsafeRawBufferPointer) -> (kind: Kind, number: UInt64)? {
    guard key.count == byteCount, key.bigEndian32(at: 0) >= firstPrefix,
      let kind = Kind(rawValue: key[4])
    else { return nil }
    return (kind, UInt64(key.bigEndian32(at: 5)) << 32 | UInt64(key.bigEndian32(at: 9)))
  }
}

extension KeptLog {
  /// The record in `meta`.
  var record: String {
    let start = start.map { String($0.milliseconds) } ?? "null"
    let fields = JSONValue.array(indexes.map { .string($0) }).compact
    let index = indexes.isEmpty ? "" : ",\"index\":\(fields)"
    let next = next == 0 ? "" : ",\"next\":\(next)"
    return "{\"id\":\(number),\"whole\":\(isWhole),\"start\":\(start)\(next)\(index)}"
  }

  /// Nil where the text is no such record.
  init?(record: String) {
    guard let json = try? JSONValue.parse(record), case .int(let id) = json["id"]?.content,
      let number = UInt32(exactly: id), number < KeptKey.firstPrefix - 1,
      case .bool(let isWhole) = json["whole"]?.content
    else { return nil }
    var start: Timestamp?
    switch json["start"]?.content {
    case .int(let time):
      start = Timestamp(milliseconds: time)
      if start == nil { return nil }
    case .null: break
    default: return nil
    }
    self.init(number: number, isWhole: isWhole, start: start)
    if let next = json["next"] {
      guard case .int(let next) = next.content, next >= 0 else { return nil }
      self.next = UInt64(next)
    }
    guard let fields = json["index"] else { return }
    guard case .array(let names) = fields.content else { return nil }
    for name in names {
      guard case .string(let name) = name.content else { return nil }
      indexes.append(name)
    }
  }
}
