// The synthetic stream of all benchmarks: entities with 20-byte keys and cubic skew, events spread over
// 365 days, an amount in cents as a double. A function of the seed alone, so that peers load the same rows.
import BenchSupport
import FeatureModel

struct Workload {
  static let dayMilliseconds: Int64 = 86_400_000
  private static let days: Int64 = 365

  let entities: Int
  /// The first event's earliest time, in epoch milliseconds.
  let start: Int64
  /// The instant before which all events lie.
  let end: Int64

  init(entities: Int) {
    self.entities = entities
    // 2025-01-01.
    start = 1_735_689_600_000
    end = start + Self.days * Self.dayMilliseconds
  }

  static let stream = StreamDeclaration(
    name: "payments",
    fields: [
      .init(name: "account", type: .string), .init(name: "time", type: .timestamp),
      .init(name: "amount", type: .double),
    ], eventTime: 1, arrivalTime: nil, id: nil)

  /// Count and sum over each of the windows, in days.
  static func view(windows: [Int64]) -> ViewDeclaration {
    var features: [FeatureDeclaration] = []
    for days in windows {
      let window = Window(slices: days, label: "\(days)d")
      features.append(
        FeatureDeclaration(
          name: "\(days)d_COUNT", aggregation: Aggregation(function: "count", field: nil),
          window: window, type: .int))
      features.append(
        FeatureDeclaration(
          name: "\(days)d_SUM", aggregation: Aggregation(function: "sum", field: "amount"),
          window: window, type: .double))
    }
    return ViewDeclaration(
      name: "account_activity", stream: "payments", entity: ["account"], slice: .day, filter: nil,
      retention: nil, features: features)
  }

  /// The 20 bytes of an entity's key: `k` and 19 digits.
  static func key(_ entity: Int, into bytes: inout [UInt8]) {
    bytes.removeAll(keepingCapacity: true)
    bytes.append(UInt8(ascii: "k"))
    var rest = entity
    for _ in 0..<19 {
      bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
      rest /= 10
    }
    bytes[1...].reverse()
  }

  struct Event {
    let entity: Int
    let time: Int64
    let cents: Int64
  }

  func event(_ random: inout SplitMix64) -> Event {
    let unit = random.unit()
    let entity = Int(unit * unit * unit * Double(entities))
    return Event(
      entity: entity, time: start + Int64(random.next() % UInt64(end - start)),
      cents: Int64(random.next() % 100_000))
  }

  /// Replaces a batch by the next `count` events.
  func fill(_ batch: inout EventBatch, count: Int, _ random: inout SplitMix64) {
    batch.removeAll()
    var key: [UInt8] = []
    for _ in 0..<count {
      let event = event(&random)
      Self.key(event.entity, into: &key)
      key.withUnsafeBytes { batch.columns[0].append(utf8: $0) }
      batch.columns[1].append(word: UInt64(bitPattern: event.time))
      batch.columns[2].append(word: (Double(event.cents) / 100).bitPattern)
    }
  }

  /// Calls `body` with an entity and a time for each row of a spine, spread as the events are.
  func forEachSpineRow(_ rows: Int, _ seed: UInt64, _ body: (Event) throws -> Void) rethrows {
    var random = SplitMix64(seed: seed &+ 3)
    for _ in 0..<rows { try body(event(&random)) }
  }
}
