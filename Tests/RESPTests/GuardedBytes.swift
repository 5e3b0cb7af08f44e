// Bytes that end where memory ends: behind the last one lies a page that nobody may touch, so that reading a
// single byte too far ends the process instead of going unnoticed.
import Glibc

/// Room for one buffer at a time.
final class GuardedBytes {
  private let memory: UnsafeMutableRawPointer
  private let capacity: Int
  private static let page = 4096

  init(capacity: Int) {
    self.capacity = (capacity + Self.page - 1) / Self.page * Self.page
    let size = self.capacity + Self.page
    memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    precondition(memory != MAP_FAILED)
    precondition(mprotect(memory + self.capacity, Self.page, PROT_NONE) == 0)
  }

  deinit { munmap(memory, capacity + Self.page) }

  /// Lends the bytes, which end at the page.
  func with<Result>(
    _ bytes: some Collection<UInt8>, _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    let count = bytes.count
    precondition(count <= capacity)
    let start = memory + capacity - count
    UnsafeMutableRawBufferPointer(start: start, count: count).copyBytes(from: bytes)
    return try body(UnsafeRawBufferPointer(start: start, count: count))
  }
}
