// What a join reads of its rows: columns in memory of Arrow's shape (values, offsets, a validity bitmap), lent
// by whoever owns them. Nothing is copied: a key is hashed where it lies.
import FeatureModel

/// One column of a batch of rows; borrowed memory that `owner` keeps alive.
public struct SpineColumn: @unchecked Sendable {
  // Unchecked: the memory does not change while a join reads it, which `owner` stands for.

  /// Where the values lie, by type; see https://arrow.apache.org/docs/format/Columnar.html.
  public enum Values {
    /// `int`, and `timestamp` as epoch milliseconds.
    case int64(UnsafePointer<Int64>)
    /// `bool`, one bit per row, least significant first.
    case bits(UnsafePointer<UInt8>)
    /// `string` in UTF-8; row i lies at `offsets[i] ..< offsets[i + 1]`.
    case text32(offsets: UnsafePointer<Int32>, bytes: UnsafePointer<UInt8>)
    case text64(offsets: UnsafePointer<Int64>, bytes: UnsafePointer<UInt8>)
  }

  public let name: String
  public let type: FieldType
  let memory: ColumnMemory
  let owner: any AnyObject & Sendable

  /// - Parameters:
  ///   - validity: one bit per row, 0 for null; nil where nothing is null.
  ///   - offset: Arrow's: rows to skip in values, offsets and validity alike.
  ///   - owner: what has to live as long as the memory is read.
  public init(
    name: String, type: FieldType, values: Values, validity: UnsafePointer<UInt8>?,
    offset: Int = 0, owner: any AnyObject & Sendable
  ) {
    self.name = name
    self.type = type
    memory = ColumnMemory(values: values, validity: validity, offset: offset)
    self.owner = owner
  }

  /// False for texts, which may stand for keys of any type, but not for times.
  public var holdsTimes: Bool { memory.isNumber }

  /// The same column from a row on.
  func dropping(_ rows: Int) -> SpineColumn {
    SpineColumn(name: name, type: type, memory: memory.dropping(rows), owner: owner)
  }

  private init(
    name: String, type: FieldType, memory: ColumnMemory, owner: any AnyObject & Sendable
  ) {
    (self.name, self.type, self.memory, self.owner) = (name, type, memory, owner)
  }
}

/// A column as plain pointers, for loops over rows.
struct ColumnMemory: BitwiseCopyable {
  private enum Kind: BitwiseCopyable {
    case int64, bits, text32, text64
  }

  private let kind: Kind
  /// Values, or for texts their offsets.
  private let words: UnsafeRawPointer
  private let bytes: UnsafeRawPointer
  private let validity: UnsafePointer<UInt8>?
  private var offset: Int

  init(values: SpineColumn.Values, validity: UnsafePointer<UInt8>?, offset: Int) {
    self.validity = validity
    self.offset = offset
    switch values {
    case .int64(let values): (kind, words, bytes) = (.int64, .init(values), .init(values))
    case .bits(let bits): (kind, words, bytes) = (.bits, .init(bits), .init(bits))
    case .text32(let offsets, let text):
      (kind, words, bytes) = (.text32, .init(offsets), .init(text))
    case .text64(let offsets, let text):
      (kind, words, bytes) = (.text64, .init(offsets), .init(text))
    }
  }

  /// From a row on.
  func dropping(_ rows: Int) -> ColumnMemory {
    var rest = self
    rest.offset += rows
    return rest
  }

  /// Whether the values lie as those of a type do.
  func holds(_ type: FieldType) -> Bool {
    switch type {
    case .string: isText
    case .bool: kind == .bits
    case .int, .timestamp, .double: kind == .int64
    }
  }

  var isNumber: Bool { kind == .int64 }

  var isText: Bool { kind == .text32 || kind == .text64 }

  @inline(__always)
  func isValid(_ row: Int) -> Bool {
    guard let validity else { return true }
    let bit = row &+ offset
    return validity[bit &>> 3] &>> UInt8(truncatingIfNeeded: bit & 7) & 1 != 0
  }

  /// The number of a row; for `int` and `timestamp`.
  @inline(__always)
  func int64(_ row: Int) -> Int64 {
    precondition(kind == .int64, "the column holds no numbers")
    return words.load(fromByteOffset: 8 &* (row &+ offset), as: Int64.self)
  }

  /// The flag of a row; for `bool`.
  @inline(__always)
  func flag(_ row: Int) -> Bool {
    let bit = row &+ offset
    let byte = words.load(fromByteOffset: bit >> 3, as: UInt8.self)
    return byte >> UInt8(bit & 7) & 1 != 0
  }

  /// The bytes of a string where they lie; for texts.
  @inline(__always)
  func text(_ row: Int) -> UnsafeRawBufferPointer {
    let row = row &+ offset
    let (start, end): (Int, Int)
    if kind == .text32 {
      start = Int(words.load(fromByteOffset: 4 &* row, as: Int32.self))
      end = Int(words.load(fromByteOffset: 4 &* row &+ 4, as: Int32.self))
    } else {
      precondition(kind == .text64, "the column holds no texts")
      start = Int(words.load(fromByteOffset: 8 &* row, as: Int64.self))
      end = Int(words.load(fromByteOffset: 8 &* row &+ 8, as: Int64.self))
    }
    return UnsafeRawBufferPointer(start: bytes + start, count: end &- start)
  }

  /// Appends the value as a part of a key.
  func append(_ row: Int, to key: inout [UInt8]) {
    switch kind {
    case .int64: EntityKeyBuilder.append(int64(row), to: &key)
    case .bits: EntityKeyBuilder.append(flag(row), to: &key)
    case .text32, .text64: key.append(contentsOf: text(row))
    }
  }
}

/// Rows of a spine; all batches of a join have the same columns in the same order.
public struct SpineBatch: Sendable {
  public let columns: [SpineColumn]
  public let count: Int

  public init(columns: [SpineColumn], count: Int) {
    self.columns = columns
    self.count = count
  }

  /// Some of its rows, where they lie.
  package func rows(_ range: Range<Int>) -> SpineBatch {
    SpineBatch(columns: columns.map { $0.dropping(range.lowerBound) }, count: range.count)
  }
}
