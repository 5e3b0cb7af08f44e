// Walks one group of an entity's columns backwards in time, block by block, and folds every entry that
// the request may know into the accumulators. All windows end at the same slice, so each longer window
// only adds older entries: one pass answers them all. Blocks stay at hand from one request of an entity to
// the next.
import Aggregates
import FeatureModel
import Rocks

/// One group's part of a window read; kept from request to request. Not for use by two threads.
final class GroupReader {
  /// The columns that the reader's features stand on, by place in the group.
  struct Selected {
    let place: Int
    let accumulator: Accumulator
  }

  /// Blocks that are kept at hand: those of one window, for nearly all views. A longer one reads its blocks
  /// again for every request.
  private static let slotCount = 4

  private let view: ViewID
  private let number: UInt8
  private let cut: BlockCut
  private let selected: [Selected]
  private let places: [Int]
  private let source: BlockSource
  private let options: ReadOptions
  private var sweep: BlockSweep?
  private var key: [UInt8] = []
  private var hash: UInt64 = 0
  private var request = SliceRequest.none
  private var slots: BlockSlots
  /// Blocks of the entity that the sweep has passed: what is not in a slot is not in the store.
  private var swept: Range<Int64> = 0..<0
  /// The block that is being walked, in its slot.
  private var loaded: Int64?
  private var slot = 0
  private var block: BlockView?
  /// Slices from here on are folded already.
  private var low: Int64 = 0
  /// Entries of the loaded block from here on are folded already.
  private var nextEntry = 0

  /// - Parameter sweeping: about how many entities will be asked for in the order of their keys; nil for
  ///   look-ups of single ones.
  init(
    view: ViewID, group: ViewPlan.Group, selected: [Selected], source: BlockSource,
    snapshot: Snapshot?, sweeping entities: Int? = nil
  ) throws(StoreError) {
    self.view = view
    number = group.number
    cut = group.cut
    self.selected = selected
    places = selected.map(\.place)
    self.source = source
    options = ReadOptions(snapshot: snapshot)
    slots = BlockSlots(count: Self.slotCount, columns: selected.count)
    if let entities {
      sweep = try BlockSweep(
        source, view: view, group: group.number, snapshot: snapshot, entities: entities)
    }
  }

  /// Turns to an entity, whose requests lie within the given slices.
  func select(
    hash: UInt64, entity: UnsafeRawBufferPointer, _ slices: Range<Int64>
  ) throws(StoreError) {
    self.hash = hash
    key.removeAll(keepingCapacity: true)
    SliceKey.append(view: view, group: number, hash: hash, entity: entity, block: 0, to: &key)
    release()
    if sweep != nil {
      try gather(cut.block(of: slices.lowerBound, hash), cut.block(of: slices.upperBound - 1, hash))
    }
  }

  /// Takes the blocks `first ... last` off the sweep, where they fit the slots.
  private func gather(_ first: Int64, _ last: Int64) throws(StoreError) {
    guard last - first < Int64(Self.slotCount) else { return }
    guard try seal(first) else { return }
    try key.withBytes { key throws(StoreError) in
      try sweep!.move(to: key, hash: hash)
      while let (number, bytes) = sweep!.block(of: key), number <= last {
        let slot = slots.another()
        do throws(CodecError) {
          if number == last {
            // The sweep moves on with the next entity, and until then the bytes stay.
            try slots[slot].take(number, borrowed: bytes, places)
            break
          }
          try slots[slot].take(number, copying: bytes, places)
        } catch { throw corrupt(error) }
        try sweep!.next()
      }
    }
    swept = first..<last + 1
  }

  /// Puts a block's number into the key; false where no block can have it: every stored slice comes from a
  /// `Timestamp`.
  private func seal(_ number: Int64) throws(StoreError) -> Bool {
    guard let block = Int32(exactly: number) else { return false }
    key.withUnsafeMutableBytes {
      $0.storeBytes(of: SliceKey.blockBytes(block), toByteOffset: $0.count - 4, as: UInt32.self)
    }
    return true
  }

