// Arrow's values as a store's: narrow numbers are widened, times become whole milliseconds, dictionaries are
// looked up. A value that has no counterpart is refused with its reason, and its row is the caller's to name.
import CHindcast
import Hindcast

/// A value that cannot be taken.
struct RefusedValue {
  /// In the batch.
  let row: Int
  let reason: String
}

/// Reads one column as one type of field.
struct ArrowReader {
  private let column: ArrowColumn
  private let dictionary: ArrowColumn?
  private let wanted: FieldType

  /// Whether values of a type can be read as a field's.
  static func reads(_ type: ArrowType, as wanted: FieldType) -> Bool {
    switch type {
    case .null: true
    case .other: false
    case .dictionary(_, let values): reads(values, as: wanted)
    case .int: wanted == .int || wanted == .timestamp || wanted == .double
    default: type.field == wanted
    }
  }

  /// - Precondition: `reads` says so of the field's type.
  init(
    _ batch: ArrowBatch, _ index: Int, _ field: ArrowField, as wanted: FieldType
  ) throws(Failure) {
    precondition(Self.reads(field.type, as: wanted), "the column cannot be read so")
    self.wanted = wanted
    column = try ArrowColumn(batch, index, field)
    guard case .dictionary(_, let values) = field.type else {
      dictionary = nil
      return
    }
    guard let array = batch.column(index).pointee.dictionary?.pointee, array.length >= 0,
      array.offset >= 0
    else {
      throw Failure(
        .stream, "column '\(field.name)' has no dictionary: the Arrow array is malformed",
        column: field.name)
    }
    dictionary = try ArrowColumn(
      array, values, name: field.name, offset: Int(array.offset), rows: Int(array.length))
  }

  /// Appends some rows; those that are refused become nulls.
  func append(
    _ rows: Range<Int>, to events: inout EventColumn, refused: inout [RefusedValue]
  ) {
    for row in rows {
      guard let reason = append(row, to: &events) else { continue }
      refused.append(RefusedValue(row: row, reason: reason))
      events.appendNull()
    }
  }

  /// Appends a row; nothing where it is refused.
  @inline(__always)
  private func append(_ row: Int, to events: inout EventColumn) -> String? {
    guard column.isValid(row) else {
      events.appendNull()
      return nil
    }
    guard let dictionary else { return append(row, of: column, to: &events) }
    let index = whole(row, of: column)
    guard let index, index >= 0, index < dictionary.rows else {
      return "points outside of its dictionary"
    }
    guard dictionary.isValid(Int(index)) else {
      events.appendNull()
      return nil
    }
    return append(Int(index), of: dictionary, to: &events)
  }

  private func append(
    _ row: Int, of column: ArrowColumn, to events: inout EventColumn
  ) -> String? {
    switch column.type {
    case .text32, .text64: return append(utf8: column.text(row), to: &events)
    case .textView:
      guard let text = column.viewedText(row) else { return "points outside of its buffers" }
      return append(utf8: text, to: &events)
    case .bool: events.append(word: column.flag(row) ? 1 : 0)
    case .double: events.append(word: column.load(row, as: UInt64.self))
    case .float: events.append(word: Double(column.load(row, as: Float.self)).bitPattern)
    case .timestamp(let unit): return append(time: column.load(row, as: Int64.self), unit, &events)
    case .date64: return append(time: column.load(row, as: Int64.self), .milli, &events)
    case .date32:
      let seconds = Int64(column.load(row, as: Int32.self)) * 86_400
      return append(time: seconds, .second, &events)
    default:
      guard let whole = whole(row, of: column) else {
        return "is \(column.load(row, as: UInt64.self)), beyond 64 bits with a sign"
      }
      return append(whole: whole, to: &events)
    }
    return nil
  }

  private func append(utf8: UnsafeRawBufferPointer, to events: inout EventColumn) -> String? {
    if let offset = UTF8Sequence.firstInvalid(utf8) {
      return "is not UTF-8 at byte \(offset + 1)"
    }
    events.append(utf8: utf8)
    return nil
  }

  private func append(whole: Int64, to events: inout EventColumn) -> String? {
    switch wanted {
    case .double:
      let double = Double(whole)
      guard Int64(exactly: double) == whole else { return "is \(whole), which no double is" }
      events.append(word: double.bitPattern)
    case .timestamp: return append(time: whole, .milli, &events)
    default: events.append(word: UInt64(bitPattern: whole))
    }
    return nil
  }

  /// Floors to milliseconds, before 1970 too.
  private func append(
    time: Int64, _ unit: ArrowType.Unit, _ events: inout EventColumn
  ) -> String? {
    let (milliseconds, isBeyond): (Int64, Bool) =
      switch unit {
      case .second: time.multipliedReportingOverflow(by: 1000)
      case .milli: (time, false)
      case .micro: (Self.floor(time, 1000), false)
      case .nano: (Self.floor(time, 1_000_000), false)
      }
    guard !isBeyond, Timestamp(milliseconds: milliseconds) != nil else {
      return
        "is \(time) \(unit.rawValue) since 1970, outside of the years 0001 to 9999"
    }
    events.append(word: UInt64(bitPattern: milliseconds))
    return nil
  }

  @inline(__always)
  private static func floor(_ value: Int64, _ unit: Int64) -> Int64 {
    let (quotient, rest) = value.quotientAndRemainder(dividingBy: unit)
    return rest < 0 ? quotient - 1 : quotient
  }

  /// Nil where the number is beyond.
  @inline(__always)
  private func whole(_ row: Int, of column: ArrowColumn) -> Int64? {
    guard case .int(let bytes, let isSigned) = column.type else { return nil }
    switch (bytes, isSigned) {
    case (1, true): return Int64(column.load(row, as: Int8.self))
    case (1, false): return Int64(column.load(row, as: UInt8.self))
    case (2, true): return Int64(column.load(row, as: Int16.self))
    case (2, false): return Int64(column.load(row, as: UInt16.self))
    case (4, true): return Int64(column.load(row, as: Int32.self))
    case (4, false): return Int64(column.load(row, as: UInt32.self))
    case (_, true): return column.load(row, as: Int64.self)
    case (_, false): return Int64(exactly: column.load(row, as: UInt64.self))
    }
  }
}
