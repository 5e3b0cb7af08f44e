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
  let values: Values
  /// One bit per row, 0 for null; nil where nothing is null.
  let validity: UnsafePointer<UInt8>?
  let offset: Int
  let owner: any AnyObject & Sendable

  /// - Parameters:
  ///   - offset: Arrow's: rows to skip in values, offsets and validity alike.
  ///   - owner: what has to live as long as the memory is read.
  public init(
    name: String, type: FieldType, values: Values, validity: UnsafePointer<UInt8>?,
    offset: Int = 0, owner: any AnyObject & Sendable
  ) {
    self.name = name
    self.type = type
    self.values = values
    self.validity = validity
    self.offset = offset
    self.owner = owner
  }

  @inline(__always)
  func isValid(_ row: Int) -> Bool {
    guard let validity else { return true }
    let bit = row &+ offset
    return validity[bit >> 3] >> UInt8(bit & 7) & 1 != 0
  }

  /// The number of a row, for `int` and `timestamp`.
  @inline(__always)
  func int64(_ row: Int) -> Int64 {
    guard case .int64(let values) = values else { preconditionFailure("\(name) holds no numbers") }
    return values[row &+ offset]
  }

  /// The bytes of a string where they lie; nil for other types.
  @inline(__always)
  func text(_ row: Int) -> UnsafeRawBufferPointer? {
    let row = row &+ offset
    switch values {
    case .text32(let offsets, let bytes):
      return UnsafeRawBufferPointer(
        start: bytes + Int(offsets[row]), count: Int(offsets[row + 1] &- offsets[row]))
    case .text64(let offsets, let bytes):
      return UnsafeRawBufferPointer(
        start: bytes + Int(offsets[row]), count: Int(offsets[row + 1] &- offsets[row]))
    case .int64, .bits: return nil
    }
  }

  /// Appends the value as a part of a key.
  func append(_ row: Int, to key: inout [UInt8]) {
    switch values {
    case .int64(let values): EntityKeyBuilder.append(values[row + offset], to: &key)
    case .bits(let bits):
      let bit = row + offset
      EntityKeyBuilder.append(bits[bit >> 3] >> UInt8(bit & 7) & 1 != 0, to: &key)
    case .text32, .text64: key.append(contentsOf: text(row)!)
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
}

extension SpineBatch {
  /// A batch of parsed rows in Arrow's shape: numbers and texts are moved over as they lie, ends become
  /// offsets and flags become bits.
  public init(_ batch: EventBatch, names: [String]) {
    let columns = zip(batch.columns, names).map { column, name in
      let memory = EventColumnMemory(column)
      return SpineColumn(
        name: name, type: column.type, values: memory.values, validity: memory.validity,
        owner: memory)
    }
    self.init(columns: columns, count: batch.count)
  }
}

/// One column of an `EventBatch`, moved into memory of its own.
private final class EventColumnMemory: @unchecked Sendable {
  // Unchecked: nothing is written after `init`.
  private let words: UnsafeMutableBufferPointer<Int64>
  private let bits: UnsafeMutableBufferPointer<UInt8>
  private let text: UnsafeMutableBufferPointer<UInt8>
  private let type: FieldType

  init(_ column: EventColumn) {
    let rows = column.words.count
    type = column.type
    words = .allocate(capacity: rows + 1)
    words[0] = 0
    let first = column.type == .string ? 1 : 0
    for row in 0..<rows { words[row + first] = Int64(bitPattern: column.words[row]) }
    // Validity first; behind it, for flags, their values.
    let bytes = (rows + 7) / 8
    bits = .allocate(capacity: 2 * bytes + 1)
    bits.initialize(repeating: 0)
    for row in 0..<rows {
      if column.valid[row] != 0 { bits[row >> 3] |= 1 << UInt8(row & 7) }
      if column.type == .bool, column.words[row] != 0 {
        bits[bytes + row >> 3] |= 1 << UInt8(row & 7)
      }
    }
    text = .allocate(capacity: column.text.count + 1)
    _ = text.update(from: column.text)
  }

  deinit {
    words.deallocate()
    bits.deallocate()
    text.deallocate()
  }

  var validity: UnsafePointer<UInt8> { UnsafePointer(bits.baseAddress!) }

  var values: SpineColumn.Values {
    switch type {
    case .string:
      .text64(
        offsets: UnsafePointer(words.baseAddress!), bytes: UnsafePointer(text.baseAddress!))
    case .bool: .bits(UnsafePointer(bits.baseAddress! + (bits.count - 1) / 2))
    case .int, .timestamp, .double: .int64(UnsafePointer(words.baseAddress!))
    }
  }
}
