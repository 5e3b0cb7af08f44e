// The as-of join of columns in memory: Arrow-shaped spine columns in, Arrow-shaped columns of answers out, in
// the spine's order. Files, streams of chunks, hydration and the C interface all come through here.
import AsOfJoin
import FeatureModel
import SliceStore

/// A column that a spine has.
public struct SpineField: Hashable, Sendable {
  public let name: String
  public let type: FieldType

  public init(name: String, type: FieldType) {
    self.name = name
    self.type = type
  }
}

/// The answers to some rows of a spine.
public struct JoinAnswers: Sendable {
  public let rows: Int
  /// Of the columns.
  public let names: [String]
  /// One for each feature of the request, in its order; each has all rows, in the spine's order.
  public let columns: [FeatureColumn]
  /// Rows that have a null in their key, and so the features of an unknown entity, by view.
  public let rowsWithoutKey: [String: Int]
}

/// A join of any number of batches over one state of the store: that of the moment it was made.
public final class ColumnJoin: Sendable {
  let plan: JoinPlan
  private let store: Store
  private let snapshot: StoreSnapshot
  /// For each of the plan's fields, the spine's column.
  private let places: [Int]
  private let spine: [SpineField]
  /// Whether keys are computed that the spine does not bring.
  private let isDeriving: Bool

  /// - Parameter spine: the columns of every batch, in their order; those that the request does not name
  ///   are left alone.
  /// - Throws: what is wrong with the request, or with the spine's columns, by name.
  public convenience init(
    _ store: FeatureStore, spine: [SpineField], _ request: JoinRequest
  ) throws(HindcastError) {
    try self.init(
      store.store, spine: spine,
      JoinPlan(request, in: store.store, spine: SpineNames(spine.map(\.name))))
  }

  init(_ store: Store, spine: [SpineField], _ plan: JoinPlan) throws(HindcastError) {
    self.store = store
    self.plan = plan
    self.spine = spine
    snapshot = store.snapshot()
    let lacking = plan.derivedKeys.filter { key in
      !spine.contains { $0.name == plan.fields[key.place].name }
    }
    isDeriving = !lacking.isEmpty
    places = try plan.fields.indices.map { field throws(HindcastError) in
      // What is computed stands behind what the spine has.
      if let order = lacking.firstIndex(where: { $0.place == field }) { return spine.count + order }
      return try Self.place(of: plan.fields[field], in: spine)
    }
    let taken = Set(spine.map(\.name))
    for name in plan.names where taken.contains(name) { throw JoinColumns.taken(name) }
  }

  /// The columns of the answers.
  public var columns: [SpineField] {
    plan.outputs.map { SpineField(name: $0.name, type: $0.type) }
  }

  private static func place(
    of field: StreamDeclaration.Field, in spine: [SpineField]
  ) throws(HindcastError) -> Int {
    guard let place = spine.firstIndex(where: { $0.name == field.name }) else {
      let hint = Suggestion.phrase(for: field.name, among: spine.map(\.name))
      throw .refused("the spine has no column '\(field.name)'\(hint)")
    }
    let type = spine[place].type
    // Epoch milliseconds are whole numbers, and the texts of both in a key are the same.
    let whole: Set<FieldType> = [.int, .timestamp]
    guard type == field.type || whole.isSuperset(of: [type, field.type]) else {
      throw .refused(
        "column '\(field.name)' is \(type.rawValue), and \(field.type.rawValue) is needed there: "
          + "cast it before the join")
    }
    return place
  }

  /// Joins some batches of rows in one go.
  /// - Complexity: O(rows); memory of the answers, and of `options.memoryBudget` beside them.
  public func answer(
    _ batches: [SpineBatch], _ options: JoinOptions = JoinOptions()
  ) throws(HindcastError) -> JoinAnswers {
    for batch in batches { try check(batch) }
    let batches = isDeriving ? try plan.deriving(batches, at: places) : batches
    let rows = batches.reduce(0) { $0 + $1.count }
    let columns = plan.sources.map { $0.types.map { FeatureColumn(type: $0, count: rows) } }
    let (targets, views) = targets(columns)
    let withoutKey: [Int]
    do {
      withoutKey = try AsOfJoin.join(
        batches, at: places[plan.time], knowledge, targets, options)
    } catch { throw HindcastError(error, time: plan.fields[plan.time].name) }
    let vectors = try vectors(columns, rows, options)
    var byView: [String: Int] = [:]
    for (names, count) in zip(views, withoutKey) where count > 0 {
      for name in names { byView[name] = max(byView[name] ?? 0, count) }
    }
    return JoinAnswers(
      rows: rows, names: plan.names,
      columns: plan.outputs.map { output in
        switch output.origin {
        case .read(let read): columns[read.source][read.place]
        case .computed(let vector, let member): vectors[vector][member]!
        }
      }, rowsWithoutKey: byView)
  }

