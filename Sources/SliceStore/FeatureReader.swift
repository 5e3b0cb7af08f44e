// The one function that computes windows. Socket, Swift API, join, C ABI, Python and Spark all end in
// `FeatureReader.answer`: a look-up selects an entity and asks once, a join asks for many instants.
import Aggregates
import FeatureModel
import Rocks

/// Reads chosen features of one view for one entity after the other. Keeps its buffers, so one reader per
/// thread serves any number of requests without allocating for numbers; not for use by two threads.
public final class FeatureReader {
  public let plan: ViewPlan
  /// Indices into `plan.features`, in the order of the answers.
  public let features: [Int]
  /// The features as the latest request found them, in their order.
  public let values: AnswerValues
  /// Of the view, from before anything was read.
  package let state: ViewState
  private let source: BlockSource
  private let mark: ViewMark
  private let readers: Borrowed<GroupReader>
  /// Accumulators that may ask for the request's slice.
  private let timed: Borrowed<Accumulator>
  private let length: SliceLength
  /// Slices of the longest window.
  private let longest: Int64
  private let snapshot: Snapshot?
  /// Computes the derived features among `found`.
  private let derivation: FeatureDerivation?
  /// `values`, and where features are derived, memory of its own: behind them lies what these stand on.
  private let found: AnswerValues
  /// What `values` were computed for; nil where that was another entity.
  @exclusivity(unchecked) private var answered: SliceRequest?

  init(
    _ plan: ViewPlan, features: [Int], state: ViewState, source: BlockSource,
    snapshot: Snapshot?, mark: ViewMark, sweeping entities: Int? = nil
  ) throws(StoreError) {
    self.plan = plan
    self.features = features
    self.state = state
    self.source = source
    self.mark = mark
    self.snapshot = snapshot
    let declarations = plan.features.map(\.declaration)
    let needed = FeatureDerivation.closure(of: features, declarations)
    derivation = FeatureDerivation(declarations, places: needed)
    values = AnswerValues(count: features.count)
    found = derivation == nil ? values : AnswerValues(count: needed.count)
    length = plan.declaration.slice
    let all = plan.columns.map { $0.spec.make() }
    timed = Borrowed(zip(plan.columns, all).filter(\.0.spec.usesTime).map(\.1))
    var readers: [GroupReader] = []
    for (index, group) in plan.groups.enumerated() {
      let own = needed.enumerated().map { (place: $0.offset, feature: plan.features[$0.element]) }
        .filter { $0.feature.declaration.derivation == nil && plan.group(of: $0.feature) == index }
      if own.isEmpty { continue }
      let weighing = Self.weighing(own.map(\.feature))
      let columns = Set(own.filter { $0.feature.weighing == nil }.flatMap(\.feature.columns))
      var selected = columns.map { (column: $0, accumulator: all[$0], isWeighing: false) }
      for (feature, accumulators) in weighing.values {
        selected += zip(feature.columns, accumulators).map { ($0, $1, true) }
      }
      let (steps, outputs) = Self.lowered(own) { feature in
        weighing[feature.declaration.aggregation]?.accumulators ?? feature.columns.map { all[$0] }
      }
      readers.append(
        try GroupReader(
          view: plan.id, group: group, selected: plan.selected(selected), steps: steps,
          outputs: outputs, source: source, snapshot: snapshot, sweeping: entities))
    }
    longest = readers.map(\.longest).max() ?? 0
    self.readers = Borrowed(readers)
  }

  /// The accumulators of features that weigh entries: one set for each aggregation, for all its windows.
  private static func weighing(
    _ features: [ViewPlan.Feature]
  ) -> [Aggregation: (feature: ViewPlan.Feature, accumulators: [Accumulator])] {
    var found: [Aggregation: (feature: ViewPlan.Feature, accumulators: [Accumulator])] = [:]
    for feature in features {
      guard let make = feature.weighing, found[feature.declaration.aggregation] == nil else {
        continue
      }
      found[feature.declaration.aggregation] = (feature, make())
    }
    return found
  }

