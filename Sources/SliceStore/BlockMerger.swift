// Merges blocks of one key into one: the same algebra for the merge operator, for compaction and for
// trimming. Entries at the same (slice, lag) are merged, others stand side by side. A replacing entry takes the
// place of what blocks before its own have there; what comes behind it is merged onto it. So blocks come in the
// order in which they were written, which is how RocksDB hands them over.
import Aggregates

/// Merges any number of blocks. Keeps its accumulators from call to call; not for use by two threads at
/// once (hence unchecked: whoever shares one hands it on whole).
package final class BlockMerger: @unchecked Sendable {
  // One value under one class: its parts are reached without a check of exclusive access each time.
  private var work = MergeWork()

  package init() {}

  /// The merged block of blocks in the order they were written, or nil where no entry is left; only entries
  /// from `firstOffset` on are kept.
  /// - Complexity: O(n log n) in the entries of all blocks, O(n) for a few of them.
  package func merge(
    _ blocks: [UnsafeRawBufferPointer], firstOffset: Int = 0
  ) throws(CodecError) -> [UInt8]? {
    do throws(CodecError) {
      return try work.merge(blocks, firstOffset)
    } catch {
      work = MergeWork()  // Its accumulators may hold half of a block.
      throw error
    }
  }
}

/// What `BlockMerger` keeps.
private struct MergeWork {
  private var codes: [UInt8] = []
  private var accumulators: [Accumulator] = []
  private var builder = BlockBuilder()
  private var views: [BlockView] = []
  private var columns: [StoredColumn] = []
  private var places: [EntryPlace] = []
  private var mergedPlaces: [EntryPlace] = []

  mutating func merge(
    _ blocks: [UnsafeRawBufferPointer], _ firstOffset: Int
  ) throws(CodecError) -> [UInt8]? {
    views.removeAll(keepingCapacity: true)
    for block in blocks { views.append(try BlockView(block)) }
    guard let first = views.first else { return nil }
    if blocks.count == 1, firstOffset == 0 {
      // As it stands, once its lengths are known to be right.
      for index in 0..<first.columnCount { _ = try first.column(index) }
      return Array(blocks[0])
    }
    try prepareAccumulators(like: first)
    try collectPlaces(from: firstOffset)
    if places.isEmpty { return nil }
    if views.contains(where: \.hasReplacing) { dropReplaced() }
    for index in accumulators.indices {
      columns.removeAll(keepingCapacity: true)
      for view in views {
        columns.append(StoredColumn(bytes: try view.column(index), rows: view.entryCount))
      }
      try accumulators[index].mergeEntries(columns, places)
    }
    addPlaces()
    var bytes: [UInt8] = []
    bytes.reserveCapacity(blocks.reduce(0) { $0 + $1.count } + 16)
    builder.encode(accumulators, into: &bytes)
    return bytes
  }

  private mutating func prepareAccumulators(like view: BlockView) throws(CodecError) {
    // Accumulators adopt the parameters of what they fold, so a new key gets new ones where that matters.
    if view.hasCodes(codes), !codes.contains(where: AggregateCatalog.adoptsParameters) { return }
    codes = (0..<view.columnCount).map { view.code(ofColumn: $0) }
    accumulators = []
    for code in codes {
      guard let accumulator = AggregateCatalog.accumulator(code: code) else {
        throw .malformed("unknown column codec \(code)")
      }
      accumulators.append(accumulator)
    }
  }

  /// Sets `places` to the entries of all blocks, in order; those at one place by block.
  private mutating func collectPlaces(from firstOffset: Int) throws(CodecError) {
    places.removeAll(keepingCapacity: true)
    for (block, view) in views.enumerated() {
      guard view.hasCodes(codes) else {
        throw .malformed("blocks of one key differ in their columns")
      }
      let start = places.count
      for entry in view.firstEntry(from: firstOffset)..<view.entryCount {
        places.append(
          EntryPlace(
            order: UInt64(view.offset(entry)) << 32 | UInt64(view.lag(entry)),
            column: Int32(block), entry: Int32(entry)))
      }
      if views.count <= 8 { mergePlaces(at: start) }
    }
    if views.count > 8 { places.sort { ($0.order, $0.column) < ($1.order, $1.column) } }
  }

  /// Merges the two sorted parts of `places` before and from `middle`.
  private mutating func mergePlaces(at middle: Int) {
    guard middle > 0, middle < places.count, places[middle - 1].order > places[middle].order else {
      return
    }
    mergedPlaces.removeAll(keepingCapacity: true)
    var left = 0
    var right = middle
    while left < middle || right < places.count {
      if right == places.count || (left < middle && places[left].order <= places[right].order) {
        mergedPlaces.append(places[left])
        left += 1
      } else {
        mergedPlaces.append(places[right])
        right += 1
      }
    }
    swap(&places, &mergedPlaces)
  }

  /// Takes out of `places` what a replacing entry of a later block stands for.
  private mutating func dropReplaced() {
    mergedPlaces.removeAll(keepingCapacity: true)
    var start = 0
    while start < places.count {
      var end = start + 1
      while end < places.count, places[end].order == places[start].order { end += 1 }
      let last = (start..<end).last { isReplacing(places[$0]) }
      mergedPlaces.append(contentsOf: places[(last ?? start)..<end])
      start = end
    }
    swap(&places, &mergedPlaces)
  }

  private func isReplacing(_ place: EntryPlace) -> Bool {
    views[Int(place.column)].isReplacing(Int(place.entry))
  }

  private mutating func addPlaces() {
    // What is merged onto a replacing entry stands behind it.
    for index in places.indices where index == 0 || places[index].order != places[index - 1].order {
      let order = places[index].order
      builder.addEntry(
        offset: Int(order >> 32), lag: Int64(order & 0xFFFF_FFFF),
        isReplacing: isReplacing(places[index]))
    }
  }
}
