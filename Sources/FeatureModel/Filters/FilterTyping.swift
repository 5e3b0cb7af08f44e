// The part of filter reading that knows the stream: field names to indices, literals to values of
// the field's type. What does not fit is noted with the way out, and reading goes on.

/// A literal before its field is known.
enum FilterLiteral {
  case int(Int64)
  case double(Double)
  case string(String)
  case bool(Bool)

  /// Nil for tokens that are no literal, and for numbers that are none.
  init?(_ kind: FilterToken.Kind) {
    switch kind {
    case .string(let text): self = .string(text)
    case .keyword("true"): self = .bool(true)
    case .keyword("false"): self = .bool(false)
    case .number(let text):
      let bytes = Array(text.utf8)
      if let value = bytes.withUnsafeBytes({ NumberParser.parseInt64($0) }) {
        self = .int(value)
      } else if let value = bytes.withUnsafeBytes({ NumberParser.parseDouble($0) }) {
        self = .double(value)
      } else {
        return nil
      }
    default: return nil
    }
  }

  var kindName: String {
    switch self {
    case .int, .double: "a number"
    case .string: "a text"
    case .bool: "true or false"
    }
  }
}

extension FilterDescent {
  /// The field's index; after a wrong name, or where fields are not looked at, -1.
  mutating func field(_ name: String, at place: FilterToken) -> Int {
    guard let fields else { return -1 }
    if let index = fields.firstIndex(where: { $0.name == name }) { return index }
    let phrase = Suggestion.phrase(for: name, among: fields.map(\.name))
    note("there is no field '\(name)'\(phrase)", at: place)
    return -1
  }

  /// A field without a test: right for a bool field only.
  mutating func bare(
    _ field: Int, _ name: String, at place: FilterToken
  ) throws(FilterError) -> Filter {
    if let type = type(of: field), type != .bool {
      throw error(
        "a comparison expected: '\(name)' is \(type.rawValue), only a bool field stands alone")
    }
    return .compare(field: field, .equal, .bool(true))
  }

  mutating func check(_ comparison: Filter.Comparison, fits field: Int, at place: FilterToken) {
    guard let type = type(of: field), type == .bool else { return }
    if comparison != .equal, comparison != .notEqual {
      note("a bool field has no order; compare it with = or !=", at: place)
    }
  }

  /// The literal as a value of the field's type; null after a mistake.
  mutating func value(_ literal: FilterLiteral, for field: Int, at place: FilterToken) -> Value {
    guard let type = type(of: field) else { return .null }
    switch (type, literal) {
    case (.int, .int(let value)): return .int(value)
    case (.int, .double(let value)): return Int64(exactly: value).map { .int($0) } ?? .double(value)
    // Minus zero equals zero, so that there is one text for it.
    case (.double, .double(let value)): return .double(value == 0 ? 0 : value)
    case (.double, .int(let value)):
      return Double(exactly: value).map { .double($0) } ?? .int(value)
    case (.string, .string(let text)): return .string(text)
    case (.bool, .bool(let value)): return .bool(value)
    case (.timestamp, .int(let value)):
      if let time = Timestamp(milliseconds: value) { return .timestamp(time) }
      note("\(value) lies outside of the years 0001 to 9999", at: place)
    case (.timestamp, .string(let text)):
      if let time = Timestamp(parsing: text) { return .timestamp(time) }
      note("'\(text)' is no time; write it as '2026-11-22' or '2026-11-22T13:17:02Z'", at: place)
    default:
      let name = fields?[field].name ?? ""
      let wanted = Self.wanted(type)
      note("'\(name)' is \(type.rawValue): \(wanted) expected, not \(literal.kindName)", at: place)
    }
    return .null
  }

  private static func wanted(_ type: FieldType) -> String {
    switch type {
    case .int, .double: "a number"
    case .string: "a text in single quotes"
    case .bool: "true or false"
    case .timestamp: "a time in single quotes, or epoch milliseconds,"
    }
  }

  private func type(of field: Int) -> FieldType? { field < 0 ? nil : fields?[field].type }

  private mutating func note(_ reason: String, at place: FilterToken) {
    problems.append(.init(character: place.character, reason: reason))
  }
}
