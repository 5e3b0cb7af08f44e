// Memory for millions of rows, on large pages where the system has them: rows are reached in no order, and with
// small pages most of the wait is for the pages' addresses.
import Glibc

enum LargeMemory {
  private static let pageBytes = 2 << 20

  /// Memory at a 64-byte border, to be freed by `free`; nothing is written to it.
  static func allocate(byteCount: Int) -> UnsafeMutableRawPointer {
    let isLarge = byteCount >= 2 * pageBytes
    var memory: UnsafeMutableRawPointer?
    guard posix_memalign(&memory, isLarge ? pageBytes : 64, max(byteCount, 64)) == 0, let memory
    else { fatalError("no memory for \(byteCount) bytes") }
    // Only advice: where it is not taken, small pages serve.
    if isLarge { madvise(memory, byteCount, MADV_HUGEPAGE) }
    return memory
  }
}
