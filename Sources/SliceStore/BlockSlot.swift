// A block at hand: its bytes, wherever they are held, and what was parsed of them.
import Aggregates
import Rocks

/// One place for a block of the selected entity; used again for block after block.
struct BlockSlot: ~Copyable {
  /// The number of the block that the place is for; nil where the place is empty.
  private(set) var number: Int64?
  /// Nil where the store has no such block.
  private(set) var view: BlockView?
  private var pinned: PinnedBytes?
  /// Asked for every entity of a join, where nothing is pinned.
  private var isPinned = false
  private var copy: [UInt8] = []

  /// Lets go of the block, and keeps the memory.
  @inline(__always)
  mutating func clear() {
    number = nil
    view = nil
    if isPinned {
      pinned = nil
      isPinned = false
    }
  }

  /// Takes a block that was read by its key; nil where there is none.
  mutating func take(_ number: Int64, _ pinned: consuming PinnedBytes?) throws(CodecError) {
    clear()
    self.pinned = pinned
    isPinned = true
    self.number = number
    if let bytes = self.pinned?.bytes { view = try BlockView(bytes) }
  }

  /// Takes it that there is no such block.
  mutating func takeNothing(_ number: Int64) {
    clear()
    self.number = number
  }

  /// Takes bytes that the caller keeps in place until the next `clear`.
  @inline(__always)
  mutating func take(
    _ number: Int64, borrowed bytes: UnsafeRawBufferPointer
  ) throws(CodecError) {
    clear()
    self.number = number
    view = try BlockView(bytes)
  }

  /// Takes a copy of bytes.
  mutating func take(
    _ number: Int64, copying bytes: UnsafeRawBufferPointer
  ) throws(CodecError) {
    clear()
    self.number = number
    copy.removeAll(keepingCapacity: true)
    copy.append(contentsOf: bytes)
    // The array is not touched again until the next copy, so its memory stays where it is.
    let start = copy.withUnsafeBytes { $0.baseAddress }
    view = try BlockView(UnsafeRawBufferPointer(start: start, count: bytes.count))
  }
}

/// A few places, each for one block of the selected entity.
struct BlockSlots: ~Copyable {
  private let slots: UnsafeMutablePointer<BlockSlot>
  let count: Int
  /// The place that is given away next.
  private var next = 0

  init(count: Int) {
    self.count = count
    slots = .allocate(capacity: count)
    for index in 0..<count { (slots + index).initialize(to: BlockSlot()) }
  }

  deinit {
    slots.deinitialize(count: count)
    slots.deallocate()
  }

  subscript(index: Int) -> BlockSlot {
    @inline(__always) _read { yield slots[index] }
    @inline(__always) _modify { yield &slots[index] }
  }

  /// The place of a block; nil where it is not at hand.
  @inline(__always)
  func place(of number: Int64) -> Int? {
    for index in 0..<count where slots[index].number == number { return index }
    return nil
  }

  /// The place to be used for another block: all in turn.
  mutating func another() -> Int {
    defer { next = next + 1 == count ? 0 : next + 1 }
    return next
  }

  @inline(__always)
  mutating func clear() {
    for index in 0..<count where slots[index].number != nil { slots[index].clear() }
    next = 0
  }
}