  /// What is left of features when they are asked for: no names, which would be counted for each value.
  private static func lowered(
    _ placed: [(place: Int, feature: ViewPlan.Feature)],
    _ accumulators: (ViewPlan.Feature) -> [Accumulator]
  ) -> ([GroupReader.Step], [GroupReader.Output]) {
    var steps: [GroupReader.Step] = []
    var outputs: [GroupReader.Output] = []
    let slices = { (feature: ViewPlan.Feature) in feature.declaration.window.slices }
    for length in Set(placed.map { slices($0.feature) }).sorted() {
      let start = outputs.count
      for (place, feature) in placed where slices(feature) == length {
        let reading = feature.reading(accumulators(feature))
        outputs.append(GroupReader.Output(place: place, reading: reading))
      }
      steps.append(GroupReader.Step(slices: length, outputs: start..<outputs.count))
    }
    return (steps, outputs)
  }

  /// The features of one entity at one time, in the order of `features`; an unknown entity is an empty
  /// window. `values` is replaced.
  /// - Throws: `StoreError.expired` where a window reaches before the view's retention floor.
  /// - Complexity: O(entries in the longest window); one or two point reads per group.
  public func answer(
    hash: UInt64, entity: UnsafeRawBufferPointer, at time: Timestamp, _ mode: ReadMode = .asServed,
    into values: inout [Value]
  ) throws(StoreError) {
    try select(hash: hash, entity: entity, from: time, through: time)
    defer { release() }
    try answer(at: time, mode)
    copy(to: &values)
  }

  /// Turns to an entity, whose requests have times from `first` to `last`; borrows nothing of `entity`.
  public func select(
    hash: UInt64, entity: UnsafeRawBufferPointer, from first: Timestamp, through last: Timestamp
  ) throws(StoreError) {
    try select(hash: hash, entity: entity, from: first, through: last, sealed: nil)
  }

  /// Turns to an entity for a request as served at `now`, up to whose slice the view's stream is sealed: its
  /// blocks may come from the reader's memory.
  package func select(
    hash: UInt64, entity: UnsafeRawBufferPointer, sealedAt now: Timestamp
  ) throws(StoreError) {
    try select(
      hash: hash, entity: entity, from: now, through: now, sealed: length.slice(of: now).index)
  }

  private func select(
    hash: UInt64, entity: UnsafeRawBufferPointer, from first: Timestamp, through last: Timestamp,
    sealed: Int64?
  ) throws(StoreError) {
    answered = nil
    // One slice more than most modes look at: `fresh` sees the request's own.
    let end = length.slice(of: last).index + 1
    let start = first == last ? end - 1 : length.slice(of: first).index
    try readers.callEach { reader throws(StoreError) in
      try reader.select(hash: hash, entity: entity, start..<end, sealed: sealed)
    }
  }

  /// Lets go of the selected entity's blocks.
  public func release() {
    answered = nil
    readers.callEach { $0.release() }
  }

  /// Puts the features of the selected entity at one time into `values`.
  public func answer(at time: Timestamp, _ mode: ReadMode) throws(StoreError) {
    let request = SliceRequest(at: time, mode, length)
    if request == answered { return }
    let start = mode == .fresh ? request.end - 1 : request.end
    try checkFloor(at: start)
    answered = nil
    timed.callEach { $0.requestStart = start * length.milliseconds }
    try readers.callEach { reader throws(StoreError) in
      try reader.answer(request, from: start, into: found)
    }
    derive()
    // Slices may have expired, and gone, while they were read.
    try checkFloor(at: start)
    answered = request
  }

  /// Throws where a window that ends at `time` reaches before what is kept.
  public func admit(_ time: Timestamp) throws(StoreError) {
    try checkFloor(at: length.slice(of: time).index)
  }

  /// The same for a key as a value.
  public func answer(
    _ entity: EntityKey, at time: Timestamp, _ mode: ReadMode = .asServed
  ) throws(StoreError) -> [Value] {
    var values: [Value] = []
    try entity.bytes.withBytes { bytes throws(StoreError) in
      try answer(hash: EntityHash.of(bytes), entity: bytes, at: time, mode, into: &values)
    }
    return values
  }

