// How the blocks of an entity come to hand: off a join's sweep, out of the memory of look-ups, by point
// reads, or, for windows without a beginning, one after the other of those that there are.
import Aggregates
import FeatureModel
import Rocks

extension GroupReader {
  /// Takes all blocks up to `last` off the sweep; the newest stay at hand until others need their places.
  func gatherAll(_ last: Int64) throws(StoreError) {
    guard seal(BlockList.place) else { return }
    var found: [Int64] = []
    try key.withBytes { key throws(StoreError) in
      try sweep!.move(to: key, hash: hash)
      while let (number, bytes) = sweep!.block(of: key), number <= last {
        let slot = slots.another()
        do throws(CodecError) {
          try slots[slot].take(number, copying: bytes)
          try open(slot)
        } catch { throw corrupt(error) }
        found.append(number)
        try sweep!.next()
      }
    }
    list.take(ascending: found, through: last)
  }

  /// Takes the blocks `first ... last` off the sweep, where they fit the slots.
  func gather(_ first: Int64, _ last: Int64) throws(StoreError) {
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
  func seal(_ number: Int64) -> Bool {
    guard let block = Int32(exactly: number) else { return false }
    key.withUnsafeMutableBytes {
      $0.storeBytes(of: SliceKey.blockBytes(block), toByteOffset: $0.count - 4, as: UInt32.self)
    }
    return true
  }

  /// Hands the columns of a slot's block to the accumulators.
  @inline(__always)
  func open(_ slot: Int) throws(CodecError) {
    guard let view = slots[slot].view else { return }
    try view.forEachColumn(at: places) { index, column throws(CodecError) in
      try accumulators.call(index) { accumulator throws(CodecError) in
        try accumulator.open(StoredColumn(bytes: column, rows: view.entryCount), slot: slot)
      }
    }
  }

  /// The next block of the entity that there is, seen from a number backwards.
  func newestBlock(atMost number: Int64) throws(StoreError) -> Int64? {
    if !list.covers(number) { try readList(through: number) }
    return list.newest(atMost: number)
  }

  func readList(through last: Int64) throws(StoreError) {
    guard let memory = source.memory, let sealed, seal(BlockList.place) else {
      guard seal(last) else { return list.take(ascending: [], through: last) }
      return try key.withBytes { key throws(StoreError) in
        try list.read(source, key, through: last, snapshot)
      }
    }
    let place = BlockSource.hash(view, self.number, hash, BlockList.place)
    let revision = source.revision
    let known = key.withBytes {
      memory.find($0, hash: place, revision: revision, slice: sealed)
    }
    if let known {
      return list.take(known, through: last)
    }
    guard seal(last) else { return list.take(ascending: [], through: last) }
    try key.withBytes { key throws(StoreError) in
      try list.read(source, key, through: last, snapshot)
    }
    guard seal(BlockList.place) else { return }
    key.withBytes { key in
      list.withBytes {
        memory.keep($0, at: key, hash: place, revision: revision, slice: sealed)
      }
    }
  }

  /// Brings a block to hand, if it is not, and stands behind its last entry that the request may see.
  func load(_ number: Int64, _ walk: inout Walk) throws(StoreError) {
    walk.loaded = number
    walk.block = nil
    if let place = slots.place(of: number) {
      walk.slot = place
    } else {
      if swept.contains(number) { return }
      if list.covers(number), list.newest(atMost: number) != number { return }
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
  func fetch(
    _ number: Int64, _ key: UnsafeRawBufferPointer, _ slot: Int
  ) throws(StoreError) {
    let pinned = try source.pinned(key, options)
    do throws(CodecError) {
      try slots[slot].take(number, pinned)
      try open(slot)
    } catch { throw corrupt(error) }
  }

  /// Brings a block from the memory, or from RocksDB and into the memory.
  func recall(
    _ number: Int64, _ key: UnsafeRawBufferPointer, _ slot: Int, _ memory: any BlockMemory,
    _ slice: Int64
  ) throws(StoreError) {
    let place = BlockSource.hash(view, self.number, hash, number)
    let revision = source.revision
    guard let known = memory.find(key, hash: place, revision: revision, slice: slice) else {
      try fetch(number, key, slot)
      let bytes = slots[slot].view?.bytes ?? UnsafeRawBufferPointer(start: nil, count: 0)
      return memory.keep(bytes, at: key, hash: place, revision: revision, slice: slice)
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

  func corrupt(_ error: CodecError) -> StoreError {
    return .corrupt(what: "block with key \(key.withUnsafeBytes(SliceKey.hex))", error)
  }
}
