// What becomes of events, said in the plainest way: one number for an id, one event after the other, and no
// batches at all.
import FeatureModel
import FeatureServer
import TestSupport

/// An event as a client sends it.
struct SentEvent {
  let client: UInt64
  let key: ProducerKey
  let id: RequestedID
  /// Nil for one without an event time, which no store takes.
  let row: [Value]
  let isBad: Bool
}

struct NaiveProducers {
  private(set) var last: [ProducerKey: UInt128] = [:]
  private(set) var counts: [ProducerKey: UInt64] = [:]
  /// Accepted events of each person of a stream.
  private(set) var people: [String: [String: Int64]] = [:]

  enum Fate: Equatable {
    case stored(EventID)
    case bad
    case tooLow
    case zero
  }

  private static func whole(_ id: EventID) -> UInt128 {
    UInt128(id.milliseconds) << 64 | UInt128(id.sequence)
  }

  mutating func take(_ event: SentEvent, now: Int64) -> Fate {
    if event.isBad { return .bad }
    let last = last[event.key] ?? 0
    let wanted: UInt128
    switch event.id {
    case .exact(let id):
      wanted = Self.whole(id)
      if wanted == 0 { return .zero }
    case .next:
      if last == .max { return .tooLow }
      let clock = UInt128(max(0, now)) << 64
      wanted = clock >> 64 > last >> 64 ? clock : last + 1
    case .nextOf(let milliseconds):
      let first = UInt128(milliseconds) << 64
      if last == .max { return .tooLow }
      wanted = max(first, last + 1)
      if wanted >> 64 != first >> 64 { return .tooLow }
    }
    if wanted <= last { return .tooLow }
    self.last[event.key] = wanted
    counts[event.key, default: 0] += 1
    if case .string(let who) = event.row[1] {
      people[event.key.stream, default: [:]][who, default: 0] += 1
    }
    return .stored(
      EventID(
        milliseconds: UInt64(wanted >> 64), sequence: UInt64(truncatingIfNeeded: wanted)))
  }
}
