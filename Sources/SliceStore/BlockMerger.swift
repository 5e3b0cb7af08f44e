// Merges blocks of one key into one: the same algebra for the merge operator, for compaction and for
// trimming. Entries at the same (slice, lag) are merged, others stand side by side.
import Aggregates

/// Merges any number of blocks. Keeps its accumulators from call to call; not for use by two threads at
/// once (hence unchecked: whoever shares one hands it on whole).
package final class BlockMerger: @unchecked Sendable {
  private var codes: [UInt8] = []
  private var columns: [Accumulator] = []
  private var builder = BlockBuilder()
  private var places: [Place] = []

  package init() {}

  private struct Place {
    var order: UInt64
    var block: Int32
    var entry: Int32
  }

  /// The merged block, or nil where no entry is left; only entries from `firstOffset` on are kept.
  /// - Complexity: O(n log n) in the entries of all blocks.
  package func merge(
    _ blocks: [UnsafeRawBufferPointer], firstOffset: Int = 0
  ) throws(CodecError) -> [UInt8]? {
    var views: [BlockView] = []
    views.reserveCapacity(blocks.count)
    for block in blocks { views.append(try BlockView(block)) }
    guard let first = views.first else { return nil }
    try prepareColumns(like: first)
    places.removeAll(keepingCapacity: true)
    for (index, view) in views.enumerated() {
      try collectPlaces(view, Int32(index), from: firstOffset)
    }
    if places.isEmpty { return nil }
    places.sort { ($0.order, $0.block) < ($1.order, $1.block) }
    do throws(CodecError) {
      var payloads: [UnsafeRawBufferPointer] = []
      for view in views {
        for index in columns.indices { payloads.append(try view.column(index)) }
      }
      return try mergePlaces(views, payloads)
    } catch {
      columns = []  // They may hold half of a block.
      codes = []
      builder = BlockBuilder()
      throw error
    }
  }

  private func prepareColumns(like view: BlockView) throws(CodecError) {
    let wanted = (0..<view.columnCount).map { view.code(ofColumn: $0) }
    // Accumulators adopt the parameters of what they fold, so a new key gets new ones where that matters.
    if wanted == codes, !wanted.contains(where: AggregateCatalog.adoptsParameters) { return }
    var made: [Accumulator] = []
    for code in wanted {
      guard let column = AggregateCatalog.accumulator(code: code) else {
        throw .malformed("unknown column codec \(code)")
      }
      made.append(column)
    }
    codes = wanted
    columns = made
  }

  private func collectPlaces(
    _ view: BlockView, _ block: Int32, from firstOffset: Int
  ) throws(CodecError) {
    guard view.columnCount == codes.count,
      codes.indices.allSatisfy({ view.code(ofColumn: $0) == codes[$0] })
    else { throw .malformed("blocks of one key differ in their columns") }
    for entry in view.firstEntry(from: firstOffset)..<view.entryCount {
      let order = UInt64(view.offset(entry)) << 32 | UInt64(view.lag(entry))
      places.append(Place(order: order, block: block, entry: Int32(entry)))
    }
  }

  /// `payloads` has the columns of all blocks, block by block.
  private func mergePlaces(
    _ views: [BlockView], _ payloads: [UnsafeRawBufferPointer]
  ) throws(CodecError) -> [UInt8] {
    var next = 0
    while next < places.count {
      let start = next
      while next < places.count, places[next].order == places[start].order { next += 1 }
      for (index, column) in columns.enumerated() {
        for place in places[start..<next] {
          let block = Int(place.block)
          let entry = Int(place.entry)
          try column.fold(
            payloads[block * columns.count + index], rows: views[block].entryCount,
            entries: entry..<entry + 1)
        }
      }
      let order = places[start].order
      builder.finishEntry(offset: Int(order >> 32), lag: Int64(order & 0xFFFF_FFFF), columns)
    }
    var bytes: [UInt8] = []
    builder.encode(columns, into: &bytes)
    return bytes
  }
}
