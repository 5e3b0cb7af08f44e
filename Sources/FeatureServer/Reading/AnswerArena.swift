// Answers as the bytes that were sent, kept by plan and entity. As served, an answer depends only on the entity
// and the slice of the request, so no write makes one stale: an entry is good for as long as its slice lasts,
// and is written over in place when the next one begins.
//
// One ring of entries, the oldest first in line to go, with a second chance for what was asked for meanwhile
// (CLOCK; Corbató, "A Paging Experiment with the Multics System", 1968). An index of buckets of eight, a cache
// line each: what does not fit a bucket pushes its oldest neighbour out. All memory is mapped at once and costs
// nothing until it is used. One per event loop, without locks.
import CLinux
import Glibc

package struct AnswerArena: ~Copyable {
  /// What stands before an entry's key and reply.
  private struct Header: BitwiseCopyable {
    var hash: UInt64
    var slice: Int64
    /// Bytes of the whole entry, a multiple of 8.
    var size: UInt32
    var plan: UInt32
    var keyCount: UInt32
    var replyCount: UInt32
    /// Asked for since it was written, or since it had its second chance.
    var isTouched: Bool
    /// False for what nothing leads to any more, and for the gap at the ring's end.
    var isLive: Bool
  }

  private static let headerBytes = 40
  private static let bucketSlots = 8
  /// Bytes of an entry that the index is laid out for; shorter ones fill it before the ring is full.
  private static let expectedBytes = 192
  /// Second chances that one insertion gives at most.
  private static let chances = 8

  private let ring: UnsafeMutableRawPointer
  private let capacity: Int
  /// Each slot: 24 bits of the hash, and the entry's place in units of 8 bytes, plus one; 0 where it is empty.
  private let index: UnsafeMutablePointer<UInt64>
  private let bucketMask: UInt64
  private let mapping: UnsafeMutableRawBufferPointer
  /// Where the next entry goes.
  private var head = 0
  /// The oldest entry; equal to `head` where the ring is empty or full.
  private var tail = 0
  private var usedBytes = 0
  package private(set) var entryCount = 0

  /// - Parameter bytes: all memory, index included; too little for a few entries keeps nothing.
  package init(bytes: Int) {
    var buckets = 1
    while buckets * 2 * Self.bucketSlots * 8 <= bytes / 8,
      buckets * Self.bucketSlots * Self.expectedBytes < bytes * 3
    { buckets *= 2 }
    let indexBytes = buckets * Self.bucketSlots * 8
    capacity = bytes < 64 << 10 ? 0 : (bytes - indexBytes) & ~7
    bucketMask = UInt64(buckets - 1)
    mapping = Self.map(indexBytes + capacity + 64)
    let address = Int(bitPattern: mapping.baseAddress!)
    let memory = mapping.baseAddress! + (-address & (Self.pageBytes - 1))
    index = memory.assumingMemoryBound(to: UInt64.self)
    ring = memory + indexBytes
  }

  deinit { munmap(mapping.baseAddress!, mapping.count) }

  /// Gives all memory back, with what stood in it; the next entries find it empty.
  package mutating func wipe() {
    // Private memory without a file comes back as zeros.
    guard madvise(mapping.baseAddress!, mapping.count, MADV_DONTNEED) == 0 else {
      fatalError("kept answers cannot be given up: errno \(errno)")
    }
    (head, tail, usedBytes, entryCount) = (0, 0, 0, 0)
  }

  private static let pageBytes = 2 << 20

  /// Memory on large pages where the system has them: entries are asked for in no order, and with small pages
  /// most of the wait is for the pages' addresses.
  private static func map(_ bytes: Int) -> UnsafeMutableRawBufferPointer {
    let size = bytes + pageBytes
    let memory = mmap(
      nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    guard let memory, memory != MAP_FAILED else {
      fatalError("no address space for \(bytes) bytes of answers")
    }
    // Only advice: where it is not taken, small pages serve.
    if bytes >= 2 * pageBytes { madvise(memory, size, MADV_HUGEPAGE) }
    return UnsafeMutableRawBufferPointer(start: memory, count: size)
  }

  /// Bytes of entries that can still be asked for, or are waiting to be overwritten.
  package var byteCount: Int { usedBytes }

  /// The answer to a plan for an entity in a slice, borrowed until the next insertion.
  @inline(__always)
  package mutating func find(
    _ hash: UInt64, plan: UInt32, key: UnsafeRawBufferPointer, slice: Int64
  ) -> UnsafeRawBufferPointer? {
    guard let place = place(hash, plan, key) else { return nil }
    let entry = header(place)
    guard entry.pointee.slice == slice else { return nil }
    if !entry.pointee.isTouched { entry.pointee.isTouched = true }
    let reply = ring + place + Self.headerBytes + Int(entry.pointee.keyCount)
    return UnsafeRawBufferPointer(start: reply, count: Int(entry.pointee.replyCount))
  }

  /// Keeps an answer; the one that stood for the same plan and entity goes.
  package mutating func insert(
    _ hash: UInt64, plan: UInt32, key: UnsafeRawBufferPointer, slice: Int64,
    reply: UnsafeRawBufferPointer
  ) {
    let size = (Self.headerBytes + key.count + reply.count + 7) & ~7
    // What would push a good part of the others out is not worth keeping.
    guard size <= capacity / 16 else {
      if let place = place(hash, plan, key) { forget(place) }
      return
    }
    if let place = place(hash, plan, key) {
      let entry = header(place)
      if Int(entry.pointee.size) >= size {
        entry.pointee.slice = slice
        fill(place, key, reply)
        return
      }
      forget(place)
    }
    makeRoom(size, slice)
    header(head).pointee = Header(
      hash: hash, slice: slice, size: UInt32(size), plan: plan, keyCount: UInt32(key.count),
      replyCount: 0, isTouched: false, isLive: true)
    fill(head, key, reply)
    link(hash, head)
    head += size
    usedBytes += size
    entryCount += 1
  }

  @inline(__always)
  private func header(_ place: Int) -> UnsafeMutablePointer<Header> {
    (ring + place).assumingMemoryBound(to: Header.self)
  }

  private func fill(
    _ place: Int, _ key: UnsafeRawBufferPointer, _ reply: UnsafeRawBufferPointer
  ) {
    let entry = header(place)
    entry.pointee.replyCount = UInt32(reply.count)
    let start = ring + place + Self.headerBytes
    if let source = key.baseAddress { start.copyMemory(from: source, byteCount: key.count) }
    if let source = reply.baseAddress {
      (start + key.count).copyMemory(from: source, byteCount: reply.count)
    }
  }
}

// The index.
extension AnswerArena {
  @inline(__always)
  private func bucket(_ hash: UInt64) -> UnsafeMutablePointer<UInt64> {
    index + Int(truncatingIfNeeded: hash & bucketMask) &* Self.bucketSlots
  }

  @inline(__always)
  private static func tag(_ hash: UInt64) -> UInt64 { hash & ~placeMask }

  /// Asks memory for the slots of a hash.
  @inline(__always)
  func prefetchBucket(_ hash: UInt64) { clinux_prefetch(bucket(hash)) }

  /// Asks memory for the entry of a hash, if there may be one.
  @inline(__always)
  func prefetchEntry(_ hash: UInt64) {
    guard capacity > 0 else { return }
    let slots = bucket(hash)
    let tag = Self.tag(hash)
    for slot in 0..<Self.bucketSlots where slots[slot] & ~Self.placeMask == tag {
      guard slots[slot] != 0 else { continue }
      let entry = ring + Int(slots[slot] & Self.placeMask &- 1) &* 8
      for line in 0..<3 { clinux_prefetch(entry + 64 &* line) }
      return
    }
  }

  private static let placeMask: UInt64 = (1 << 40) - 1

  @inline(__always)
  private func place(_ hash: UInt64, _ plan: UInt32, _ key: UnsafeRawBufferPointer) -> Int? {
    guard capacity > 0 else { return nil }
    let slots = bucket(hash)
    let tag = Self.tag(hash)
    for slot in 0..<Self.bucketSlots {
      let value = slots[slot]
      guard value != 0, value & ~Self.placeMask == tag else { continue }
      let place = Int(value & Self.placeMask &- 1) &* 8
      let entry = header(place)
      guard entry.pointee.hash == hash, entry.pointee.plan == plan,
        Int(entry.pointee.keyCount) == key.count,
        key.isEmpty || memcmp(ring + place + Self.headerBytes, key.baseAddress!, key.count) == 0
      else { continue }
      return place
    }
    return nil
  }

  private mutating func link(_ hash: UInt64, _ place: Int) {
    let slots = bucket(hash)
    let value = Self.tag(hash) | UInt64(place / 8 + 1)
    for slot in 0..<Self.bucketSlots where slots[slot] == 0 {
      slots[slot] = value
      return
    }
    // The one that is longest in the ring goes: the first behind the head, round the ring.
    var oldest = 0
    for slot in 1..<Self.bucketSlots where age(slots[slot]) > age(slots[oldest]) { oldest = slot }
    forget(Int(slots[oldest] & Self.placeMask - 1) * 8)
    slots[oldest] = value
  }

  private func age(_ slot: UInt64) -> Int {
    let distance = head - Int(slot & Self.placeMask - 1) * 8
    return distance >= 0 ? distance : distance + capacity
  }

  private func unlink(_ hash: UInt64, _ place: Int) {
    let slots = bucket(hash)
    let value = Self.tag(hash) | UInt64(place / 8 + 1)
    for slot in 0..<Self.bucketSlots where slots[slot] == value { slots[slot] = 0 }
  }

  /// Nothing leads to the entry any more; its bytes are taken back when the ring comes round.
  private mutating func forget(_ place: Int) {
    let entry = header(place)
    unlink(entry.pointee.hash, place)
    entry.pointee.isLive = false
    entryCount -= 1
  }
}

// The ring.
extension AnswerArena {
  /// Frees the bytes behind `head`, so that an entry of `size` fits there.
  private mutating func makeRoom(_ size: Int, _ slice: Int64) {
    var chances = Self.chances
    if capacity - head < size {
      // The rest of the ring stays empty this time.
      while usedBytes > 0, tail >= head { evict(for: nil, &chances, slice) }
      let gap = capacity - head
      if gap >= Self.headerBytes, usedBytes > 0 {
        header(head).pointee = Header(
          hash: 0, slice: 0, size: UInt32(gap), plan: 0, keyCount: 0, replyCount: 0,
          isTouched: false, isLive: false)
        usedBytes += gap
      } else if usedBytes > 0 {
        // Too short for a header: added to the reckoning when the tail gets there.
        usedBytes += gap
      }
      head = 0
      if usedBytes == 0 { tail = 0 }
    }
    while usedBytes > 0, tail >= head, tail - head < size {
      evict(for: size, &chances, slice)
    }
  }

  /// Takes the oldest entry off, or lets one that is asked for go to the ring's head instead.
  /// - Parameter needed: bytes that have to fit behind `head` afterwards; nil while the ring comes round.
  private mutating func evict(for needed: Int?, _ chances: inout Int, _ slice: Int64) {
    if capacity - tail < Self.headerBytes {
      usedBytes -= capacity - tail
      tail = 0
      return
    }
    let entry = header(tail)
    let size = Int(entry.pointee.size)
    if entry.pointee.isLive {
      let canMove =
        chances > 0 && entry.pointee.isTouched && entry.pointee.slice >= slice
        && needed.map { head + size + $0 <= capacity } ?? false
      unlink(entry.pointee.hash, tail)
      if canMove {
        chances -= 1
        entry.pointee.isTouched = false
        let hash = entry.pointee.hash
        memmove(ring + head, ring + tail, size)
        link(hash, head)
        head += size
        usedBytes += size
      } else {
        entry.pointee.isLive = false
        entryCount -= 1
      }
    }
    tail += size
    usedBytes -= size
    if tail >= capacity { tail = 0 }
  }
}
