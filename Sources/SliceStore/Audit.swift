// What was done to declarations and history, in the order in which it was done: registrations, changes, drops,
// corrections. Entries are written with what they tell of, and never changed.
import FeatureModel
import Glibc
import Rocks

extension Timestamp {
  /// The machine's clock.
  public static var now: Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    let milliseconds = Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    return Timestamp(milliseconds: milliseconds) ?? .earliest
  }
}

/// One thing that was done.
public struct AuditEntry: Hashable, Sendable {
  /// Milliseconds of the machine's clock; no answer depends on it.
  public var time: Timestamp
  /// In a word: `registered`, `extended`, `replaced`, `dropped`.
  public var action: String
  /// `view 'by_sender'`
  public var subject: String
  /// Of the declaration, where it is about one.
  public var digest: Digest?
  /// What changed, a line each.
  public var lines: [String]

  package init(
    at time: Timestamp = .now, _ action: String, _ subject: String, digest: Digest? = nil,
    lines: [String] = []
  ) {
    self.time = time
    self.action = action
    self.subject = subject
    self.digest = digest
    self.lines = lines
  }

  /// As a record: an object.
  public var json: JSONValue {
    .object([
      ("time", .string(time.description)), ("action", .string(action)),
      ("subject", .string(subject)),
      ("digest", digest.map { .string($0.description) } ?? .null),
      ("lines", .array(lines.map { .string($0) })),
    ])
  }

  init?(_ json: JSONValue) {
    guard case .string(let time) = json["time"]?.content, let time = Timestamp(parsing: time),
      case .string(let action) = json["action"]?.content,
      case .string(let subject) = json["subject"]?.content,
      case .array(let lines) = json["lines"]?.content
    else { return nil }
    var digest: Digest?
    if case .string(let text) = json["digest"]?.content { digest = Digest(text) }
    self.init(
      at: time, action, subject, digest: digest,
      lines: lines.compactMap { if case .string(let line) = $0.content { line } else { nil } })
  }
}

extension Store {
  /// The record of a new entry; to be written with what it tells of, under the writer's lock.
  func audit(_ entry: AuditEntry) -> (key: String, value: String) {
    let number = registry.withLock { registry in
      defer { registry.nextAudit += 1 }
      return registry.nextAudit
    }
    let digits = String(number)
    let key = "audit/" + String(repeating: "0", count: 20 - digits.count) + digits
    return (key, entry.json.compact)
  }

  /// All that was done, oldest first.
  public func auditTrail() throws(StoreError) -> [AuditEntry] {
    try StoreError.wrap { () throws(RocksError) in
      var found: [AuditEntry] = []
      var cursor = database.cursor(in: meta)
      cursor.seek(to: Array("audit/".utf8))
      while cursor.isValid, cursor.key.starts(with: "audit/".utf8) {
        let text = String(decoding: cursor.value, as: UTF8.self)
        if let json = try? JSONValue.parse(text), let entry = AuditEntry(json) {
          found.append(entry)
        }
        cursor.next()
      }
      try cursor.check()
      return found
    }
  }
}
