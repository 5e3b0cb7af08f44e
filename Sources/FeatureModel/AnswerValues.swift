// The values that a reader found, one for each of its features: written and read for every row of a join, so it
// is plain memory, whose owner is neither counted nor copied.

/// A fixed number of values. Not for use by two threads at once.
public final class AnswerValues {
  @usableFromInline let memory: UnsafeMutableBufferPointer<Value>

  /// All null.
  public init(count: Int) {
    memory = .allocate(capacity: max(count, 1))
    memory.initialize(repeating: .null)
    self.count = count
  }

  deinit {
    memory.deinitialize()
    memory.deallocate()
  }

  public let count: Int

  @inlinable
  public subscript(index: Int) -> Value {
    get { memory[index] }
    set { memory[index] = newValue }
  }

  /// A copy of all.
  public var all: [Value] { Array(memory[..<count]) }
}
