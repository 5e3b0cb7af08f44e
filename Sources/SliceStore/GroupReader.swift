// Walks one group of an entity's columns backwards in time, block by block, and folds every entry that
// the request may know into the accumulators. All windows end at the same slice, so each longer window
// only adds older entries: one pass answers them all. Blocks stay at hand from one request of an entity to
// the next.
import Aggregates
import FeatureModel
import Rocks

/// One group's part of a window read; kept from request to request. Not for use by two threads.
final class GroupReader {
  // Nothing that is called from here comes back, so access checks would find nothing.

  /// The columns that the reader's features stand on, by place in the group; ascending.
  struct Selected {
    let place: Int
    let accumulator: Accumulator
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

  private let view: ViewID
  private let number: UInt8
  private let cut: BlockCut
  private let accumulators: Borrowed<Accumulator>
  private let places: [Int]
  private let steps: [Step]
  /// In the order of their steps.
  private let outputs: Borrowed<Output>
  private let source: BlockSource
  private let options: ReadOptions
  private let isSweeping: Bool
  @exclusivity(unchecked) private var sweep: BlockSweep?
  @exclusivity(unchecked) private var key: [UInt8] = []
  @exclusivity(unchecked) private var hash: UInt64 = 0
  /// The slice whose blocks may be remembered; nil for requests of other times and modes.
  @exclusivity(unchecked) private var sealed: Int64?
  /// Blocks that are kept at hand: those of one window, for nearly all views. A longer one reads its blocks
  /// again for every request.
  @exclusivity(unchecked) private var slots = BlockSlots(count: Accumulator.slotCount)
  /// Blocks of the entity that the sweep has passed: what is not in a slot is not in the store.
  @exclusivity(unchecked) private var swept: Range<Int64> = 0..<0
  @exclusivity(unchecked) private var walk = Walk()

  /// How far the walk back through the entity's slices has come.
  private struct Walk: BitwiseCopyable {
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
    self.source = source
    options = ReadOptions(snapshot: snapshot)
    isSweeping = entities != nil
    if let entities {
      sweep = try BlockSweep(
        source, view: view, group: group.number, snapshot: snapshot, entities: entities)
    }
  }

  /// Slices of the longest window.
  var longest: Int64 { steps.last?.slices ?? 0 }

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
      try gather(
        cut.block(of: ends.lowerBound - longest, hash), cut.block(of: ends.upperBound - 1, hash))
    }
  }

  /// Takes the blocks `first ... last` off the sweep, where they fit the slots.
  private func gather(_ first: Int64, _ last: Int64) throws(StoreError) {
    guard last - first < Int64(slots.count), seal(first) else { return }
    try key.withBytes { key throws(StoreError) in
      try sweep!.move(to: key, hash: hash)
      while let (number, bytes) = sweep!.block(of: key), number <= last {
        let slot = slots.another()
        do throws(CodecError) {
          if number == last {
            // The sweep moves on with the next entity, and until then the bytes stay.
            try slots[slot].take(number, borrowed: bytes)
          } else {
            try slots[slot].take(number, copying: bytes)
          }
          try open(slot)
        } catch { throw corrupt(error) }
        if number == last { break }
        try sweep!.next()
      }
    }
    swept = first..<last + 1
  }

  /// Puts a block's number into the key; false where no block can have it: every stored slice comes from a
  /// `Timestamp`.
  private func seal(_ number: Int64) -> Bool {
    guard let block = Int32(exactly: number) else { return false }
    key.withUnsafeMutableBytes {
      $0.storeBytes(of: SliceKey.blockBytes(block), toByteOffset: $0.count - 4, as: UInt32.self)
    }
    return true
  }

  /// Hands the columns of a slot's block to the accumulators.
  @inline(__always)
  private func open(_ slot: Int) throws(CodecError) {
    guard let view = slots[slot].view else { return }
    try view.forEachColumn(at: places) { index, column throws(CodecError) in
      try accumulators.call(index) { accumulator throws(CodecError) in
        try accumulator.open(StoredColumn(bytes: column, rows: view.entryCount), slot: slot)
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
        _, slot, entries throws(CodecError) in
        try accumulators.callEach { accumulator throws(CodecError) in
          try accumulator.fold(slot: slot, entries: entries)
        }
      }
      outputs.callEach(step.outputs) { values[$0.place] = $0.reading() }
    }
    self.walk = walk
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
  private func standBehind(_ walk: inout Walk) {
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
      let number = cut.block(of: walk.low - 1, hash)
      if number != walk.loaded { try load(number, &walk) }
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

  /// Brings a block to hand, if it is not, and stands behind its last entry that the request may see.
  private func load(_ number: Int64, _ walk: inout Walk) throws(StoreError) {
    walk.loaded = number
    walk.block = nil
    if let place = slots.place(of: number) {
      walk.slot = place
    } else {
      if swept.contains(number) { return }
      guard seal(number) else { return }
      walk.slot = slots.another()
      slots[walk.slot].clear()
      try key.withBytes { key throws(StoreError) in
        if let memory = source.memory, let sealed {
          try recall(number, key, walk.slot, memory, sealed)
        } else {
          try fetch(number, key, walk.slot)
        }
      }
    }
    walk.block = slots[walk.slot].view
    standBehind(&walk)
  }

  /// Brings a block from RocksDB.
  private func fetch(
    _ number: Int64, _ key: UnsafeRawBufferPointer, _ slot: Int
  ) throws(StoreError) {
    let pinned = try source.pinned(key, options)
    do throws(CodecError) {
      try slots[slot].take(number, pinned)
      try open(slot)
    } catch { throw corrupt(error) }
  }

  /// Brings a block from the memory, or from RocksDB and into the memory.
  private func recall(
    _ number: Int64, _ key: UnsafeRawBufferPointer, _ slot: Int, _ memory: any BlockMemory,
    _ slice: Int64
  ) throws(StoreError) {
    let place = BlockSource.hash(view, self.number, hash, number)
    guard let known = memory.find(key, hash: place, slice: slice) else {
      try fetch(number, key, slot)
      let bytes = slots[slot].view?.bytes ?? UnsafeRawBufferPointer(start: nil, count: 0)
      return memory.keep(bytes, at: key, hash: place, slice: slice)
    }
    do throws(CodecError) {
      // Whoever keeps the next block may write over this one.
      if known.isEmpty {
        slots[slot].takeNothing(number)
      } else {
        try slots[slot].take(number, copying: known)
      }
      try open(slot)
    } catch { throw corrupt(error) }
  }

  private func corrupt(_ error: CodecError) -> StoreError {
    return .corrupt(what: "block with key \(key.withUnsafeBytes(SliceKey.hex))", error)
  }
}

extension GroupReader {
  /// Calls `body` for each entry of slices from `start` on that counts, with its slice and arrival lag and
  /// with the accumulators standing at that entry alone; newest block first.
  func explain(
    _ request: SliceRequest, from start: Int64, _ body: (_ slice: Int64, _ lag: Int64) -> Void
  ) throws(StoreError) {
    var walk = begin(request)
    try visit(from: start, request, &walk) { blockStart, slot, entries throws(CodecError) in
      guard let block = slots[slot].view else { return }
      for entry in entries {
        try accumulators.callEach { accumulator throws(CodecError) in
          accumulator.reset()
          try accumulator.fold(slot: slot, entries: entry..<entry + 1)
        }
        body(blockStart + Int64(block.offset(entry)), block.lag(entry))
      }
    }
  }
}
