// Walks one group of an entity's columns backwards in time, block by block, and folds every entry that
// the request may know into the accumulators. All windows end at the same slice, so each longer window
// only adds older entries: one pass answers them all. Blocks stay at hand from one request of an entity to
// the next.
import Aggregates
import FeatureModel
import Rocks

/// One group's part of a window read; kept from request to request. Not for use by two threads.
final class GroupReader {
  // Nothing that is called from here comes back, so access checks would find nothing. What is not private is
  // for `GroupReader+Blocks`.

  /// The columns that the reader's features stand on, by place in the group; ascending.
  struct Selected {
    let place: Int
    let accumulator: Accumulator
    /// Whether it is given entries one by one with their ages, instead of in runs.
    let isWeighing: Bool
  }

  /// All features of the group with one window length, shortest first.
  struct Step {
    let slices: Int64
    let outputs: Range<Int>
  }

  /// A feature's value, read off the accumulators.
  final class Output {
    /// Among the answers.
    let place: Int
    let reading: AggregatePlan.Reading

    init(place: Int, reading: @escaping AggregatePlan.Reading) {
      self.place = place
      self.reading = reading
    }
  }

  let view: ViewID
  let number: UInt8
  let cut: BlockCut
  let accumulators: Borrowed<Accumulator>
  let places: [Int]
  /// Of all accumulators those that take entries in runs, and those that weigh each by its age.
  private let folding: Borrowed<Accumulator>
  private let weighing: Borrowed<Accumulator>
  private let steps: [Step]
  /// In the order of their steps.
  private let outputs: Borrowed<Output>
  let source: BlockSource
  let options: ReadOptions
  let snapshot: Snapshot?
  private let isSweeping: Bool
  @exclusivity(unchecked) var sweep: BlockSweep?
  @exclusivity(unchecked) var key: [UInt8] = []
  @exclusivity(unchecked) var hash: UInt64 = 0
  /// The slice whose blocks may be remembered; nil for requests of other times and modes.
  @exclusivity(unchecked) var sealed: Int64?
  /// Blocks that are kept at hand: those of one window, for nearly all views. A longer one reads its blocks
  /// again for every request.
  @exclusivity(unchecked) var slots = BlockSlots(count: Accumulator.slotCount)
  /// Blocks of the entity that the sweep has passed: what is not in a slot is not in the store.
  @exclusivity(unchecked) var swept: Range<Int64> = 0..<0
  /// All blocks of the entity, where a window without a beginning asks for them.
  @exclusivity(unchecked) var list = BlockList()
  @exclusivity(unchecked) private var walk = Walk()

  /// How far the walk back through the entity's slices has come.
  struct Walk: BitwiseCopyable {
    /// Slices from here on are folded already.
    var low: Int64 = 0
    /// The block that is being walked; nil before the first.
    var loaded: Int64?
    /// Nil where the store has no such block.
    var block: BlockView?
    /// Where the block is.
    var slot = 0
    /// Entries of the block from here on are folded already.
    var nextEntry = 0
    /// Where the latest request began in the block.
    var newest = 0
  }

  /// - Parameter sweeping: about how many entities will be asked for in the order of their keys; nil for
  ///   look-ups of single ones.
  init(
    view: ViewID, group: ViewPlan.Group, selected: [Selected], steps: [Step], outputs: [Output],
    source: BlockSource, snapshot: Snapshot?, sweeping entities: Int? = nil
  ) throws(StoreError) {
    self.view = view
    self.steps = steps
    self.outputs = Borrowed(outputs)
    number = group.number
    cut = group.cut
    accumulators = Borrowed(selected.map(\.accumulator))
    places = selected.map(\.place)
    folding = Borrowed(selected.filter { !$0.isWeighing }.map(\.accumulator))
    weighing = Borrowed(selected.filter(\.isWeighing).map(\.accumulator))
    self.source = source
    self.snapshot = snapshot
    options = ReadOptions(snapshot: snapshot)
    isSweeping = entities != nil
    if let entities {
      sweep = try BlockSweep(
        source, view: view, group: group.number, snapshot: snapshot, entities: entities)
    }
  }

