// Events on their way into a view, as flat records in big pages: one view's key, place and inputs and
// nothing else, partitioned by the first bits of the hash so that each partition sorts inside the cache.
//
//   offset  bytes  meaning
//   0       8      hash of the entity
//   8       8      order: (slice + 2^32) << 31 | lag
//   16      4, 4   key length, length of key and texts together
//   24      8·m    a validity bit per slot, then a bit per mark (`ViewInputs`), in m words; none without both
//           8·s    a word per slot; text slots hold offset << 32 | length behind the header
//           8      event time, only where a partial needs it
//           ...    key, texts, padding to 8

/// The shape of one view's records.
struct RecordLayout: Sendable {
  let slotCount: Int
  let maskWords: Int
  let hasTime: Bool
  let slotsAt: Int
  let timeAt: Int
  let payloadAt: Int

  init(slotCount: Int, markCount: Int, hasTime: Bool) {
    self.slotCount = slotCount
    self.hasTime = hasTime
    maskWords = (slotCount + markCount + 63) / 64
    slotsAt = 24 + 8 * maskWords
    timeAt = slotsAt + 8 * slotCount
    payloadAt = timeAt + (hasTime ? 8 : 0)
  }

  func size(payload: Int) -> Int { (payloadAt + payload + 7) & ~7 }
}

/// Where an event lies in time, as one number that sorts by slice, then by lag.
enum SliceOrder {
  static let lagBits: UInt64 = 31

  @inline(__always)
  static func pack(slice: Int64, lag: Int64) -> UInt64 {
    UInt64(bitPattern: slice + (1 << 32)) << lagBits | UInt64(bitPattern: lag)
  }

  @inline(__always)
  static func slice(_ order: UInt64) -> Int64 { Int64(order >> lagBits) - (1 << 32) }

  @inline(__always)
  static func lag(_ order: UInt64) -> Int64 { Int64(order & (1 << lagBits - 1)) }

  /// The same place with an arrival no earlier than `sealSlice`.
  @inline(__always)
  static func sealed(_ order: UInt64, _ sealSlice: Int64) -> UInt64 {
    let slice = slice(order)
    guard slice + lag(order) < sealSlice else { return order }
    return pack(slice: slice, lag: min(sealSlice - slice, BlockView.lagMax))
  }
}

/// Pages of records, one chain per partition. Pages are kept for the next records when the present ones
/// are forgotten. Not for use by two threads.
final class RecordArena {
  let partitionBits: Int
  private(set) var bytesHeld = 0
  /// The hashes that records may have, for those who write them to ask.
  private(set) var hashes: ClosedRange<UInt64> = 0 ... .max
  /// Where the next record of each partition goes.
  private let cursors: UnsafeMutableBufferPointer<Cursor>
  private var chains: [[Page]]
  private var pages: PageStock

  /// The free end of a partition's last page.
  private struct Cursor {
    var next: UnsafeMutableRawPointer
    var room: Int
    var records: Int
  }

  private struct Page {
    let base: UnsafeMutableRawPointer
    let capacity: Int
    /// Set when the next page begins.
    var used = 0
  }

  /// - Parameter isLarge: many pages will be needed at once, so they come in slabs of huge pages.
  init(partitionBits: Int, isLarge: Bool) {
    self.partitionBits = partitionBits
    pages = PageStock(isLarge: isLarge)
    chains = Array(repeating: [], count: 1 << partitionBits)
    cursors = .allocate(capacity: 1 << partitionBits)
    cursors.initialize(repeating: Self.emptyCursor)
  }

  deinit {
    removeAll()
    cursors.deallocate()
  }

  private static var emptyCursor: Cursor {
    Cursor(next: UnsafeMutableRawPointer(bitPattern: 8)!, room: 0, records: 0)
  }

  var recordCount: Int { cursors.reduce(0) { $0 + $1.records } }

  /// Bytes of the records alone.
  var bytesUsed: Int { bytesHeld - cursors.reduce(0) { $0 + $1.room } }

  func recordCount(inPartition partition: Int) -> Int { cursors[partition].records }

  /// Room for one record of `size` bytes (a multiple of 8) in the hash's partition.
  @inline(__always)
  func allocate(hash: UInt64, size: Int) -> UnsafeMutableRawPointer {
    let partition = partitionBits == 0 ? 0 : Int(hash >> UInt64(64 - partitionBits))
    let cursor = cursors.baseAddress.unsafelyUnwrapped + partition
    if cursor.pointee.room < size { startPage(partition, atLeast: size) }
    let record = cursor.pointee.next
    cursor.pointee.next = record + size
    cursor.pointee.room -= size
    cursor.pointee.records += 1
    return record
  }

  @inline(never)
  private func startPage(_ partition: Int, atLeast size: Int) {
    closePage(partition)
    let capacity = max(PageStock.pageBytes, size)
    let isPage = capacity == PageStock.pageBytes
    let base = isPage ? pages.take() : .allocate(byteCount: capacity, alignment: 16)
    bytesHeld += capacity
    chains[partition].append(Page(base: base, capacity: capacity))
    cursors[partition].next = base
    cursors[partition].room = capacity
  }

  private func closePage(_ partition: Int) {
    let last = chains[partition].count - 1
    if last >= 0 {
      chains[partition][last].used = chains[partition][last].capacity - cursors[partition].room
    }
  }

  /// Calls `body` with the start of every record of a partition.
  @inline(__always)
  func forEachRecord(
    inPartition partition: Int, _ layout: RecordLayout, _ body: (UnsafeRawPointer) -> Void
  ) {
    let chain = chains[partition]
    for (index, page) in chain.enumerated() {
      let isLast = index == chain.count - 1
      let used = isLast ? page.capacity - cursors[partition].room : page.used
      var offset = 0
      while offset < used {
        let record = UnsafeRawPointer(page.base + offset)
        body(record)
        offset += layout.size(payload: Int(record.load(fromByteOffset: 20, as: UInt32.self)))
      }
    }
  }

  /// Forgets all records.
  func removeAll() {
    for partition in chains.indices { remove(partition) }
  }

  /// Has records of these partitions from here on, and forgets the others.
  func restrict(to partitions: Range<Int>) {
    for partition in chains.indices where !partitions.contains(partition) { remove(partition) }
    // The end of the last partition is 2^64, of which zero is left.
    let shift = UInt64(64 - partitionBits)
    let end = UInt64(partitions.upperBound) << shift
    hashes = UInt64(partitions.lowerBound) << shift...end &- 1
  }

  private func remove(_ partition: Int) {
    for page in chains[partition] {
      bytesHeld -= page.capacity
      if page.capacity == PageStock.pageBytes {
        pages.put(page.base)
      } else {
        page.base.deallocate()
      }
    }
    chains[partition].removeAll(keepingCapacity: true)
    cursors[partition] = Self.emptyCursor
  }
}
