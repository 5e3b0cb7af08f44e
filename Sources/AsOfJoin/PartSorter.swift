// Puts the items of one part in order: dealt out once more by the next bits of their hashes, into buckets of a
// few, which are sorted by insertion. All of it happens in a core's cache, in buffers kept from part to part.

struct PartSorter {
  private var counts: [Int] = []
  private var room: [JoinItem] = []

  /// Calls `body` with the items by (hash, time, row).
  /// - Complexity: O(items) for keys of few rows each, O(items · log items) for one key of many.
  mutating func withSorted<Failure: Error>(
    _ items: UnsafeMutableBufferPointer<JoinItem>, partBits: Int,
    _ body: (UnsafeMutableBufferPointer<JoinItem>) throws(Failure) -> Void
  ) throws(Failure) {
    if items.count < 2 { return try body(items) }
    let bits = max(1, Int.bitWidth - (items.count / 4).leadingZeroBitCount)
    let shift = UInt64(64 - partBits - bits)
    let mask = UInt64(1) << UInt64(bits) - 1
    counts.removeAll(keepingCapacity: true)
    counts.append(contentsOf: repeatElement(0, count: 1 << bits))
    for item in items { counts[Int(item.hash >> shift & mask)] += 1 }
    var next = 0
    for bucket in counts.indices { (counts[bucket], next) = (next, next + counts[bucket]) }
    if room.count < items.count {
      let none = JoinItem(hash: 0, time: 0, row: 0, key: 0)
      room.append(contentsOf: repeatElement(none, count: items.count - room.count))
    }
    try room.withUnsafeMutableBufferPointer { room throws(Failure) in
      counts.withUnsafeMutableBufferPointer { counts in
        for item in items {
          let bucket = Int(item.hash >> shift & mask)
          room[counts[bucket]] = item
          counts[bucket] += 1
        }
      }
      var start = 0
      for end in counts {
        Self.sort(UnsafeMutableBufferPointer(rebasing: room[start..<end]))
        start = end
      }
      try body(UnsafeMutableBufferPointer(rebasing: room[..<items.count]))
    }
  }

  private static func sort(_ items: UnsafeMutableBufferPointer<JoinItem>) {
    guard items.count <= 24 else {
      var items = items
      return items.sort(by: precedes)
    }
    guard items.count > 1 else { return }
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

  @inline(__always)
  private static func precedes(_ left: JoinItem, _ right: JoinItem) -> Bool {
    if left.hash != right.hash { return left.hash < right.hash }
    return left.time != right.time ? left.time < right.time : left.row < right.row
  }
}
