// One entity's sorted records become blocks: per block the places of its entries first, then column by
// column all inputs of all entries in one call, so that the work for each event is a plain loop.
import Aggregates
import FeatureModel

/// Receives the blocks of one partition, keys ascending within each group. The bytes are borrowed.
typealias BlockSink = (
  _ group: Int, _ key: UnsafeRawBufferPointer, _ block: UnsafeRawBufferPointer
) throws(StoreError) -> Void

/// Aggregates one entity after the other; keeps its buffers.
struct EntityBlockBuilder: ~Copyable {
  private let view: ViewID
  private let layout: RecordLayout
  private let groups: [GroupColumns]
  private var places = BlockBuilder()
  /// Where the records of each entry end.
  private var ends = ScratchBuffer<Int32>()
  /// Where the values of each entry end in a column that has nulls.
  private var valueEnds = ScratchBuffer<Int32>()
  private var words = ScratchBuffer<UInt64>()
  private var times = ScratchBuffer<Int64>()
  private var key: [UInt8] = []
  private var block: [UInt8] = []

  /// A group's accumulators and where each finds its input.
  private struct GroupColumns {
    let number: UInt8
    let cut: BlockCut
    let accumulators: [Accumulator]
    let inputs: [Input]
  }

  private enum Input {
    case rows
    case word(slot: Int)
    case text(slot: Int)
  }

  init(_ plan: ViewPlan) {
    view = plan.id
    layout = EventIntake.layout(of: plan)
    let slotOfColumn = EventIntake.slots(of: plan).slotOfColumn
    groups = plan.groups.map { group in
      GroupColumns(
        number: group.number, cut: group.cut,
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

  /// Hands on the blocks of the entity that all records of `run` are about, group by group.
  mutating func build(
    _ run: UnsafeBufferPointer<SortedRecord>, _ sink: BlockSink
  ) throws(StoreError) {
    ends.reserve(run.count)
    valueEnds.reserve(run.count)
    words.reserve(run.count)
    times.reserve(run.count)
    for index in groups.indices {
      var start = 0
      while start < run.count {
        let (number, count, entries) = addPlaces(run, from: start, groups[index].cut)
        let records = UnsafeBufferPointer(rebasing: run[start..<start + count])
        for column in groups[index].inputs.indices { absorb(records, entries, index, column) }
        try emit(index, run[start], block: number, sink)
        start += count
      }
    }
  }

  /// Finds the entries of the block that the record at `start` belongs to.
  /// - Returns: the block's number, how many records it has and how many entries.
  @inline(__always)
  private mutating func addPlaces(
    _ run: UnsafeBufferPointer<SortedRecord>, from start: Int, _ cut: BlockCut
  ) -> (block: Int64, records: Int, entries: Int) {
    let hash = run[start].hash
    let block = cut.block(of: SliceOrder.slice(run[start].order), hash)
    let firstSlice = cut.firstSlice(of: block, hash)
    // Whatever the lag, the last place inside of the block lies below this.
    let limit = SliceOrder.pack(slice: cut.firstSlice(of: block + 1, hash), lag: 0)
    var position = start
    var entries = 0
    while position < run.count, run[position].order < limit {
      let order = run[position].order
      repeat { position += 1 } while position < run.count && run[position].order == order
      places.addEntry(
        offset: Int(SliceOrder.slice(order) - firstSlice), lag: SliceOrder.lag(order))
      ends.base[entries] = Int32(position - start)
      entries += 1
    }
    return (block, position - start, entries)
  }

  private mutating func absorb(
    _ records: UnsafeBufferPointer<SortedRecord>, _ entries: Int, _ group: Int, _ column: Int
  ) {
    let accumulator = groups[group].accumulators[column]
    let ends = UnsafeBufferPointer(start: ends.base, count: entries)
    switch groups[group].inputs[column] {
    case .rows:
      words.base.update(repeating: 0, count: records.count)
      gatherTimes(records)
      accumulator.absorbEntries(
        UnsafeBufferPointer(start: words.base, count: records.count), times: times.base, ends: ends)
    case .word(let slot):
      let count = gather(records, ends, slot)
      let all = count == records.count
      accumulator.absorbEntries(
        UnsafeBufferPointer(start: words.base, count: count), times: times.base,
        ends: all ? ends : UnsafeBufferPointer(start: valueEnds.base, count: entries))
    case .text(let slot): absorbTexts(records, ends, slot, accumulator)
    }
  }

  private func gatherTimes(_ records: UnsafeBufferPointer<SortedRecord>) {
    if !layout.hasTime { return }
    for index in records.indices {
      times.base[index] = records[index].record.load(
        fromByteOffset: layout.timeAt, as: Int64.self)
    }
  }

  /// Collects the values of a slot in `words`, beside them their times, and their ends in `valueEnds`.
  /// - Returns: how many records have a value.
  @inline(__always)
  private func gather(
    _ records: UnsafeBufferPointer<SortedRecord>, _ ends: UnsafeBufferPointer<Int32>, _ slot: Int
  ) -> Int {
    let maskAt = 24 + 8 * (slot >> 6)
    let bit = UInt64(slot & 63)
    let wordAt = layout.slotsAt + 8 * slot
    var count = 0
    var position = 0
    for entry in ends.indices {
      while position < Int(ends[entry]) {
        let record = records[position].record
        words.base[count] = record.load(fromByteOffset: wordAt, as: UInt64.self)
        if layout.hasTime {
          times.base[count] = record.load(fromByteOffset: layout.timeAt, as: Int64.self)
        }
        count += Int(record.load(fromByteOffset: maskAt, as: UInt64.self) >> bit & 1)
        position += 1
      }
      valueEnds.base[entry] = Int32(count)
    }
    return count
  }

  private func absorbTexts(
    _ records: UnsafeBufferPointer<SortedRecord>, _ ends: UnsafeBufferPointer<Int32>, _ slot: Int,
    _ accumulator: Accumulator
  ) {
    var position = 0
    for end in ends {
      while position < Int(end) {
        let record = records[position].record
        let mask = record.load(fromByteOffset: 24 + 8 * (slot >> 6), as: UInt64.self)
        if mask >> UInt64(slot & 63) & 1 != 0 {
          let word = record.load(fromByteOffset: layout.slotsAt + 8 * slot, as: UInt64.self)
          let start = record + layout.payloadAt + Int(word >> 32)
          let time = layout.hasTime ? record.load(fromByteOffset: layout.timeAt, as: Int64.self) : 0
          accumulator.absorb(
            text: UnsafeRawBufferPointer(start: start, count: Int(word & 0xFFFF_FFFF)), time: time)
        }
        position += 1
      }
      accumulator.finishEntry()
    }
  }

  private mutating func emit(
    _ index: Int, _ item: SortedRecord, block number: Int64, _ sink: BlockSink
  ) throws(StoreError) {
    key.removeAll(keepingCapacity: true)
    block.removeAll(keepingCapacity: true)
    SliceKey.append(
      view: view, group: groups[index].number, hash: item.hash, entity: item.entity(layout),
      block: Int32(number), to: &key)
    places.encode(groups[index].accumulators, into: &block)
    try key.withBytes { key throws(StoreError) in
      try block.withBytes { block throws(StoreError) in try sink(index, key, block) }
    }
  }
}
