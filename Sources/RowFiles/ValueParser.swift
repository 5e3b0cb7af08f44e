// The text of one value to a column's word: what a CSV cell and a JSON token have in common. Says why
// a text is refused only after it is refused, so that the good path carries no messages.
import FeatureModel

package enum ValueParser {
  /// Appends a value of the column's type, or says what is wrong.
  package static func append(
    _ text: UnsafeRawBufferPointer, to column: inout EventColumn
  ) -> RowProblem? {
    switch column.type {
    case .int:
      guard let value = NumberParser.parseInt64(text) else { return integerProblem(text) }
      column.append(word: UInt64(bitPattern: value))
    case .double:
      guard let value = NumberParser.parseDouble(text) else { return numberProblem(text) }
      column.append(word: value.bitPattern)
    case .bool:
      guard let value = parseBool(text) else { return .notABool(RowProblem.excerpt(text)) }
      column.append(word: value ? 1 : 0)
    case .timestamp:
      guard let value = Timestamp(parsing: text) else {
        return .notATimestamp(RowProblem.excerpt(text))
      }
      column.append(word: UInt64(bitPattern: value.milliseconds))
    case .string:
      if let offset = UTF8Sequence.firstInvalid(text) { return .invalidUTF8(at: offset) }
      column.append(utf8: text)
    }
    return nil
  }

  /// true, false, t, f in any case, 1 and 0.
  static func parseBool(_ text: UnsafeRawBufferPointer) -> Bool? {
    if text.count == 1 {
      switch text[0] {
      case UInt8(ascii: "1"), UInt8(ascii: "t"), UInt8(ascii: "T"): return true
      case UInt8(ascii: "0"), UInt8(ascii: "f"), UInt8(ascii: "F"): return false
      default: return nil
      }
    }
    if equals(text, "true") { return true }
    return equals(text, "false") ? false : nil
  }

  private static func equals(_ text: UnsafeRawBufferPointer, _ word: StaticString) -> Bool {
    guard text.count == word.utf8CodeUnitCount else { return false }
    for index in 0..<text.count where text[index] | 0x20 != word.utf8Start[index] { return false }
    return true
  }

  @inline(never)
  static func integerProblem(_ text: UnsafeRawBufferPointer) -> RowProblem {
    let digits = text.first == UInt8(ascii: "-") || text.first == UInt8(ascii: "+") ? 1 : 0
    let isWhole =
      text.count > digits && text[digits...].allSatisfy { $0 &- UInt8(ascii: "0") < 10 }
    let excerpt = RowProblem.excerpt(text)
    return isWhole ? .integerOutOfRange(excerpt) : .notAnInteger(excerpt)
  }

  @inline(never)
  static func numberProblem(_ text: UnsafeRawBufferPointer) -> RowProblem {
    let excerpt = RowProblem.excerpt(text)
    // The standard library reads inf, nan and what overflows to infinity, which the columns do not hold.
    guard let value = Double(excerpt.lowercased()) else { return .notANumber(excerpt) }
    return value.isFinite ? .notANumber(excerpt) : .notFinite(excerpt)
  }
}
