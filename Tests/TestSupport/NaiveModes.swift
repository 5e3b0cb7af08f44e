// The oracle's clocks: which slice an instant lies in, which events a mode knows, and which it knows to have
// been taken back.
import FeatureModel

extension NaiveOracle {
  func counts(
    _ event: (row: [Value], seal: Timestamp?), _ n: Int64, _ time: Timestamp, _ mode: ReadMode
  ) -> Bool {
    guard case .timestamp(let happened) = event.row[stream.eventTime] else { return false }
    var arrival = happened
    if let field = stream.arrivalTime, case .timestamp(let declared) = event.row[field] {
      arrival = max(arrival, declared)
    }
    if let seal = event.seal { arrival = max(arrival, seal) }
    let (slice, known, request) = (number(happened), number(arrival), number(time))
    switch mode {
    case .asServed: return request - n <= slice && slice < request && known < request
    case .corrected: return request - n <= slice && slice < request
    case .knownAt(let k): return request - n <= slice && slice < request && known < number(k)
    case .fresh: return request - n <= slice && slice <= request
    }
  }

  /// Whether the event was taken back by a correction that the request knows.
  func isGone(_ index: Int, _ time: Timestamp, _ mode: ReadMode) -> Bool {
    guard let gone = retracted[index] else { return false }
    return switch mode {
    case .asServed: number(gone) < number(time)
    case .knownAt(let k): number(gone) < number(k)
    case .corrected, .fresh: true
    }
  }

  func number(_ time: Timestamp) -> Int64 {
    let length = view.slice.milliseconds
    var slice = time.milliseconds / length
    while slice * length > time.milliseconds { slice -= 1 }
    return slice
  }
}
