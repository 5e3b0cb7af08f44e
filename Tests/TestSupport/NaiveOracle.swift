// The contract as the shortest program that says it: keep every event, and go through all of them for
// each answer. It shares no code with the store or the aggregates; where they differ, one of them is wrong.
import FeatureModel

/// One view's answers from raw events.
public struct NaiveOracle {
  public let stream: StreamDeclaration
  public let view: ViewDeclaration
  /// Events in the order of their ingestion, each with the stream's seal at that time.
  public var events: [(row: [Value], seal: Timestamp?)] = []
  /// The features' own filters.
  private let filters: [Filter?]

  public init(_ stream: StreamDeclaration, _ view: ViewDeclaration) {
    self.stream = stream
    self.view = view
    filters = view.features.map { feature in
      feature.aggregation.filter.map { try! FilterParser.parse($0.text, stream: stream) }
    }
  }

  /// The view's features for the entity with these parts, in declared order; nil where the oracle has no
  /// opinion (a distinct count beyond its exact bound).
  public func answer(_ entity: [String], at time: Timestamp, _ mode: ReadMode) -> [Value?] {
    let known = events.filter { isOf(entity, $0.row) && isTrue(view.filter, $0.row) == true }
    let start = number(time) * view.slice.milliseconds
    return zip(view.features, filters).map { feature, filter in
      let inWindow = known.filter {
        isTrue(filter, $0.row) == true && counts($0, feature.window.slices, time, mode)
      }
      let rows = inWindow.map(\.row)
      if let by = feature.aggregation.by {
        return NaiveCategories(of: rows, stream, feature.aggregation, by).value
      }
      return NaiveAggregate(of: rows, stream, feature.aggregation, start: start).value
    }
  }

  private func counts(
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

  private func number(_ time: Timestamp) -> Int64 {
    let length = view.slice.milliseconds
    var slice = time.milliseconds / length
    while slice * length > time.milliseconds { slice -= 1 }
    return slice
  }

  private func isOf(_ entity: [String], _ row: [Value]) -> Bool {
    let parts = view.entity.map { Self.text(row[stream.index(of: $0)!]) }
    return parts.map { $0.map { Array($0.utf8) } } == entity.map { Array($0.utf8) }
  }

  /// A value as a part of a key, or as a category.
  static func text(_ value: Value) -> String? {
    switch value {
    case .null: nil
    case .timestamp(let time): String(time.milliseconds)
    default: value.description
    }
  }

  /// Nil is unknown.
  private func isTrue(_ filter: Filter?, _ row: [Value]) -> Bool? {
    switch filter {
    case nil: return true
    case .isNull(let field): return row[field] == .null
    case .not(let inner): return isTrue(inner, row).map { !$0 }
    case .and(let parts):
      let truths = parts.map { isTrue($0, row) }
      return truths.contains(false) ? false : truths.contains(nil) ? nil : true
    case .or(let parts):
      let truths = parts.map { isTrue($0, row) }
      return truths.contains(true) ? true : truths.contains(nil) ? nil : false
    case .contained(let field, let values):
      if row[field] == .null { return nil }
      return values.contains { NaiveOrder.compare(row[field], $0) == 0 }
    case .compare(let field, let comparison, let value):
      if row[field] == .null || value == .null { return nil }
      let order = NaiveOrder.compare(row[field], value)
      switch comparison {
      case .equal: return order == 0
      case .notEqual: return order != 0
      case .less: return order < 0
      case .lessOrEqual: return order <= 0
      case .greater: return order > 0
      case .greaterOrEqual: return order >= 0
      }
    }
  }
}