  /// Starts a request for the entity.
  @inline(__always)
  func begin(_ request: SliceRequest) {
    self.request = request
    loaded = nil
    low = request.end
  }

  /// Lets go of all blocks.
  func release() {
    loaded = nil
    block = nil
    swept = 0..<0
    slots.clear()
  }

  /// Folds all entries of slices `[start, what was folded before)`.
  /// - Complexity: O(entries in between), and one point read per block that is not at hand.
  func fold(from start: Int64) throws(StoreError) {
    try visit(from: start) { _, entries throws(CodecError) in
      for index in selected.indices {
        try selected[index].accumulator.fold(
          slots[slot].payloads[index], rows: block!.entryCount, entries: entries)
      }
    }
  }

  /// Calls `body` with (slice of the block's start, entries) for maximal runs of entries that count,
  /// newest block first.
  @inline(__always)
  func visit(
    from start: Int64,
    _ body: (_ blockStart: Int64, _ entries: Range<Int>) throws(CodecError) -> Void
  ) throws(StoreError) {
    while low > start {
      let number = cut.block(of: low - 1, hash)
      if number != loaded { try load(number) }
      let blockStart = cut.firstSlice(of: number, hash)
      let bound = max(start, blockStart)
      if let block {
        let first =
          bound == blockStart ? 0 : block.firstEntry(from: Int(bound - blockStart))
        do throws(CodecError) {
          try visitRuns(block, blockStart, first..<nextEntry, body)
        } catch { throw corrupt(error) }
        nextEntry = first
      }
      low = bound
    }
  }

  /// The (slice, lag) of an entry of the loaded block, and its columns; for explaining.
  func entry(_ index: Int, blockStart: Int64) -> (slice: Int64, lag: Int64) {
    (blockStart + Int64(block!.offset(index)), block!.lag(index))
  }

  func foldEntry(_ entry: Int) throws(CodecError) {
    for index in selected.indices {
      try selected[index].accumulator.fold(
        slots[slot].payloads[index], rows: block!.entryCount, entries: entry..<entry + 1)
    }
  }

  @inline(__always)
  private func visitRuns(
    _ block: BlockView, _ blockStart: Int64, _ entries: Range<Int>,
    _ body: (_ blockStart: Int64, _ entries: Range<Int>) throws(CodecError) -> Void
  ) throws(CodecError) {
    if entries.isEmpty { return }
    let newest = blockStart + Int64(block.offset(entries.upperBound - 1))
    if request.arrivalLimit == .max || (block.lagWidth == 0 && newest < request.arrivalLimit) {
      return try body(blockStart, entries)
    }
    var runStart = entries.lowerBound
    for entry in entries {
      let arrival = blockStart + Int64(block.offset(entry)) + block.lag(entry)
      if arrival >= request.arrivalLimit {
        if runStart < entry { try body(blockStart, runStart..<entry) }
        runStart = entry + 1
      }
    }
    if runStart < entries.upperBound { try body(blockStart, runStart..<entries.upperBound) }
  }

  /// Brings a block to hand, if it is not, and stands behind its last entry that the request may see.
  private func load(_ number: Int64) throws(StoreError) {
    loaded = number
    block = nil
    if let place = slots.place(of: number) {
      slot = place
    } else {
      if swept.contains(number) { return }
      guard try seal(number) else { return }
      slot = slots.another()
      slots[slot].clear()
      try key.withBytes { key throws(StoreError) in
        let pinned = try source.pinned(key, options)
        do throws(CodecError) { try slots[slot].take(number, pinned, places) } catch {
          throw corrupt(error)
        }
      }
    }
    guard let view = slots[slot].view else { return }
    let wanted = min(low - cut.firstSlice(of: number, hash), Int64(cut.slicesPerBlock))
    nextEntry = view.firstEntry(from: Int(wanted))
    block = view
  }

  private func corrupt(_ error: CodecError) -> StoreError {
    return .corrupt(what: "block with key \(key.withUnsafeBytes(SliceKey.hex))", error)
  }
}
