// Walks one group of an entity's columns backwards in time, block by block, and folds every entry that
// the request may know into the accumulators. All windows end at the same slice, so each longer window
// only adds older entries: one pass answers them all.
import Aggregates
import FeatureModel
import Rocks

/// Where blocks come from: point reads of a database, one pinned block at a time.
struct BlockSource {
  let database: Database
  let family: ColumnFamily

  borrowing func pinned(
    _ key: UnsafeRawBufferPointer, _ options: borrowing ReadOptions
  ) throws(StoreError) -> PinnedBytes? {
    do { return try database.get(key: key, in: family, options: options) } catch {
      throw .storage(error)
    }
  }
}

/// One group's part of a window read; kept from request to request. Not for use by two threads.
final class GroupReader {
  /// The columns that the reader's features stand on, by place in the group.
  struct Selected {
    let place: Int
    let accumulator: Accumulator
  }

  private let view: ViewID
  private let number: UInt8
  private let cut: BlockCut
  private let selected: [Selected]
  private var key: [UInt8] = []
  private var hash: UInt64 = 0
  private var request = SliceRequest.none
  private var pinned: PinnedBytes?
  private var block: BlockView?
  private var payloads: [UnsafeRawBufferPointer]
  private var loaded: Int64?
  /// Slices from here on are folded already.
  private var low: Int64 = 0
  /// Entries of the loaded block from here on are folded already.
  private var nextEntry = 0

  init(view: ViewID, group: ViewPlan.Group, selected: [Selected]) {
    self.view = view
    number = group.number
    cut = group.cut
    self.selected = selected
    payloads = Array(repeating: UnsafeRawBufferPointer(start: nil, count: 0), count: selected.count)
  }

  /// Starts a request for one entity.
  func begin(_ request: SliceRequest, hash: UInt64, entity: UnsafeRawBufferPointer) {
    self.request = request
    self.hash = hash
    key.removeAll(keepingCapacity: true)
    SliceKey.append(view: view, group: number, hash: hash, entity: entity, block: 0, to: &key)
    release()
    low = request.end
  }

  /// Lets go of the pinned block.
  func release() {
    loaded = nil
    block = nil
    pinned = nil
  }

  /// Folds all entries of slices `[start, what was folded before)`.
  /// - Complexity: O(entries in between), and one point read per block touched for the first time.
  func fold(
    from start: Int64, _ source: BlockSource, _ options: borrowing ReadOptions
  ) throws(StoreError) {
    try visit(from: start, source, options) { _, entries throws(CodecError) in
      for index in selected.indices {
        try selected[index].accumulator.fold(
          payloads[index], rows: block!.entryCount, entries: entries)
      }
    }
  }

  /// Calls `body` with (slice of the block's start, entries) for maximal runs of entries that count,
  /// newest block first.
  func visit(
    from start: Int64, _ source: BlockSource, _ options: borrowing ReadOptions,
    _ body: (_ blockStart: Int64, _ entries: Range<Int>) throws(CodecError) -> Void
  ) throws(StoreError) {
    while low > start {
      let number = cut.block(of: low - 1, hash)
      if number != loaded { try load(number, source, options) }
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
        payloads[index], rows: block!.entryCount, entries: entry..<entry + 1)
    }
  }

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

  private func load(
    _ number: Int64, _ source: BlockSource, _ options: borrowing ReadOptions
  ) throws(StoreError) {
    release()
    loaded = number
    // No block can lie outside: every stored slice comes from a `Timestamp`.
    guard let block = Int32(exactly: number) else { return }
    key.withUnsafeMutableBytes {
      $0.storeBytes(of: SliceKey.blockBytes(block), toByteOffset: $0.count - 4, as: UInt32.self)
    }
    try key.withBytes { key throws(StoreError) in pinned = try source.pinned(key, options) }
    guard let bytes = pinned?.bytes else { return }
    do throws(CodecError) {
      let view = try BlockView(bytes)
      for index in selected.indices { payloads[index] = try view.column(selected[index].place) }
      let wanted = min(low - cut.firstSlice(of: number, hash), Int64(cut.slicesPerBlock))
      nextEntry = view.firstEntry(from: Int(wanted))
      self.block = view
    } catch { throw corrupt(error) }
  }

  private func corrupt(_ error: CodecError) -> StoreError {
    return .corrupt(what: "block with key \(key.withUnsafeBytes(SliceKey.hex))", error)
  }
}
