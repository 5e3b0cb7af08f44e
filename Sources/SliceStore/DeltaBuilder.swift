// From a partition's records to blocks in key order: sort by entity and place, then entity by entity.
// Batches of a stream and chunks of a bulk load both end here, so both write the same bytes.
import Aggregates
import FeatureModel
import Glibc

/// Aggregates the records of one view. Keeps its buffers; not for use by two threads.
final class DeltaBuilder {
  // One value under one class: its parts are reached without a check of exclusive access each time.
  private var work: PartitionWork

  init(_ plan: ViewPlan) { work = PartitionWork(plan) }

  /// Builds the blocks of one partition of several arenas and hands them on, entity by entity. Events that
  /// arrived before `sealSlice` arrive in it.
  /// - Complexity: O(n log n) in the records.
  func build(
    partition: Int, of arenas: [RecordArena], sealSlice: Int64?, into sink: BlockSink
  ) throws(StoreError) {
    try work.build(partition: partition, of: arenas, sealSlice: sealSlice, into: sink)
  }
}

/// What `DeltaBuilder` keeps.
private struct PartitionWork: ~Copyable {
  private let layout: RecordLayout
  private var sorter = RecordSorter()
  private var entity: EntityBlockBuilder

  init(_ plan: ViewPlan) {
    layout = ViewInputs(plan).layout
    entity = EntityBlockBuilder(plan)
  }

  mutating func build(
    partition: Int, of arenas: [RecordArena], sealSlice: Int64?, into sink: BlockSink
  ) throws(StoreError) {
    sorter.load(partition: partition, of: arenas, layout, sealSlice: sealSlice ?? .min)
    let records = sorter.sorted
    var start = 0
    while start < records.count {
      var end = start + 1
      var sameKey = true
      while end < records.count, records[end].hash == records[start].hash {
        if !keysEqual(records[end], records[start]) { sameKey = false }
        end += 1
      }
      let run = UnsafeBufferPointer(rebasing: records[start..<end])
      if sameKey { try entity.build(run, sink) } else { try buildColliding(run, sink) }
      start = end
    }
  }

  /// Different entities with one hash: blocks must still leave in key order. Never seen by chance.
  private mutating func buildColliding(
    _ run: UnsafeBufferPointer<SortedRecord>, _ sink: BlockSink
  ) throws(StoreError) {
    var entities: [[UInt8]: [SortedRecord]] = [:]
    for record in run { entities[Array(record.entity(layout)), default: []].append(record) }
    var collected: [(group: Int, key: [UInt8], block: [UInt8])] = []
    for records in entities.values {
      let copy = UnsafeMutableBufferPointer<SortedRecord>.allocate(capacity: records.count)
      defer { copy.deallocate() }
      _ = copy.initialize(from: records)
      try entity.build(UnsafeBufferPointer(copy)) { group, key, block throws(StoreError) in
        collected.append((group, Array(key), Array(block)))
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

  @inline(__always)
  private func keysEqual(_ left: SortedRecord, _ right: SortedRecord) -> Bool {
    let a = left.entity(layout)
    let b = right.entity(layout)
    return a.count == b.count && (a.isEmpty || memcmp(a.baseAddress!, b.baseAddress!, a.count) == 0)
  }
}
