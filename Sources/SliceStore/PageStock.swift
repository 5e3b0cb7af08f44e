// The pages of a record arena that hold no records. They are kept for the next batch or round of a load,
// because the first touch of fresh memory costs more than the records that go there.
import Glibc

/// Pages of one size; all of them are back, or their arena gone, when it ends. Not for use by two threads.
struct PageStock: ~Copyable {
  static let pageBytes = 1 << 16
  private static let slabBytes = 1 << 21

  private let isLarge: Bool
  private var free: [UnsafeMutableRawPointer] = []
  private var slabs: [UnsafeMutableRawPointer] = []

  init(isLarge: Bool) { self.isLarge = isLarge }

  deinit { for slab in slabs { slab.deallocate() } }

  /// A page of any content.
  mutating func take() -> UnsafeMutableRawPointer {
    if free.isEmpty { addSlab() }
    return free.removeLast()
  }

  mutating func put(_ page: UnsafeMutableRawPointer) { free.append(page) }

  private mutating func addSlab() {
    let bytes = isLarge ? Self.slabBytes : Self.pageBytes
    let slab = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: isLarge ? bytes : 16)
    // Only a wish: without huge pages the slab is as good as others.
    if isLarge { madvise(slab, bytes, MADV_HUGEPAGE) }
    slabs.append(slab)
    for offset in stride(from: 0, to: bytes, by: Self.pageBytes) { free.append(slab + offset) }
  }
}
