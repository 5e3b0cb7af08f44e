// Rows that were parsed or built one by one, as columns of Arrow's shape: what files and callers with values
// at hand give a join.
import FeatureModel

extension SpineBatch {
  /// A batch of parsed rows in Arrow's shape: numbers and texts are moved over as they lie, ends become
  /// offsets and flags become bits.
  /// - Parameter type: what a column of texts stands for, where it is no string: a key is its text. Nil is
  ///   the column's own.
  public init(
    _ batch: EventBatch, names: [String], type: (_ name: String) -> FieldType? = { _ in nil }
  ) {
    let columns = zip(batch.columns, names).map { column, name in
      let memory = EventColumnMemory(column)
      return SpineColumn(
        name: name, type: type(name) ?? column.type, values: memory.values,
        validity: memory.validity,
        owner: memory)
    }
    self.init(columns: columns, count: batch.count)
  }
}

extension SpineColumn {
  /// The column's first rows as those of events; nil where texts stand for another type.
  package func events(_ rows: Int) -> EventColumn? {
    guard memory.holds(type) else { return nil }
    var column = EventColumn(type: type)
    for row in 0..<rows {
      guard memory.isValid(row) else {
        column.appendNull()
        continue
      }
      switch type {
      case .string: column.append(utf8: memory.text(row))
      case .bool: column.append(word: memory.flag(row) ? 1 : 0)
      case .int, .timestamp, .double: column.append(word: UInt64(bitPattern: memory.int64(row)))
      }
    }
    return column
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
