// The one function that computes windows. Socket, Swift API, join, C ABI, Python and Spark all end in
// `FeatureReader.answer`.
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
  private let floor: @Sendable () -> Int64
  private let accumulators: [Accumulator]
  private let readers: [GroupReader]
  private let steps: [Step]
  private let options: ReadOptions
  private let snapshot: Snapshot?

  /// All features with one window length, shortest first.
  private struct Step {
    let slices: Int64
    /// Place in the answer, feature.
    var features: [(place: Int, feature: ViewPlan.Feature)]
  }

  init(
    _ plan: ViewPlan, features: [Int], source: BlockSource, snapshot: Snapshot?,
    floor: @escaping @Sendable () -> Int64
  ) {
    self.plan = plan
    self.features = features
    self.source = source
    self.floor = floor
    self.snapshot = snapshot
    options = ReadOptions(snapshot: snapshot)
    let accumulators = plan.columns.map { $0.spec.make() }
    self.accumulators = accumulators
    let needed = Set(features.flatMap { plan.features[$0].columns })
    readers = plan.groups.compactMap { group in
      let selected = group.columns.enumerated().filter { needed.contains($0.element) }
        .map { GroupReader.Selected(place: $0.offset, accumulator: accumulators[$0.element]) }
      return selected.isEmpty
        ? nil : GroupReader(view: plan.id, group: group, selected: selected)
    }
    var byLength: [Int64: Step] = [:]
    for (place, index) in features.enumerated() {
      let feature = plan.features[index]
      let slices = feature.declaration.window.slices
      byLength[slices, default: Step(slices: slices, features: [])].features
        .append((place, feature))
    }
    steps = byLength.values.sorted { $0.slices < $1.slices }
  }

  /// The features of one entity at one time, in the order of `features`; an unknown entity is an empty
  /// window. `values` is replaced.
  /// - Throws: `StoreError.expired` where a window reaches before the view's retention floor.
  /// - Complexity: O(entries in the longest window); one or two point reads per group.
  public func answer(
    hash: UInt64, entity: UnsafeRawBufferPointer, at time: Timestamp, _ mode: ReadMode = .asServed,
    into values: inout [Value]
  ) throws(StoreError) {
    let request = SliceRequest(at: time, mode, plan.declaration.slice)
    try checkFloor(at: plan.declaration.slice.slice(of: time).index)
    for accumulator in accumulators { accumulator.reset() }
    for reader in readers { reader.begin(request, hash: hash, entity: entity) }
    defer { for reader in readers { reader.release() } }
    values.removeAll(keepingCapacity: true)
    for _ in features { values.append(.null) }
    let start = plan.declaration.slice.slice(of: time).index
    for step in steps {
      for reader in readers { try reader.fold(from: start - step.slices, source, options) }
      for (place, feature) in step.features {
        values[place] = feature.finish(accumulators, feature.columns)
      }
    }
    // Slices may have expired, and gone, while they were read.
    try checkFloor(at: start)
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
    try checkFloor(at: plan.declaration.slice.slice(of: time).index)
    for accumulator in accumulators { accumulator.reset() }
    values = features.map { index in
      let feature = plan.features[index]
      return feature.finish(accumulators, feature.columns)
    }
  }

  private func checkFloor(at slice: Int64) throws(StoreError) {
    let floor = floor()
    guard floor > .min, let longest = steps.last, slice - longest.slices < floor else { return }
    let length = plan.declaration.slice
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
    let length = plan.declaration.slice
    let start = length.slice(of: time).index - feature.declaration.window.slices
    try checkFloor(at: length.slice(of: time).index)
    let needed = Set(feature.columns.map { plan.columns[$0].group })
    precondition(needed.count == 1, "the partials of one feature share a group")
    let group = plan.groups.first { $0.columns.contains(feature.columns[0]) }!
    let selected = group.columns.enumerated().filter { feature.columns.contains($0.element) }
      .map { GroupReader.Selected(place: $0.offset, accumulator: accumulators[$0.element]) }
    let reader = GroupReader(view: plan.id, group: group, selected: selected)
    var found: [Contribution] = []
    try entity.bytes.withBytes { bytes throws(StoreError) in
      reader.begin(SliceRequest(at: time, mode, length), hash: entity.hash64, entity: bytes)
      try reader.visit(from: start, source, options) { blockStart, entries throws(CodecError) in
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
