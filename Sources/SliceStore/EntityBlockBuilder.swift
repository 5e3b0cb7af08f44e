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
  private var categoryText: [UInt8] = []
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
    /// Without a slot, the records that count are what is counted.
    case word(slot: Int?, bit: Int)
    case text(slot: Int, bit: Int)
    /// Without a slot of a value, as for `word`.
    case categorized(slot: Int?, category: Int, FieldType, bit: Int)
  }

  init(_ plan: ViewPlan) {
    view = plan.id
    let inputs = ViewInputs(plan)
    layout = inputs.layout
    groups = plan.groups.map { group in
      GroupColumns(
        number: group.number, cut: group.cut,
        accumulators: group.columns.map { plan.columns[$0].spec.make() },
        inputs: group.columns.map {
          Self.input(inputs.columns[$0], plan.columns[$0])
        })
    }
  }

  private static func input(_ column: ViewInputs.Column, _ stored: ViewPlan.Column) -> Input {
    guard let bit = column.bit else { return .rows }
    if let category = column.category, let type = stored.category?.type {
      return .categorized(slot: column.value, category: category, type, bit: bit)
    }
    guard let slot = column.value, stored.spec.slot == .text else {
      return .word(slot: column.value, bit: bit)
    }
    return .text(slot: slot, bit: bit)
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
    case .word(let slot, let bit):
      let count = gather(records, ends, slot, bit)
      let all = count == records.count
      accumulator.absorbEntries(
        UnsafeBufferPointer(start: words.base, count: count), times: times.base,
        ends: all ? ends : UnsafeBufferPointer(start: valueEnds.base, count: entries))
    case .text(let slot, let bit): absorbTexts(records, ends, slot, bit, accumulator)
    case .categorized(let slot, let category, let type, let bit):
      absorbCategories(records, ends, slot, category, type, bit, accumulator)
    }
  }

  private func gatherTimes(_ records: UnsafeBufferPointer<SortedRecord>) {
    if !layout.hasTime { return }
    for index in records.indices {
      times.base[index] = records[index].record.load(
        fromByteOffset: layout.timeAt, as: Int64.self)
    }
  }

  /// Collects the values of a slot in the records that count in `words` (without a slot, as many zeros), beside
  /// them their times, and their ends in `valueEnds`.
  /// - Returns: how many records count.
  @inline(__always)
  private func gather(
    _ records: UnsafeBufferPointer<SortedRecord>, _ ends: UnsafeBufferPointer<Int32>, _ slot: Int?,
    _ place: Int
  ) -> Int {
    let maskAt = 24 + 8 * (place >> 6)
    let bit = UInt64(place & 63)
    let wordAt = layout.slotsAt + 8 * (slot ?? 0)
    var count = 0
    var position = 0
    for entry in ends.indices {
      while position < Int(ends[entry]) {
        let record = records[position].record
        words.base[count] =
          slot == nil ? 0 : record.load(fromByteOffset: wordAt, as: UInt64.self)
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
    _ bit: Int, _ accumulator: Accumulator
  ) {
    var position = 0
    for end in ends {
      while position < Int(end) {
        let record = records[position].record
        let mask = record.load(fromByteOffset: 24 + 8 * (bit >> 6), as: UInt64.self)
        if mask >> UInt64(bit & 63) & 1 != 0 {
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

  private mutating func absorbCategories(
    _ records: UnsafeBufferPointer<SortedRecord>, _ ends: UnsafeBufferPointer<Int32>, _ slot: Int?,
    _ category: Int, _ type: FieldType, _ bit: Int, _ accumulator: Accumulator
  ) {
    var position = 0
    for end in ends {
      while position < Int(end) {
        let record = records[position].record
        position += 1
        let mask = record.load(fromByteOffset: 24 + 8 * (bit >> 6), as: UInt64.self)
        guard mask >> UInt64(bit & 63) & 1 != 0 else { continue }
        let word = slot.map {
          record.load(fromByteOffset: layout.slotsAt + 8 * $0, as: UInt64.self)
        }
        let place = record.load(fromByteOffset: layout.slotsAt + 8 * category, as: UInt64.self)
        if type == .string {
          let text = UnsafeRawBufferPointer(
            start: record + layout.payloadAt + Int(place >> 32), count: Int(place & 0xFFFF_FFFF))
          accumulator.absorb(category: text, word: word ?? 0)
        } else {
          categoryText.removeAll(keepingCapacity: true)
          EntityKeyBuilder.append(word: place, type, to: &categoryText)
          categoryText.withUnsafeBytes { accumulator.absorb(category: $0, word: word ?? 0) }
        }
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
