// A view lowered to what is stored: columns of partials, shared between its features, in groups of blocks.
// The layout comes from the list of aggregations the view was first registered with, so that features and
// windows can come and go above it while the stored bytes stay as they are.
import Aggregates
import FeatureModel

/// The stored shape of a view and the way from its columns to its features.
public struct ViewPlan: Sendable {
  public let id: ViewID
  public let declaration: ViewDeclaration
  /// What the stored layout was made from; in order, frozen at registration.
  package let aggregations: [Aggregation]
  let columns: [Column]
  let groups: [Group]
  public let features: [Feature]
  /// Field indices of the entity's parts in the stream.
  let entityFields: [Int]

  /// One stored column.
  struct Column: Sendable {
    let spec: PartialSpec
    /// Index of the stream's field; nil where rows are counted.
    let field: Int?
    let fieldType: FieldType?
    let group: Int
    let placeInGroup: Int
    /// `sum(double):lines_added`, for people.
    let label: String
  }

  /// Columns that share blocks.
  struct Group: Sendable {
    let number: UInt8
    let cut: BlockCut
    let columns: [Int]
  }

  /// One feature: which columns it stands on, by index into `columns`.
  public struct Feature: Sendable {
    public let declaration: FeatureDeclaration
    let columns: [Int]
    /// From accumulators of `columns`, in their order, to the value.
    let reading: @Sendable (_ accumulators: [Accumulator]) -> AggregatePlan.Reading
  }

  /// Blocks of narrow partials: five years of days, so that a year needs a second point read for one
  /// entity in six.
  package static let narrowCut = BlockCut(slicesPerBlock: 2048)
  /// Blocks of one wide partial hold fewer slices, so that an update rewrites less.
  static let wideCut = BlockCut(slicesPerBlock: 128)

  /// - Parameter aggregations: the frozen list of a registered view, nil for a new one.
  public init(
    id: ViewID, _ declaration: ViewDeclaration, of stream: StreamDeclaration,
    aggregations frozen: [Aggregation]? = nil
  ) throws(StoreError) {
    var distinct: [Aggregation] = frozen ?? []
    if frozen == nil {
      for feature in declaration.features where !distinct.contains(feature.aggregation) {
        distinct.append(feature.aggregation)
      }
    }
    var layout = Layout()
    for aggregation in distinct { try layout.add(aggregation, stream) }
    var features: [Feature] = []
    for feature in declaration.features {
      let plan = try Layout.plan(feature.aggregation, stream)
      let columns = plan.partials.map { layout.column($0, feature.aggregation.field) }
      guard !columns.contains(nil) else {
        throw .needsBackfill(view: declaration.name, feature: feature.name)
      }
      features.append(
        Feature(declaration: feature, columns: columns.compactMap { $0 }, reading: plan.reading))
    }
    self.id = id
    self.declaration = declaration
    self.aggregations = distinct
    self.columns = layout.columns
    self.groups = layout.groups
    self.features = features
    entityFields = declaration.entity.compactMap { stream.index(of: $0) }
  }

  /// The index of the group that a feature stands on: the partials of one feature share one.
  func group(of feature: Feature) -> Int {
    let number = UInt8(columns[feature.columns[0]].group)
    precondition(
      feature.columns.allSatisfy { columns[$0].group == columns[feature.columns[0]].group })
    return groups.firstIndex { $0.number == number }!
  }

  public func feature(named name: String) -> Int? {
    features.firstIndex { $0.declaration.name == name }
  }
}

/// Lays out columns: narrow ones share group 0, each wide one has its own group from 1 on.
private struct Layout {
  private(set) var columns: [ViewPlan.Column] = []
  private var narrow: [Int] = []
  private var wide: [Int] = []

  static func plan(
    _ aggregation: Aggregation, _ stream: StreamDeclaration
  ) throws(StoreError) -> AggregatePlan {
    guard let function = AggregateCatalog.function(named: aggregation.function) else {
      throw .unknownFunction(aggregation.function)
    }
    var type: FieldType?
    if let field = aggregation.field {
      guard let index = stream.index(of: field) else {
        throw .unknownField(field, stream: stream.name)
      }
      type = stream.fields[index].type
    }
    return function.plan(input: type, parameters: aggregation.parameters)
  }

  mutating func add(
    _ aggregation: Aggregation, _ stream: StreamDeclaration
  ) throws(StoreError) {
    let plan = try Self.plan(aggregation, stream)
    for spec in plan.partials where column(spec, aggregation.field) == nil {
      let isWide = spec.width == .wide
      guard columns.count < 200 else { throw .tooManyColumns(limit: 200) }
      // Rows need no field; all else is a column of one field.
      let field = spec.slot == .rows ? nil : aggregation.field.flatMap { stream.index(of: $0) }
      if isWide { wide.append(columns.count) } else { narrow.append(columns.count) }
      columns.append(
        ViewPlan.Column(
          spec: spec, field: field, fieldType: field.map { stream.fields[$0].type },
          group: isWide ? wide.count : 0, placeInGroup: isWide ? 0 : narrow.count - 1,
          label: Self.label(spec, aggregation.field)))
    }
  }

  func column(_ spec: PartialSpec, _ field: String?) -> Int? {
    let label = Self.label(spec, field)
    return columns.firstIndex { $0.label == label }
  }

  private static func label(_ spec: PartialSpec, _ field: String?) -> String {
    spec.slot == .rows ? spec.identity : "\(spec.identity):\(field ?? "")"
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
