// From a partition's records to blocks in key order: sort by entity and place, then one pass per group of
// columns. Batches of a stream and chunks of a bulk load both end here, so both write the same bytes.
import Aggregates
import FeatureModel
import Glibc

/// Receives the blocks of one partition, keys ascending within each group. The bytes are borrowed.
typealias BlockSink = (
  _ group: Int, _ key: UnsafeRawBufferPointer, _ block: UnsafeRawBufferPointer
) throws(StoreError) -> Void

/// Aggregates the records of one view. Keeps its buffers; not for use by two threads.
final class DeltaBuilder {
  private let plan: ViewPlan
  private let layout: RecordLayout
  private let groups: [GroupColumns]
  private var sorter = RecordSorter()
  private var key: [UInt8] = []
  private var block: [UInt8] = []

  /// A group's accumulators and where each finds its input.
  private struct GroupColumns {
    let number: UInt8
    let shift: Int64
    let accumulators: [Accumulator]
    let inputs: [Input]
  }

  private enum Input {
    case rows
    case word(slot: Int)
    case text(slot: Int)
  }

  init(_ plan: ViewPlan) {
    self.plan = plan
    layout = EventIntake.layout(of: plan)
    let slotOfColumn = EventIntake.slots(of: plan).slotOfColumn
    groups = plan.groups.map { group in
      GroupColumns(
        number: group.number, shift: Int64(group.slicesPerBlock.trailingZeroBitCount),
        accumulators: group.columns.map { plan.columns[$0].spec.make() },
        inputs: group.columns.map { column in
          switch plan.columns[column].spec.slot {
          case .rows: .rows
          case .word, .hash: .word(slot: slotOfColumn[column])
          case .text: .text(slot: slotOfColumn[column])
          }
        })
    }
  }

  /// Builds the blocks of one partition of several arenas and hands them on, entity by entity. Events that
  /// arrived before `sealSlice` arrive in it.
  /// - Complexity: O(n log n) in the records.
  func build(
    partition: Int, of arenas: [RecordArena], sealSlice: Int64?, into sink: BlockSink
  ) throws(StoreError) {
    sorter.load(partition: partition, of: arenas, layout, sealSlice: sealSlice ?? .min)
    let records = sorter.sorted
    var start = 0
    while start < records.count {
      var end = start + 1
      var sameKey = true
      while end < records.count, records[end].hash == records[start].hash {
        if !keysEqual(records[end].record, records[start].record) { sameKey = false }
        end += 1
      }
      let run = UnsafeBufferPointer(rebasing: records[start..<end])
      if sameKey { try buildEntity(run, sink) } else { try buildColliding(run, sink) }
      start = end
    }
  }

  /// Different entities with one hash: blocks must still leave in key order. Never seen by chance.
  private func buildColliding(
    _ run: UnsafeBufferPointer<SortedRecord>, _ sink: BlockSink
  ) throws(StoreError) {
    var entities: [[UInt8]: [SortedRecord]] = [:]
    for record in run { entities[Array(keyBytes(record.record)), default: []].append(record) }
    var collected: [(group: Int, key: [UInt8], block: [UInt8])] = []
    for records in entities.values {
      try records.withUnsafeBufferPointer { records throws(StoreError) in
        try buildEntity(records) { group, key, block throws(StoreError) in
          collected.append((group, Array(key), Array(block)))
        }
      }
    }
    collected.sort { $0.key.lexicographicallyPrecedes($1.key) }
    for item in collected {
      try item.key.withBytes { key throws(StoreError) in
        try item.block.withBytes { block throws(StoreError) in
          try sink(item.group, key, block)
        }
      }
    }
  }

  private func buildEntity(
    _ run: UnsafeBufferPointer<SortedRecord>, _ sink: BlockSink
  ) throws(StoreError) {
    for index in groups.indices { try buildGroup(index, run, sink) }
  }

  private func buildGroup(
    _ index: Int, _ run: UnsafeBufferPointer<SortedRecord>, _ sink: BlockSink
  ) throws(StoreError) {
    let group = groups[index]
    var builder = BlockBuilder()
    var order = run[0].order
    for item in run {
      if item.order != order {
        let finished = finishEntry(group, order, &builder)
        if SliceOrder.slice(item.order) >> group.shift != finished {
          try emit(index, run[0], block: finished, &builder, sink)
        }
        order = item.order
      }
      absorb(item.record, group)
    }
    let finished = finishEntry(group, order, &builder)
    try emit(index, run[0], block: finished, &builder, sink)
  }

  /// - Returns: the number of the block that the entry belongs to.
  private func finishEntry(
    _ group: GroupColumns, _ order: UInt64, _ builder: inout BlockBuilder
  ) -> Int64 {
    let slice = SliceOrder.slice(order)
    let block = slice >> group.shift
    builder.finishEntry(
      offset: Int(slice - block << group.shift), lag: SliceOrder.lag(order), group.accumulators)
    return block
  }

  @inline(__always)
  private func absorb(_ record: UnsafeRawPointer, _ group: GroupColumns) {
    let time =
      layout.hasTime ? record.load(fromByteOffset: layout.timeAt, as: Int64.self) : 0
    for column in group.inputs.indices {
      let accumulator = group.accumulators[column]
      switch group.inputs[column] {
      case .rows: accumulator.absorb(word: 0, time: time)
      case .word(let slot):
        if isValid(record, slot) {
          let word = record.load(fromByteOffset: layout.slotsAt + 8 * slot, as: UInt64.self)
          accumulator.absorb(word: word, time: time)
        }
      case .text(let slot):
        if isValid(record, slot) {
          let word = record.load(fromByteOffset: layout.slotsAt + 8 * slot, as: UInt64.self)
          let start = record + layout.payloadAt + Int(word >> 32)
          let text = UnsafeRawBufferPointer(start: start, count: Int(word & 0xFFFF_FFFF))
          accumulator.absorb(text: text, time: time)
        }
      }
    }
  }

  @inline(__always)
  private func isValid(_ record: UnsafeRawPointer, _ slot: Int) -> Bool {
    let mask = record.load(fromByteOffset: 24 + 8 * (slot >> 6), as: UInt64.self)
    return mask >> UInt64(slot & 63) & 1 != 0
  }

  private func emit(
    _ index: Int, _ item: SortedRecord, block number: Int64, _ builder: inout BlockBuilder,
    _ sink: BlockSink
  ) throws(StoreError) {
    key.removeAll(keepingCapacity: true)
    block.removeAll(keepingCapacity: true)
    SliceKey.append(
      view: plan.id, group: groups[index].number, hash: item.hash,
      entity: keyBytes(item.record), block: Int32(number), to: &key)
    builder.encode(groups[index].accumulators, into: &block)
    try key.withBytes { key throws(StoreError) in
      try block.withBytes { block throws(StoreError) in try sink(index, key, block) }
    }
  }

  @inline(__always)
  private func keyBytes(_ record: UnsafeRawPointer) -> UnsafeRawBufferPointer {
    let length = Int(record.load(fromByteOffset: 16, as: UInt32.self))
    return UnsafeRawBufferPointer(start: record + layout.payloadAt, count: length)
  }

  @inline(__always)
  private func keysEqual(_ left: UnsafeRawPointer, _ right: UnsafeRawPointer) -> Bool {
    let a = keyBytes(left)
    let b = keyBytes(right)
    return a.count == b.count && (a.isEmpty || memcmp(a.baseAddress!, b.baseAddress!, a.count) == 0)
  }
}
