// Where the partials of a view's aggregations are stored: each distinct one is a column, narrow ones share the
// blocks of group 0, each wide one has a group of its own from 1 on.
import Aggregates
import FeatureModel

/// Lays out columns, aggregation after aggregation.
struct ViewLayout {
  private(set) var columns: [ViewPlan.Column] = []
  private(set) var filters: [Filter] = []
  private var filterTexts: [CanonicalText] = []
  private var narrow: [Int] = []
  private var wide: [Int] = []

  static func plan(
    _ aggregation: Aggregation, _ stream: StreamDeclaration
  ) throws(StoreError) -> AggregatePlan {
    guard let function = AggregateCatalog.function(named: aggregation.function) else {
      throw .unknownFunction(aggregation.function)
    }
    let type = try input(aggregation.field, stream)?.type
    guard let by = aggregation.by else {
      return function.plan(input: type, parameters: aggregation.parameters)
    }
    guard
      let plan = function.categorized(
        input: type, limit: Int(by.limit), parameters: aggregation.parameters)
    else {
      throw .invalid("'\(aggregation.function)' cannot be had by '\(by.field)'")
    }
    return plan
  }

  private static func input(
    _ field: String?, _ stream: StreamDeclaration
  ) throws(StoreError) -> ViewPlan.Column.Input? {
    guard let field else { return nil }
    guard let index = stream.index(of: field) else {
      throw .unknownField(field, stream: stream.name)
    }
    return .init(field: index, type: stream.fields[index].type)
  }

  mutating func add(
    _ aggregation: Aggregation, _ stream: StreamDeclaration
  ) throws(StoreError) {
    let plan = try Self.plan(aggregation, stream)
    for spec in plan.partials where column(spec, aggregation) == nil {
      let isWide = spec.width == .wide
      guard columns.count < 200 else { throw .tooManyColumns(limit: 200) }
      let identity = Self.identity(spec, aggregation)
      let column = ViewPlan.Column(
        spec: spec, identity: identity, input: try Self.input(identity.field, stream),
        category: try Self.input(identity.category, stream),
        filter: try filter(aggregation, stream), group: isWide ? wide.count + 1 : 0,
        placeInGroup: isWide ? 0 : narrow.count)
      if isWide { wide.append(columns.count) } else { narrow.append(columns.count) }
      columns.append(column)
    }
  }

  /// The index of an aggregation's filter among all of the view.
  private mutating func filter(
    _ aggregation: Aggregation, _ stream: StreamDeclaration
  ) throws(StoreError) -> Int? {
    guard let text = aggregation.filter else { return nil }
    if let known = filterTexts.firstIndex(of: text) { return known }
    do throws(FilterError) {
      filters += [try aggregation.filter(over: stream)].compactMap { $0 }
    } catch {
      throw .invalid("the filter '\(text)' of a feature cannot be read: \(error)")
    }
    filterTexts.append(text)
    return filters.count - 1
  }

  func column(_ spec: PartialSpec, _ aggregation: Aggregation) -> Int? {
    let identity = Self.identity(spec, aggregation)
    return columns.firstIndex { $0.identity == identity }
  }

  /// Rows need no field; all else is a column of one field.
  private static func identity(
    _ spec: PartialSpec, _ aggregation: Aggregation
  ) -> ViewPlan.Column.Identity {
    .init(
      partial: spec.identity, field: spec.slot == .rows ? nil : aggregation.field,
      category: aggregation.by?.field, filter: aggregation.filter)
  }

  /// A view of wide partials alone has no group 0.
  var groups: [ViewPlan.Group] {
    var groups: [ViewPlan.Group] = []
    if !narrow.isEmpty {
      groups.append(.init(number: 0, cut: ViewPlan.narrowCut, columns: narrow))
    }
    for (index, column) in wide.enumerated() {
      groups.append(
        .init(number: UInt8(index + 1), cut: ViewPlan.wideCut, columns: [column]))
    }
    return groups
  }
}