  /// For each vector the columns of the members that are computed.
  private func vectors(
    _ columns: [[FeatureColumn]], _ rows: Int, _ options: JoinOptions
  ) throws(HindcastError) -> [[FeatureColumn?]] {
    try plan.vectors.map { vector throws(HindcastError) in
      let shape = vector.shape
      let computed = shape.types.enumerated().map { member, type in
        shape.read(of: member) == nil ? FeatureColumn(type: type, count: rows) : nil
      }
      do throws(JoinError) {
        try VectorColumns.fill(
          computed, of: shape, from: vector.reads.map { columns[$0.source][$0.place] },
          rows: rows, options)
      } catch { throw HindcastError(error, time: plan.fields[plan.time].name) }
      return computed
    }
  }

  private var knowledge: SpineKnowledge {
    plan.known.map { .perRow(places[$0]) } ?? .all(plan.mode)
  }

  private func check(_ batch: SpineBatch) throws(HindcastError) {
    guard batch.columns.map(\.type) == spine.map(\.type),
      batch.columns.map(\.name) == spine.map(\.name)
    else { throw .refused("a batch has other columns than the spine") }
    for field in [plan.time] + (plan.known.map { [$0] } ?? []) {
      let column = batch.columns[places[field]]
      guard column.holdsTimes else { throw .refused("column '\(column.name)' holds no times") }
    }
  }

  /// The sources with the same key go together: their rows are put in order once.
  private func targets(
    _ columns: [[FeatureColumn]]
  ) -> (targets: [JoinTarget], views: [[String]]) {
    var targets: [JoinTarget] = []
    var views: [[String]] = []
    var keys: [[Int]] = []
    for source in plan.sources where !keys.contains(source.key) { keys.append(source.key) }
    for key in keys {
      let members = plan.sources.indices.filter { plan.sources[$0].key == key }
      let target = members.map { columns[$0] }
      let sources = members.map { plan.sources[$0] }
      let (store, snapshot) = (store, snapshot)
      targets.append(
        JoinTarget(key: key.map { places[$0] }, columns: target) {
          entities throws(ReaderFailure) in
          try sources.map { source throws(ReaderFailure) in
            try StoreReader(store, source, snapshot, sweeping: entities)
          }
        })
      views.append(sources.map(\.view.declaration.name))
    }
    return (targets, views)
  }
}

/// One view of a store, as a join asks for it.
private final class StoreReader: PointInTimeReader {
  private let reader: FeatureReader

  init(
    _ store: Store, _ source: JoinPlan.Source, _ snapshot: StoreSnapshot, sweeping entities: Int
  ) throws(ReaderFailure) {
    do throws(StoreError) {
      reader = try store.reader(
        of: source.view.declaration.name, features: source.features, snapshot: snapshot,
        sweeping: entities)
    } catch { throw ReaderFailure(error) }
  }

  override func admit(_ time: Timestamp) throws(ReaderFailure) {
    do throws(StoreError) { try reader.admit(time) } catch { throw ReaderFailure(error) }
  }

  override func select(
    hash: UInt64, entity: UnsafeRawBufferPointer, from first: Timestamp, through last: Timestamp
  ) throws(ReaderFailure) {
    do throws(StoreError) {
      try reader.select(hash: hash, entity: entity, from: first, through: last)
    } catch { throw ReaderFailure(error) }
  }

  override func answer(
    at time: Timestamp, _ mode: ReadMode, into row: AnswerRow
  ) throws(ReaderFailure) {
    do throws(StoreError) { try reader.answer(at: time, mode) } catch {
      throw ReaderFailure(error)
    }
    row.set(reader.values)
  }

  override func answerEmpty(at time: Timestamp, into row: AnswerRow) throws(ReaderFailure) {
    do throws(StoreError) { try reader.answerEmpty(at: time) } catch {
      throw ReaderFailure(error)
    }
    row.set(reader.values)
  }
}

extension FeatureStore {
  /// Joins features to the rows of a spine, each as of its own time, on all cores.
  /// - Parameter spine: batches of the same columns; at least one, which may be empty.
  public func join(
    _ spine: [SpineBatch], _ request: JoinRequest, _ options: JoinOptions = JoinOptions()
  ) throws(HindcastError) -> JoinAnswers {
    let fields = spine.first?.columns.map { SpineField(name: $0.name, type: $0.type) } ?? []
    return try ColumnJoin(self, spine: fields, request).answer(spine, options)
  }
}
