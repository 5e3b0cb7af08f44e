// Events in columns: what readers fill and views take in. One column per declared field, one 64-bit word
// per row, so that a row costs no allocation; text lies end to end in one buffer per column.

/// One field's values of a batch, in row order.
public struct EventColumn: Sendable {
  public let type: FieldType
  /// One word per row: an Int64's bits (int, timestamp), 0 or 1 (bool), a Double's bits, or for a string
  /// the end of its bytes in `text` (its start is the row before's end). Null rows hold 0, null strings
  /// hold the end of the row before.
  public var words: [UInt64] = []
  /// 1 per row with a value, 0 per null.
  public var valid: [UInt8] = []
  /// The UTF-8 bytes of all strings, end to end; empty for other types.
  public var text: [UInt8] = []

  public init(type: FieldType) { self.type = type }

  @inlinable
  public mutating func appendNull() {
    words.append(type == .string ? UInt64(text.count) : 0)
    valid.append(0)
  }

  /// Not for strings.
  @inlinable
  public mutating func append(word: UInt64) {
    words.append(word)
    valid.append(1)
  }

  @inlinable
  public mutating func append(utf8: UnsafeRawBufferPointer) {
    text.append(contentsOf: utf8)
    words.append(UInt64(text.count))
    valid.append(1)
  }

  public mutating func append(_ value: Value) {
    switch value {
    case .null: appendNull()
    case .int(let value): append(word: UInt64(bitPattern: value))
    case .double(let value): append(word: value.bitPattern)
    case .bool(let value): append(word: value ? 1 : 0)
    case .timestamp(let value): append(word: UInt64(bitPattern: value.milliseconds))
    case .string(var value): value.withUTF8 { append(utf8: UnsafeRawBufferPointer($0)) }
    }
  }

  /// The bytes of a string row in `text`.
  @inlinable
  public func textRange(_ row: Int) -> Range<Int> {
    (row == 0 ? 0 : Int(words[row - 1]))..<Int(words[row])
  }

  public func value(_ row: Int) -> Value {
    if valid[row] == 0 { return .null }
    switch type {
    case .int: return .int(Int64(bitPattern: words[row]))
    case .double: return .double(Double(bitPattern: words[row]))
    case .bool: return .bool(words[row] != 0)
    case .timestamp: return .timestamp(Timestamp(unchecked: Int64(bitPattern: words[row])))
    case .string: return .string(String(decoding: text[textRange(row)], as: UTF8.self))
    }
  }

  /// Appends some rows of a column of the same type.
  public mutating func append(_ other: EventColumn, rows: Range<Int>) {
    guard !rows.isEmpty else { return }
    valid.append(contentsOf: other.valid[rows])
    guard type == .string else {
      words.append(contentsOf: other.words[rows])
      return
    }
    let start = rows.lowerBound == 0 ? 0 : other.words[rows.lowerBound - 1]
    let base = UInt64(text.count)
    text.append(contentsOf: other.text[Int(start)..<Int(other.words[rows.upperBound - 1])])
    for row in rows { words.append(other.words[row] - start + base) }
  }

  public mutating func removeAll() {
    words.removeAll(keepingCapacity: true)
    valid.removeAll(keepingCapacity: true)
    text.removeAll(keepingCapacity: true)
  }

  /// Takes back the last row, for a reader that finds a later field of the same row bad.
  public mutating func removeLast() {
    words.removeLast()
    valid.removeLast()
    if type == .string { text.removeLast(text.count - Int(words.last ?? 0)) }
  }
}

/// Rows of one stream, one column per declared field, in the declaration's order.
public struct EventBatch: Sendable {
  public var columns: [EventColumn]

  public init(_ stream: StreamDeclaration) {
    columns = stream.fields.map { EventColumn(type: $0.type) }
  }

  public init(columns: [EventColumn]) { self.columns = columns }

  public var count: Int { columns.first?.words.count ?? 0 }

  public mutating func append(_ row: [Value]) {
    precondition(row.count == columns.count, "a row has one value per declared field")
    for index in row.indices { columns[index].append(row[index]) }
  }

  /// Some of the rows, copied.
  public func part(_ rows: Range<Int>) -> EventBatch {
    var part = EventBatch(columns: columns.map { EventColumn(type: $0.type) })
    part.append(self, rows: rows)
    return part
  }

  /// Appends some rows of a batch of the same stream.
  public mutating func append(_ other: EventBatch, rows: Range<Int>) {
    for index in columns.indices { columns[index].append(other.columns[index], rows: rows) }
  }

  public mutating func removeAll() {
    for index in columns.indices { columns[index].removeAll() }
  }
}
