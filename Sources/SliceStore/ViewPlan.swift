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
  /// The distinct filters of columns.
  let filters: [Filter]
  /// Field indices of the entity's parts in the stream.
  let entityFields: [Int]

  /// One stored column.
  struct Column: Sendable {
    let spec: PartialSpec
    let identity: Identity
    /// The field that it takes in; nil where rows are counted.
    let input: Input?
    /// The field that its events are told apart by.
    let category: Input?
    /// Index into `filters`; nil where all of the view's events count.
    let filter: Int?
    let group: Int
    let placeInGroup: Int

    /// What features share a stored column by.
    struct Identity: Hashable, Sendable {
      let partial: String
      let field: String?
      let category: String?
      let filter: CanonicalText?
    }

    /// A field by its index in the stream.
    struct Input: Hashable, Sendable {
      let field: Int
      let type: FieldType
    }
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
    /// Of a feature that weighs entries: makes what reads its columns, which then are not read by their own
    /// accumulators.
    let weighing: (@Sendable () -> [Accumulator])?

    /// Of a derived feature, which stands on other features instead of columns.
    static func derived(_ declaration: FeatureDeclaration) -> Feature {
      Feature(
        declaration: declaration, columns: [], reading: { _ in { .null } }, weighing: nil)
    }
  }

  /// Blocks of narrow partials: five years of days, so that a year needs a second point read for one
  /// entity in six.
  package static let narrowCut = BlockCut(slicesPerBlock: 2048)
  /// Blocks of one wide partial hold fewer slices, so that an update rewrites less.
  package static let wideCut = BlockCut(slicesPerBlock: 128)

  /// - Parameter aggregations: the frozen list of a registered view, nil for a new one.
  public init(
    id: ViewID, _ declaration: ViewDeclaration, of stream: StreamDeclaration,
    aggregations frozen: [Aggregation]? = nil
  ) throws(StoreError) {
    let stream = declaration.scope(of: stream)
    let distinct = frozen ?? Self.stored(declaration)
    var layout = ViewLayout()
    for aggregation in distinct { try layout.add(aggregation, stream) }
    var features: [Feature] = []
    for feature in declaration.features {
      if feature.derivation != nil {
        features.append(.derived(feature))
        continue
      }
      let plan = try ViewLayout.plan(feature.aggregation, stream)
      let columns = plan.partials.map { layout.column($0, feature.aggregation) }
      guard !columns.contains(nil) else {
        throw .needsBackfill(view: declaration.name, feature: feature.name)
      }
      features.append(
        Feature(
          declaration: feature, columns: columns.compactMap { $0 }, reading: plan.reading,
          weighing: plan.weighing.map { $0(declaration.slice) }))
    }
    self.id = id
    self.declaration = declaration
    self.aggregations = distinct
    self.columns = layout.columns
    self.groups = layout.groups
    filters = layout.filters
    self.features = features
    entityFields = declaration.entity.compactMap { stream.index(of: $0) }
  }

  /// The aggregations that a view stores, each once.
  package static func stored(_ declaration: ViewDeclaration) -> [Aggregation] {
    var distinct: [Aggregation] = []
    for feature in declaration.features
    where feature.derivation == nil && !distinct.contains(feature.aggregation) {
      distinct.append(feature.aggregation)
    }
    return distinct
  }

  /// The index of the group that a stored feature stands on: the partials of one feature share one.
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
