// The contract as the shortest program that says it: keep every event, and go through all of them for
// each answer. It shares no code with the store or the aggregates; where they differ, one of them is wrong.
import FeatureModel

/// One view's answers from raw events.
public struct NaiveOracle {
  public let stream: StreamDeclaration
  public let view: ViewDeclaration
  /// Events in the order of their ingestion, each with the stream's seal at that time.
  public var events: [(row: [Value], seal: Timestamp?)] = []
  /// When events, by their place in `events`, were taken back.
  public var retracted: [Int: Timestamp] = [:]
  /// The features' own filters.
  private let filters: [Filter?]

  public init(_ stream: StreamDeclaration, _ view: ViewDeclaration) {
    self.stream = stream
    self.view = view
    let scope = view.scope(of: stream)
    filters = view.features.map { feature in
      feature.aggregation.filter.map { try! FilterParser.parse($0.text, stream: scope) }
    }
  }

  /// The view's features for the entity with these parts, in declared order; nil where the oracle has no
  /// opinion (a distinct count beyond its exact bound).
  public func answer(_ entity: [String], at time: Timestamp, _ mode: ReadMode) -> [Value?] {
    let types = view.scope(of: stream).fields.map(\.type)
    let known = events.enumerated().filter { !isGone($0.offset, time, mode) }.map {
      (row: derived($0.element.row), seal: $0.element.seal)
    }.filter {
      isOf(entity, $0.row) && NaiveFormula($0.row, types).isTrue(view.filter) == true
    }
    let scope = view.scope(of: stream)
    let slice = view.slice.milliseconds
    let start = number(time) * slice
    var answers: [Value?] = zip(view.features, filters).map { feature, filter in
      if feature.derivation != nil { return nil }
      let rows = known.filter {
        (filter == nil || NaiveFormula($0.row, types).isTrue(filter) == true)
          && counts($0, feature.window.slices, time, mode)
      }.map(\.row)
      if let by = feature.aggregation.by {
        return NaiveCategories(
          of: rows, scope, feature.aggregation, by, start: start, slice: slice
        ).value
      }
      return NaiveAggregate(of: rows, scope, feature.aggregation, start: start, slice: slice).value
    }
    for (index, feature) in view.features.enumerated() {
      guard let formula = feature.derivation else { continue }
      // Where one that it stands on is a matter of opinion, so is it.
      if formula.fields.contains(where: { answers[$0] == nil }) { continue }
      let row = NaiveFormula(answers.map { $0 ?? .null }, view.features.map(\.type))
      let value = row.value(formula)
      answers[index] = NaiveFormula.typed(value, feature.type)
    }
    return answers
  }

  /// The row with the view's computed fields behind its own.
  private func derived(_ row: [Value]) -> [Value] {
    var row = row
    let types = view.scope(of: stream).fields.map(\.type)
    for field in view.derived {
      row.append(NaiveFormula.typed(NaiveFormula(row, types).value(field.formula), field.type))
    }
    return row
  }

  private func isOf(_ entity: [String], _ row: [Value]) -> Bool {
    let scope = view.scope(of: stream)
    let parts = view.entity.map { Self.text(row[scope.index(of: $0)!]) }
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
}