  /// Puts the features of an entity without events into `values`: what a row whose key has a null is
  /// answered with.
  public func answerEmpty(at time: Timestamp) throws(StoreError) {
    answered = nil
    try checkFloor(at: length.slice(of: time).index)
    readers.callEach { $0.answerEmpty(into: found) }
    derive()
  }

  /// Computes what is derived from what was found, and leaves out what was not asked for.
  private func derive() {
    guard let derivation else { return }
    derivation.derive(found)
    for index in 0..<values.count { values[index] = found[index] }
  }

  /// Keeps the caller's memory and our own apart, so that neither is ever made anew.
  private func copy(to other: inout [Value]) {
    if other.count != values.count { other = Array(repeating: .null, count: values.count) }
    for index in 0..<values.count { other[index] = values[index] }
  }

  private func checkFloor(at slice: Int64) throws(StoreError) {
    if mark.isGone {
      throw .invalid(
        "view '\(plan.declaration.name)' was replaced or dropped while it was read: ask again")
    }
    let floor = mark.currentFloor
    guard floor > .min, slice - longest < floor else { return }
    let isLifetime = longest == Window.lifetime.slices
    throw .expired(
      view: plan.declaration.name,
      needs: isLifetime ? .earliest : length.start(of: Slice(index: slice - longest)),
      floor: length.start(of: Slice(index: floor)))
  }
}

extension FeatureReader {
  /// One stored entry behind a value.
  public struct Contribution: Hashable, Sendable {
    /// Start of the slice in which the events happened.
    public let slice: Timestamp
    /// Start of the slice in which they became known.
    public let arrival: Timestamp
    /// What the feature's aggregation gives for this entry alone.
    public let value: Value
  }

  /// The entries behind one feature's value, oldest first; folded together they are the value.
  public func explain(
    _ place: Int, _ entity: EntityKey, at time: Timestamp, _ mode: ReadMode = .asServed
  ) throws(StoreError) -> [Contribution] {
    let feature = plan.features[features[place]]
    if let formula = feature.declaration.derivation {
      let names = Set(formula.fields).sorted().map { plan.features[$0].declaration.name }
      throw .invalid(
        "'\(feature.declaration.name)' is derived and has no slices of its own; explain "
          + names.joined(separator: ", "))
    }
    let end = length.slice(of: time).index
    let start = end - feature.declaration.window.slices
    try checkFloor(at: end)
    let group = plan.groups[plan.group(of: feature)]
    let accumulators =
      feature.weighing?() ?? feature.columns.map { plan.columns[$0].spec.make() }
    let requested = length.start(of: Slice(index: end)).milliseconds
    for accumulator in accumulators { accumulator.requestStart = requested }
    let reading = feature.reading(accumulators)
    let selected = zip(feature.columns, accumulators).map {
      (column: $0, accumulator: $1, isWeighing: feature.weighing != nil)
    }
    let reader = try GroupReader(
      view: plan.id, group: group, selected: plan.selected(selected), steps: [], outputs: [],
      source: source, snapshot: snapshot)
    var found: [Contribution] = []
    try entity.bytes.withBytes { bytes throws(StoreError) in
      try reader.select(hash: entity.hash64, entity: bytes, start..<start + 1, sealed: nil)
      try reader.explain(SliceRequest(at: time, mode, length), from: start, to: end) { slice, lag in
        found.append(
          Contribution(
            slice: length.start(of: Slice(index: slice)),
            arrival: length.start(of: Slice(index: slice + lag)), value: reading()))
      }
    }
    try checkFloor(at: end)
    return found.sorted { ($0.slice, $0.arrival) < ($1.slice, $1.arrival) }
  }
}

extension ViewPlan {
  /// What reads columns of one group, in the order in which a block has them.
  fileprivate func selected(
    _ readers: [(column: Int, accumulator: Accumulator, isWeighing: Bool)]
  ) -> [GroupReader.Selected] {
    readers.map { column, accumulator, isWeighing in
      GroupReader.Selected(
        place: columns[column].placeInGroup, accumulator: accumulator, isWeighing: isWeighing)
    }.sorted { $0.place < $1.place }
  }
}
