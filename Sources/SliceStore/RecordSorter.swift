// Sorts the records of a partition by (hash, order) without moving them: a counting pass on the hash's
// next bits leaves buckets of a few entities, which are then sorted in the cache.

/// A record's sort key beside its place.
struct SortedRecord {
  let hash: UInt64
  let order: UInt64
  let record: UnsafeRawPointer

  /// The bytes of the record's entity, borrowed.
  @inline(__always)
  func entity(_ layout: RecordLayout) -> UnsafeRawBufferPointer {
    let length = Int(record.load(fromByteOffset: 16, as: UInt32.self))
    return UnsafeRawBufferPointer(start: record + layout.payloadAt, count: length)
  }
}

/// Keeps its buffers from partition to partition. Not for use by two threads.
struct RecordSorter: ~Copyable {
  private var loaded = ScratchBuffer<SortedRecord>()
  private var bucketed = ScratchBuffer<SortedRecord>()
  private var count = 0

  /// The records of the last `load`, ascending; valid until the next.
  var sorted: UnsafeBufferPointer<SortedRecord> {
    UnsafeBufferPointer(start: bucketed.base, count: count)
  }

  mutating func load(
    partition: Int, of arenas: [RecordArena], _ layout: RecordLayout, sealSlice: Int64
  ) {
    count = arenas.reduce(0) { $0 + $1.recordCount(inPartition: partition) }
    loaded.reserve(count)
    bucketed.reserve(count)
    guard count > 0, let first = arenas.first else { return }
    let bucketBits = max(0, min(16, count.bitWidth - count.leadingZeroBitCount - 3))
    let shift = UInt64(64 - bucketBits)
    let skipped = UInt64(first.partitionBits)
    var ends: [Int32] = Array(repeating: 0, count: 1 << bucketBits)
    var next = 0
    let target = loaded.base
    ends.withUnsafeMutableBufferPointer { ends in
      for arena in arenas {
        arena.forEachRecord(inPartition: partition, layout) { record in
          let hash = record.load(as: UInt64.self)
          let order = SliceOrder.sealed(
            record.load(fromByteOffset: 8, as: UInt64.self), sealSlice)
          target[next] = SortedRecord(hash: hash, order: order, record: record)
          next += 1
          ends[Self.bucket(hash, skipped, shift)] += 1
        }
      }
      distribute(ends, skipped, shift)
      sortBuckets(ends)
    }
  }

  @inline(__always)
  private static func bucket(_ hash: UInt64, _ skipped: UInt64, _ shift: UInt64) -> Int {
    shift >= 64 ? 0 : Int((hash << skipped) >> shift)
  }

  private func distribute(
    _ ends: UnsafeMutableBufferPointer<Int32>, _ skipped: UInt64, _ shift: UInt64
  ) {
    var start: Int32 = 0
    for bucket in ends.indices {
      let size = ends[bucket]
      ends[bucket] = start
      start += size
    }
    for index in 0..<count {
      let item = loaded.base[index]
      let bucket = Self.bucket(item.hash, skipped, shift)
      bucketed.base[Int(ends[bucket])] = item
      ends[bucket] += 1
    }
  }

  private func sortBuckets(_ ends: UnsafeMutableBufferPointer<Int32>) {
    var start = 0
    for bucket in ends.indices {
      let end = Int(ends[bucket])
      if end - start > 1 {
        var items = UnsafeMutableBufferPointer(start: bucketed.base + start, count: end - start)
        if items.count <= 24 { Self.insertionSort(items) } else { items.sort(by: Self.precedes) }
      }
      start = end
    }
  }

  @inline(__always)
  private static func precedes(_ left: SortedRecord, _ right: SortedRecord) -> Bool {
    left.hash != right.hash ? left.hash < right.hash : left.order < right.order
  }

  private static func insertionSort(_ items: UnsafeMutableBufferPointer<SortedRecord>) {
    for index in 1..<items.count {
      let item = items[index]
      var place = index
      while place > 0, precedes(item, items[place - 1]) {
        items[place] = items[place - 1]
        place -= 1
      }
      items[place] = item
    }
  }
}
