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
  private let source: BlockSource
  private let floor: FloorMark
  private let accumulators: [Accumulator]
  private let readers: [GroupReader]
  private let length: SliceLength
  private let steps: [Step]
  /// In the order of their steps.
  private let outputs: [Output]
  private let snapshot: Snapshot?
  /// What the values that the caller has were computed for.
  private var answered: SliceRequest?

  /// All features with one window length, shortest first.
  private struct Step {
    let slices: Int64
    let outputs: Range<Int>
  }

  /// What is left of a feature when it is asked for: no names, which would be counted for each value.
  private struct Output {
    let place: Int
    let columns: [Int]
    let finish: @Sendable (_ accumulators: [Accumulator], _ places: [Int]) -> Value
  }

  init(
    _ plan: ViewPlan, features: [Int], source: BlockSource, snapshot: Snapshot?,
    floor: FloorMark, sweeping entities: Int? = nil
  ) throws(StoreError) {
    self.plan = plan
    self.features = features
    self.source = source
    self.floor = floor
    self.snapshot = snapshot
    let accumulators = plan.columns.map { $0.spec.make() }
    self.accumulators = accumulators
    let needed = Set(features.flatMap { plan.features[$0].columns })
    var readers: [GroupReader] = []
    for group in plan.groups {
      let selected = group.columns.enumerated().filter { needed.contains($0.element) }
        .map { GroupReader.Selected(place: $0.offset, accumulator: accumulators[$0.element]) }
      if selected.isEmpty { continue }
      readers.append(
        try GroupReader(
          view: plan.id, group: group, selected: selected, source: source, snapshot: snapshot,
          sweeping: entities))
    }
    self.readers = readers
    length = plan.declaration.slice
    (steps, outputs) = Self.lowered(plan, features)
  }

  private static func lowered(_ plan: ViewPlan, _ features: [Int]) -> ([Step], [Output]) {
    var steps: [Step] = []
    var outputs: [Output] = []
    let placed = features.enumerated().map {
      (place: $0.offset, feature: plan.features[$0.element])
    }
    let slices = { (feature: ViewPlan.Feature) in feature.declaration.window.slices }
    for length in Set(placed.map { slices($0.feature) }).sorted() {
      let start = outputs.count
      for (place, feature) in placed where slices(feature) == length {
        outputs.append(Output(place: place, columns: feature.columns, finish: feature.finish))
      }
      steps.append(Step(slices: length, outputs: start..<outputs.count))
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
    try answer(at: time, mode, into: &values)
  }

  /// Turns to an entity, whose requests have times from `first` to `last`; borrows nothing of `entity`.
  public func select(
    hash: UInt64, entity: UnsafeRawBufferPointer, from first: Timestamp, through last: Timestamp
  ) throws(StoreError) {
    answered = nil
    guard let longest = steps.last else { return }
    // One slice more than most modes look at: `fresh` sees the request's own.
    let slices =
      length.slice(of: first).index - longest.slices..<length.slice(of: last).index + 1
    for reader in readers { try reader.select(hash: hash, entity: entity, slices) }
  }

  /// Lets go of the selected entity's blocks.
  public func release() {
    answered = nil
    for reader in readers { reader.release() }
  }

  /// The features of the selected entity at one time. `values` is replaced; it may hold what the call before
  /// left there, or be empty.
  public func answer(
    at time: Timestamp, _ mode: ReadMode, into values: inout [Value]
  ) throws(StoreError) {
    let request = SliceRequest(at: time, mode, length)
    if request == answered, values.count == features.count { return }
    let start = length.slice(of: time).index
    try checkFloor(at: start)
    answered = nil
    for accumulator in accumulators { accumulator.reset() }
    for reader in readers { reader.begin(request) }
    if values.count != features.count {
      values = Array(repeating: .null, count: features.count)
    }
    for step in steps {
      for reader in readers { try reader.fold(from: start - step.slices) }
      for index in step.outputs {
        values[outputs[index].place] = outputs[index].finish(accumulators, outputs[index].columns)
      }
    }
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

  /// The features of an entity without events: what a row whose key has a null is answered with.
  public func answerEmpty(
    at time: Timestamp, into values: inout [Value]
  ) throws(StoreError) {
    answered = nil
    try checkFloor(at: length.slice(of: time).index)
    for accumulator in accumulators { accumulator.reset() }
    values = features.map { index in
      let feature = plan.features[index]
      return feature.finish(accumulators, feature.columns)
    }
  }

  private func checkFloor(at slice: Int64) throws(StoreError) {
    let floor = floor.current
    guard floor > .min, let longest = steps.last, slice - longest.slices < floor else { return }
    throw .expired(
      view: plan.declaration.name,
      needs: length.start(of: Slice(index: slice - longest.slices)),
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
    let start = length.slice(of: time).index - feature.declaration.window.slices
    try checkFloor(at: length.slice(of: time).index)
    let needed = Set(feature.columns.map { plan.columns[$0].group })
    precondition(needed.count == 1, "the partials of one feature share a group")
    let group = plan.groups.first { $0.columns.contains(feature.columns[0]) }!
    let selected = group.columns.enumerated().filter { feature.columns.contains($0.element) }
      .map { GroupReader.Selected(place: $0.offset, accumulator: accumulators[$0.element]) }
    let reader = try GroupReader(
      view: plan.id, group: group, selected: selected, source: source, snapshot: snapshot)
    var found: [Contribution] = []
    try entity.bytes.withBytes { bytes throws(StoreError) in
      try reader.select(hash: entity.hash64, entity: bytes, start..<start + 1)
      reader.begin(SliceRequest(at: time, mode, length))
      try reader.visit(from: start) { blockStart, entries throws(CodecError) in
        for entry in entries {
          for column in selected { column.accumulator.reset() }
          try reader.foldEntry(entry)
          let (slice, lag) = reader.entry(entry, blockStart: blockStart)
          found.append(
            Contribution(
              slice: length.start(of: Slice(index: slice)),
              arrival: length.start(of: Slice(index: slice + lag)),
              value: feature.finish(accumulators, feature.columns)))
        }
      }
    }
    try checkFloor(at: length.slice(of: time).index)
    return found.sorted { ($0.slice, $0.arrival) < ($1.slice, $1.arrival) }
  }
}
