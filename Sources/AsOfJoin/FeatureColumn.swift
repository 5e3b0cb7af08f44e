// One feature's answers for all rows of a join, in Arrow's shape. Threads write rows in any order, each row
// once; what they share of a word (validity, flags) is changed by atomic operations.
import FeatureModel
import Glibc
import Synchronization

/// A column of answers: values by type, a validity bitmap, offsets for text.
public final class FeatureColumn: @unchecked Sendable {
  // Unchecked: rows are disjoint, bits are atomic, and nobody reads before `finish`.
  public let type: FieldType
  public let count: Int
  /// Int64 (`int`, `timestamp` in epoch milliseconds), Double, or for `bool` one bit per row; for `string`
  /// the UTF-8 bytes, end to end. Nulls are 0 or empty.
  public private(set) var values: UnsafeMutableRawPointer
  /// For `string`: row i lies at `offsets[i] ..< offsets[i + 1]`.
  public private(set) var offsets: UnsafeMutablePointer<Int64>?
  /// One bit per row, 1 for a value; whole words of 64.
  public let validity: UnsafeMutablePointer<UInt64>
  public private(set) var nullCount = 0

  private let words: Int
  private let texts: TextParts?

  public init(type: FieldType, count: Int) {
    self.type = type
    self.count = count
    words = max(1, (count + 63) / 64)
    validity = .allocate(capacity: words)
    validity.initialize(repeating: .max, count: words)
    texts = type == .string ? TextParts(count: count) : nil
    let bytes = type == .bool ? words * 8 : type == .string ? 8 : max(count, 1) * 8
    values = LargeMemory.allocate(byteCount: bytes)
    // Of numbers, every row is written; of flags, only those that are set.
    if type == .bool { values.initializeMemory(as: UInt8.self, repeating: 0, count: bytes) }
  }

  deinit {
    validity.deallocate()
    free(values)
    offsets?.deallocate()
  }

  /// Once all rows are in: counts nulls, and lays texts end to end.
  func finish() {
    for row in count..<words * 64 { validity[row / 64] &= ~(1 << UInt64(row % 64)) }
    nullCount = count - (0..<words).reduce(0) { $0 + validity[$1].nonzeroBitCount }
    guard let texts else { return }
    let offsets = UnsafeMutablePointer<Int64>.allocate(capacity: count + 1)
    self.offsets = offsets
    free(values)
    values = texts.joined(into: offsets)
  }

  /// One thread's way into the column; the column outlives it.
  func writer(thread: Int) -> Writer {
    Writer(
      values: values, validity: UnsafeMutableRawPointer(validity),
      isNumber: type != .bool && type != .string,
      texts: texts.map { Unmanaged.passUnretained($0) }, thread: thread)
  }

  /// Plain pointers, so that a row costs no reference counts.
  struct Writer {
    let values: UnsafeMutableRawPointer
    let validity: UnsafeMutableRawPointer
    let isNumber: Bool
    let texts: Unmanaged<TextParts>?
    let thread: Int

    /// Puts numbers into their rows.
    func scatter(
      _ words: UnsafeMutableBufferPointer<UInt64>, to rows: UnsafeMutableBufferPointer<Int32>
    ) {
      let values = values.assumingMemoryBound(to: UInt64.self)
      for index in rows.indices { values[Int(rows[index])] = words[index] }
    }

    /// Puts a number into its row.
    @inline(__always)
    func store(_ word: UInt64, _ row: Int) {
      values.assumingMemoryBound(to: UInt64.self)[row] = word
    }

    /// Puts a row's text in.
    func set(_ row: Int, utf8: UnsafeRawBufferPointer) {
      texts!._withUnsafeGuaranteedRef { $0.set(row, utf8: utf8, thread: thread) }
    }

    /// Puts a row's flag or text in.
    func set(_ row: Int, _ value: Value) {
      switch value {
      case .bool(let flag):
        if flag { Self.change(values, row) { $0.bitwiseOr($1, ordering: .relaxed) } }
      case .string(let text):
        texts!._withUnsafeGuaranteedRef { $0.set(row, text, thread: thread) }
      default: preconditionFailure("numbers are scattered")
      }
    }

    /// Makes a row a null.
    func setNull(_ row: Int) {
      Self.change(validity, row) { $0.bitwiseAnd(~$1, ordering: .relaxed) }
    }

    @inline(__always)
    private static func change(
      _ words: UnsafeMutableRawPointer, _ row: Int,
      _ body: (borrowing Atomic<UInt64>, UInt64) -> (oldValue: UInt64, newValue: UInt64)
    ) {
      // An atomic word is laid out as the word itself.
      let word = (words + row / 64 * 8).assumingMemoryBound(to: Atomic<UInt64>.self)
      _ = body(word.pointee, 1 << UInt64(row % 64))
    }
  }

  public func isNull(_ row: Int) -> Bool { validity[row / 64] >> UInt64(row % 64) & 1 == 0 }

  /// The answer of a row, as a look-up gives it.
  public func value(_ row: Int) -> Value {
    if isNull(row) { return .null }
    switch type {
    case .int: return .int(values.load(fromByteOffset: 8 * row, as: Int64.self))
    case .double: return .double(values.load(fromByteOffset: 8 * row, as: Double.self))
    case .bool:
      return .bool(values.load(fromByteOffset: row / 8, as: UInt8.self) >> (row % 8) & 1 != 0)
    case .timestamp:
      return .timestamp(
        Timestamp(unchecked: values.load(fromByteOffset: 8 * row, as: Int64.self)))
    case .string: return .string(String(decoding: utf8(row), as: UTF8.self))
    }
  }

  /// The bytes of a row of strings, borrowed; empty for a null.
  public func utf8(_ row: Int) -> UnsafeRawBufferPointer {
    let (start, end) = (Int(offsets![row]), Int(offsets![row + 1]))
    return UnsafeRawBufferPointer(start: values + start, count: end - start)
  }
}
