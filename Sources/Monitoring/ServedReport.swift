// What a verification found: how much of what was served could be held against the as-of join, what differs,
// and what could not be compared, with the reason.
import FeatureModel
import RESP

/// One answer that the as-of join gives otherwise.
public struct ServedMismatch: Sendable {
  public let time: Timestamp
  public let question: ServedQuestion
  /// The key's bytes; nil for a key with a null in it.
  public let key: [UInt8]?
  /// The key's parts as text; empty for a key with a null in it.
  public let entity: [String]
  /// The reply as it was sent.
  public let served: [UInt8]
  /// The same reply from the as-of join.
  public let joined: [UInt8]

  /// A value that differs.
  public struct Difference: Hashable, Sendable {
    public let feature: String
    public let served: String
    public let joined: String
  }

  /// Feature by feature; the replies whole where they differ in more than values.
  public var differences: [Difference] {
    let (old, new) = (values(served), values(joined))
    var found: [Difference] = []
    if let old, let new {
      for (index, feature) in question.features.enumerated() where old[index] != new[index] {
        found.append(Difference(feature: feature, served: old[index], joined: new[index]))
      }
    }
    if !found.isEmpty { return found }
    return [Difference(feature: "reply", served: text(served), joined: text(joined))]
  }

  /// The values of a reply in the features' order; nil where it is no such reply.
  private func values(_ reply: [UInt8]) -> [String]? {
    reply.withUnsafeBytes { Self.values(of: question, $0) }?.map(Self.text)
  }

  /// The values of a reply to a question, in the features' order; nil where it is no such reply.
  static func values(
    of question: ServedQuestion, _ reply: UnsafeRawBufferPointer
  ) -> [RESPValue]? {
    let decoded = try? ReplyDecoder.decode(reply)
    guard let (value, length) = decoded.flatMap({ $0 }), length == reply.count else { return nil }
    let items: [RESPValue]?
    switch question.shape {
    case .texts, .values: items = value.items
    case .namedTexts, .namedValues: items = value.pairs?.map(\.value)
    }
    guard let items, items.count == question.features.count else { return nil }
    return items
  }

  private static func text(_ value: RESPValue) -> String {
    switch value {
    case .integer(let number): String(number)
    case .double(let number): number.description
    case .bool(let flag): String(flag)
    case .null: "null"
    case .bulk(let bytes): "'\(String(decoding: bytes, as: UTF8.self))'"
    default: "\(value)"
    }
  }

  private func text(_ reply: [UInt8]) -> String {
    String(decoding: reply.prefix(1000), as: UTF8.self).replacing("\r\n", with: "\\r\\n")
  }
}

/// The findings of one verification.
public struct ServedReport: Sendable {
  /// Answers of one view.
  public struct ViewCount: Hashable, Sendable {
    public var compared = 0
    public var mismatches = 0
  }

  /// An explicit repair or restoration, as it was recorded.
  public struct Note: Hashable, Sendable {
    public let time: Timestamp
    public let text: String
  }

  public var segments = 0
  public var bytes = 0
  /// Answers in the log; each was compared, or is counted in one of `expired`, `unsealed` and
  /// `unreplayable`.
  public var records = 0
  /// Of the answers' times.
  public var first: Timestamp?
  public var last: Timestamp?
  public var compared: Int { views.values.reduce(0) { $0 + $1.compared } }
  /// 0 is what has to be.
  public var mismatchCount: Int { views.values.reduce(0) { $0 + $1.mismatches } }
  public var views: [String: ViewCount] = [:]
  /// The first ones, as many as were asked for.
  public var mismatches: [ServedMismatch] = []
  /// Answers with a window that begins before what the view keeps now.
  public var expired = 0
  /// Answers that differ, but about a slice that this store's stream is not sealed for: it is a copy from
  /// before they were given.
  public var unsealed = 0
  /// Answers that cannot be asked for again, by reason.
  public var unreplayable: [String: Int] = [:]
  /// Segments that end in the middle of a frame, as after kill -9.
  public var tornTails = 0
  /// Stretches of bytes that are no frames, and where the first hundred lie.
  public var damaged = 0
  public var damage: [String] = []
  /// Repairs and restorations; they explain mismatches about times before them.
  public var notes: [Note] = []

  public init() {}

  /// Whether all that was compared is the same, and nothing in the log is damaged. Answers of which none can
  /// be compared prove nothing.
  public var isClean: Bool {
    mismatchCount == 0 && damaged == 0 && (compared > 0 || records == 0)
  }

  mutating func addDamage(_ place: String) {
    damaged += 1
    if damage.count < 100 { damage.append(place) }
  }

  mutating func count(_ time: Timestamp) {
    records += 1
    first = min(first ?? time, time)
    last = max(last ?? time, time)
  }
}
