// Events on their way into a view, as flat records in big pages: one view's key, place and inputs and
// nothing else, partitioned by the first bits of the hash so that each partition sorts inside the cache.
//
//   offset  bytes  meaning
//   0       8      hash of the entity
//   8       8      order: (slice + 2^32) << 31 | lag
//   16      4, 4   key length, length of key and texts together
//   24      8·m    a validity bit per slot (m words for the view's slots; none without slots)
//           8·s    a word per slot; text slots hold offset << 32 | length behind the header
//           8      event time, only where a partial needs it
//           ...    key, texts, padding to 8

/// The shape of one view's records.
struct RecordLayout: Sendable {
  let slotCount: Int
  let maskWords: Int
  let hasTime: Bool

  init(slotCount: Int, hasTime: Bool) {
    self.slotCount = slotCount
    self.hasTime = hasTime
    maskWords = (slotCount + 63) / 64
  }

  var slotsAt: Int { 24 + 8 * maskWords }
  var timeAt: Int { slotsAt + 8 * slotCount }
  var payloadAt: Int { timeAt + (hasTime ? 8 : 0) }

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

/// Pages of records, one chain per partition. Not for use by two threads.
final class RecordArena {
  private static let pageBytes = 1 << 16

  let partitionBits: Int
  private(set) var bytesHeld = 0
  private(set) var recordCount = 0
  private var chains: [Chain]

  struct Page {
    let base: UnsafeMutableRawPointer
    let capacity: Int
    var used = 0
  }

  struct Chain {
    var pages: [Page] = []
    var records = 0
  }

  init(partitionBits: Int) {
    self.partitionBits = partitionBits
    chains = Array(repeating: Chain(), count: 1 << partitionBits)
  }

  deinit { removeAll() }

  /// Room for one record of `size` bytes (a multiple of 8) in the hash's partition.
  @inline(__always)
  func allocate(hash: UInt64, size: Int) -> UnsafeMutableRawPointer {
    let partition = partitionBits == 0 ? 0 : Int(hash >> UInt64(64 - partitionBits))
    recordCount += 1
    return chains.withUnsafeMutableBufferPointer { chains in
      chains[partition].records += 1
      let last = chains[partition].pages.count - 1
      if last >= 0 {
        let used = chains[partition].pages[last].used
        if used + size <= chains[partition].pages[last].capacity {
          chains[partition].pages[last].used = used + size
          return chains[partition].pages[last].base + used
        }
      }
      let page = newPage(atLeast: size)
      chains[partition].pages.append(page)
      return page.base
    }
  }

  private func newPage(atLeast size: Int) -> Page {
    let capacity = max(Self.pageBytes, size)
    bytesHeld += capacity
    let base = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
    return Page(base: base, capacity: capacity, used: size)
  }

  func recordCount(inPartition partition: Int) -> Int { chains[partition].records }

  /// Calls `body` with the start of every record of a partition.
  @inline(__always)
  func forEachRecord(
    inPartition partition: Int, _ layout: RecordLayout, _ body: (UnsafeRawPointer) -> Void
  ) {
    for page in chains[partition].pages {
      var offset = 0
      while offset < page.used {
        let record = UnsafeRawPointer(page.base + offset)
        body(record)
        offset += layout.size(payload: Int(record.load(fromByteOffset: 20, as: UInt32.self)))
      }
    }
  }

  /// Frees a partition's pages once its blocks are written, so that memory falls while a load commits.
  func release(partition: Int) {
    for page in chains[partition].pages {
      page.base.deallocate()
    }
    chains[partition] = Chain()
  }

  func removeAll() {
    for partition in chains.indices { release(partition: partition) }
    bytesHeld = 0
    recordCount = 0
  }
}