  /// Slices of the longest window.
  var longest: Int64 { steps.last?.slices ?? 0 }

  /// Windows that begin before this slice have no beginning: every stored slice comes from a `Timestamp`.
  private static let firstSlice: Int64 = -(1 << 33)

  /// Turns to an entity, whose windows end in the given slices, or where these begin.
  func select(
    hash: UInt64, entity: UnsafeRawBufferPointer, _ ends: Range<Int64>, sealed: Int64?
  ) throws(StoreError) {
    release()
    self.hash = hash
    self.sealed = sealed
    if key.count == SliceKey.fixedLength + entity.count {
      SliceKey.replace(hash: hash, entity: entity, in: &key)
    } else {
      key.removeAll(keepingCapacity: true)
      SliceKey.append(view: view, group: number, hash: hash, entity: entity, block: 0, to: &key)
    }
    if let memory = source.memory, sealed != nil {
      let newest = cut.block(of: ends.upperBound - 2, hash)
      memory.expect(BlockSource.hash(view, number, hash, newest))
    }
    if isSweeping {
      let last = cut.block(of: ends.upperBound - 1, hash)
      if longest == Window.lifetime.slices {
        try gatherAll(last)
      } else {
        try gather(cut.block(of: ends.lowerBound - longest, hash), last)
      }
    }
  }

  /// Puts the features of the selected entity for a request into `values`, whose windows begin as many
  /// slices before `start` as they are long.
  /// - Complexity: O(entries in the longest window), and one point read per block that is not at hand.
  func answer(
    _ request: SliceRequest, from start: Int64, into values: AnswerValues
  ) throws(StoreError) {
    accumulators.callEach { $0.reset() }
    var walk = begin(request)
    for step in steps {
      try visit(from: start - step.slices, request, &walk) {
        blockStart, slot, entries throws(CodecError) in
        try folding.callEach { accumulator throws(CodecError) in
          try accumulator.fold(slot: slot, entries: entries)
        }
        if weighing.count > 0 { try weigh(entries, slot, blockStart, start) }
      }
      outputs.callEach(step.outputs) { values[$0.place] = $0.reading() }
    }
    self.walk = walk
  }

  /// Hands entries to what weighs them, each with the slices between its own and that where windows end.
  private func weigh(
    _ entries: Range<Int>, _ slot: Int, _ blockStart: Int64, _ end: Int64
  ) throws(CodecError) {
    guard let block = slots[slot].view else { return }
    for entry in entries {
      let age = end - blockStart - Int64(block.offset(entry))
      try weighing.callEach { accumulator throws(CodecError) in
        try accumulator.fold(slot: slot, entry: entry, age: age)
      }
    }
  }

  /// Puts the features of an entity without events into `values`.
  func answerEmpty(into values: AnswerValues) {
    accumulators.callEach { $0.reset() }
    outputs.callEach { values[$0.place] = $0.reading() }
  }

  /// A walk that stands where the request's windows end.
  @inline(__always)
  private func begin(_ request: SliceRequest) -> Walk {
    var walk = walk
    walk.low = request.end
    // Most requests begin in the block that the one before was about.
    if walk.loaded == cut.block(of: walk.low - 1, hash) {
      standBehind(&walk)
    } else {
      walk.loaded = nil
    }
    return walk
  }

  /// Stands behind the last entry of the block at hand that lies below where the walk is.
  @inline(__always)
  func standBehind(_ walk: inout Walk) {
    guard let block = walk.block, let number = walk.loaded else { return }
    let wanted = min(walk.low - cut.firstSlice(of: number, hash), Int64(cut.slicesPerBlock))
    walk.newest = block.firstEntry(from: Int(wanted), near: min(walk.newest, block.entryCount))
    walk.nextEntry = walk.newest
  }

  /// Lets go of all blocks.
  func release() {
    walk.loaded = nil
    walk.block = nil
    walk.newest = 0
    swept = 0..<0
    list.clear()
    slots.clear()
  }

