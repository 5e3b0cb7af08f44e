// Memory that the threads of a join fill side by side: plain elements, each written by one thread, and read
// once all of them have met.
import Glibc

/// Room for a number of elements; nobody initialises it.
final class JoinArena<Element: BitwiseCopyable>: @unchecked Sendable {
  // Unchecked: threads write disjoint elements, and meet before anybody reads.
  private let memory: UnsafeMutableBufferPointer<Element>

  init(count: Int) {
    let bytes = LargeMemory.allocate(byteCount: count * MemoryLayout<Element>.stride)
    memory = UnsafeMutableBufferPointer(
      start: bytes.bindMemory(to: Element.self, capacity: count), count: count)
  }

  deinit { free(memory.baseAddress) }

  var count: Int { memory.count }

  @inline(__always)
  subscript(index: Int) -> Element {
    get { memory[index] }
    set { memory.baseAddress.unsafelyUnwrapped.advanced(by: index).initialize(to: newValue) }
  }

  @inline(__always)
  func slice(_ range: Range<Int>) -> UnsafeMutableBufferPointer<Element> {
    UnsafeMutableBufferPointer(rebasing: memory[range])
  }
}

/// One value for each thread, in memory that threads do not share.
final class Shares<Value>: @unchecked Sendable {
  // Unchecked: each thread touches its own value only.
  private let values: UnsafeMutableBufferPointer<Value>

  init(count: Int, _ value: Value) {
    values = .allocate(capacity: count)
    values.initialize(repeating: value)
  }

  deinit {
    values.deinitialize()
    values.deallocate()
  }

  subscript(thread: Int) -> Value {
    get { values[thread] }
    _modify { yield &values[thread] }
  }
}
