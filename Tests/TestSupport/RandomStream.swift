// Seeded streams that look for trouble: late events, arrivals before their events, duplicates, times on
// slice boundaries and one millisecond before, odd keys, nulls, hostile numbers, years 0102 and 2262.
import FeatureModel

/// Rows of one stream, from a seed.
public struct RandomStream {
  public let stream: StreamDeclaration
  /// In the order of their ingestion; some can't be stored, for want of an event time.
  public private(set) var rows: [[Value]] = []
  public private(set) var random: SplitMix64
  /// Entities of the views over `who`, and of those over `who` and `site`.
  public let names: [String]
  private let anchors: [Int64]

  static let minute: Int64 = 60_000
  static let lengths: [Int64] = [15 * minute, 60 * minute, 1440 * minute, 7 * 1440 * minute]

  public init(seed: UInt64, rows count: Int) {
    var random = SplitMix64(seed)
    let declaresArrival = random.chance(80)
    stream = Self.declaration(declaresArrival: declaresArrival)
    names = Array(
      ["", "a", "ab", "a|b", "\u{0}", "a\u{0}", "é", "e\u{301}", "日本", "|", "1"]
        .shuffled(using: &random).prefix(2 + random.below(4)))
    anchors = (0..<1 + random.below(3)).map { _ in random.pick(Self.allAnchors) }
    self.random = random
    for _ in 0..<count {
      let isRepeated = self.random.chance(5) && !rows.isEmpty
      rows.append(isRepeated ? self.random.pick(rows) : row())
    }
    if self.random.chance(50) { rows.shuffle(using: &self.random) }
  }

  /// With the times of the events close to these instants.
  private static let allAnchors: [Int64] = [
    "2024-02-29", "1970-01-01", "0102-03-04", "2262-04-11T23:47:16", "1900-03-01", "2025-11-03",
  ].map { Timestamp(parsing: $0)!.milliseconds }

  public static func declaration(declaresArrival: Bool) -> StreamDeclaration {
    let fields: [(String, FieldType)] = [
      ("at", .timestamp), ("seen", .timestamp), ("who", .string), ("site", .int),
      ("text", .string), ("small", .int), ("big", .int), ("tame", .double), ("wild", .double),
      ("flag", .bool), ("stamp", .timestamp),
    ]
    return StreamDeclaration(
      name: "events", fields: fields.map { .init(name: $0.0, type: $0.1) }, eventTime: 0,
      arrivalTime: declaresArrival ? 1 : nil, id: nil)
  }

  /// An instant near the events, often on a boundary or a millisecond before one.
  public mutating func instant() -> Timestamp {
    let length = random.pick(Self.lengths)
    var time = random.pick(anchors) + length * Int64(random.below(60))
    time -= ((time % length) + length) % length
    switch random.below(4) {
    case 0: break
    case 1: time -= 1
    case 2: time += 1
    default: time += Int64.random(in: 0..<length, using: &random)
    }
    return Timestamp(milliseconds: time)!
  }

  private mutating func lag() -> Int64 {
    switch random.below(20) {
    case 0...3:
      let unit: Int64 = random.pick([1, 15, 60, 1440, 10_080, 525_600, 52_560_000])
      return unit * Self.minute * Int64(1 + random.below(12))
    case 4: return -Int64(random.below(1_000_000_000))
    default: return Int64(random.below(2) * random.below(100_000))
    }
  }

  private mutating func row() -> [Value] {
    let at = instant()
    let seen = Timestamp(milliseconds: at.milliseconds + lag())
    return [
      random.chance(2) ? .null : .timestamp(at),
      random.chance(10) ? .null : seen.map { .timestamp($0) } ?? .null,
      nullable(3, .string(random.pick(names))), nullable(3, .int(site())),
      nullable(15, .string(random.pick(Self.texts))),
      nullable(15, .int(Int64(random.below(2001)) - 1000)),
      nullable(15, .int(random.pick(Self.bigs))),
      nullable(15, .double(Double(Int64(random.next() >> 34) - 1 << 29) / 1024)),
      nullable(15, .double(wild())), nullable(15, .bool(random.chance(50))),
      nullable(15, .timestamp(instant())),
    ]
  }

  private mutating func nullable(_ percent: Int, _ value: Value) -> Value {
    random.chance(percent) ? .null : value
  }

  private mutating func site() -> Int64 { random.pick([1, 12, -3, .min]) }

  private mutating func wild() -> Double {
    if random.chance(50) { return random.pick(Self.wilds) }
    return Double(sign: random.chance(50) ? .plus : .minus, exponent: random.below(200) - 100,
      significand: Double.random(in: 1..<2, using: &random))
  }

  private static let texts = ["", "x", "xy", "y", "\u{0}", "é", "e\u{301}", "ÿ", "🙂", "it's", "a|b"]
  private static let bigs: [Int64] = [.max, .min, 0, -1, 1, .max / 2, 1 << 53 + 1, 1_000_000]
  private static let wilds: [Double] = [
    0, -0.0, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .leastNormalMagnitude, 1e300, -1e300,
    0.1, 1e16, 1, -1, 9_007_199_254_740_992, 1e-300,
  ]
}