  /// Calls `body` with (slice of the block's start, its slot, entries) for maximal runs of entries that
  /// count, newest block first.
  @inline(__always)
  private func visit(
    from start: Int64, _ request: SliceRequest, _ walk: inout Walk,
    _ body: (_ blockStart: Int64, _ slot: Int, _ entries: Range<Int>) throws(CodecError) -> Void
  ) throws(StoreError) {
    while walk.low > start {
      var number = cut.block(of: walk.low - 1, hash)
      if number != walk.loaded {
        if start < Self.firstSlice {
          guard let next = try newestBlock(atMost: number) else {
            walk.low = start
            return
          }
          if next < number { walk.low = cut.firstSlice(of: next + 1, hash) }
          number = next
        }
        try load(number, &walk)
      }
      let blockStart = cut.firstSlice(of: number, hash)
      let bound = max(start, blockStart)
      if let block = walk.block {
        let first =
          bound == blockStart
          ? 0 : block.firstEntry(from: Int(bound - blockStart), near: walk.nextEntry)
        do throws(CodecError) {
          try visitRuns(block, blockStart, walk.slot, first..<walk.nextEntry, request, body)
        } catch { throw corrupt(error) }
        walk.nextEntry = first
      }
      walk.low = bound
    }
  }

  @inline(__always)
  private func visitRuns(
    _ block: BlockView, _ blockStart: Int64, _ slot: Int, _ entries: Range<Int>,
    _ request: SliceRequest,
    _ body: (_ blockStart: Int64, _ slot: Int, _ entries: Range<Int>) throws(CodecError) -> Void
  ) throws(CodecError) {
    if entries.isEmpty { return }
    if block.hasReplacing {
      return try visitStanding(block, blockStart, slot, entries, request, body)
    }
    let newest = blockStart + Int64(block.offset(entries.upperBound - 1))
    if request.arrivalLimit == .max || (block.lagWidth == 0 && newest < request.arrivalLimit) {
      return try body(blockStart, slot, entries)
    }
    var runStart = entries.lowerBound
    for entry in entries {
      let arrival = blockStart + Int64(block.offset(entry)) + block.lag(entry)
      if arrival >= request.arrivalLimit {
        if runStart < entry { try body(blockStart, slot, runStart..<entry) }
        runStart = entry + 1
      }
    }
    if runStart < entries.upperBound { try body(blockStart, slot, runStart..<entries.upperBound) }
  }

  /// The same for a block with replacing entries: of each slice, from its newest entry that counts back to the
  /// first replacing one.
  private func visitStanding(
    _ block: BlockView, _ blockStart: Int64, _ slot: Int, _ entries: Range<Int>,
    _ request: SliceRequest,
    _ body: (_ blockStart: Int64, _ slot: Int, _ entries: Range<Int>) throws(CodecError) -> Void
  ) throws(CodecError) {
    var entry = entries.upperBound
    while entry > entries.lowerBound {
      let offset = block.offset(entry - 1)
      var isReplaced = false
      while entry > entries.lowerBound, block.offset(entry - 1) == offset {
        entry -= 1
        let arrival = blockStart + Int64(offset) + block.lag(entry)
        if isReplaced || arrival >= request.arrivalLimit { continue }
        try body(blockStart, slot, entry..<entry + 1)
        isReplaced = block.isReplacing(entry)
      }
    }
  }
}

extension GroupReader {
  /// Calls `body` for each entry of slices from `start` on that counts, with its slice and arrival lag and
  /// with the accumulators standing at that entry alone; newest block first.
  /// - Parameter end: the slice to which ages are counted.
  func explain(
    _ request: SliceRequest, from start: Int64, to end: Int64,
    _ body: (_ slice: Int64, _ lag: Int64) -> Void
  ) throws(StoreError) {
    var walk = begin(request)
    try visit(from: start, request, &walk) { blockStart, slot, entries throws(CodecError) in
      guard let block = slots[slot].view else { return }
      for entry in entries {
        accumulators.callEach { $0.reset() }
        try folding.callEach { accumulator throws(CodecError) in
          try accumulator.fold(slot: slot, entries: entry..<entry + 1)
        }
        try weigh(entry..<entry + 1, slot, blockStart, end)
        body(blockStart + Int64(block.offset(entry)), block.lag(entry))
      }
    }
  }
}
