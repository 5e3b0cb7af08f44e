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
  mutating func field(_ name: String, at place: FilterToken, _ hint: String?) -> Int {
    guard let fields else { return -1 }
    if let index = fields.firstIndex(where: { $0.name == name }) { return index }
    let names = fields.map(\.name)
    let isNear = Suggestion.nearest(to: name, among: names) != nil
    let phrase = isNear ? nil : hint
    note(
      "there is no field '\(name)'\(phrase ?? Suggestion.phrase(for: name, among: names))",
      at: place)
    return -1
  }

  /// A value as a condition: right for bools only.
  mutating func condition(_ operand: FormulaOperand) throws(FilterError) -> Filter {
    if let type = operand.type, type != .bool {
      guard case .name(let name) = operand.place.kind, operand.field != nil else {
        throw error("a comparison expected: a condition is true or false, this is \(type.rawValue)")
      }
      throw error(
        "a comparison expected: '\(name)' is \(type.rawValue), only a bool field stands alone")
    }
    switch operand.formula {
    case .condition(let filter): return filter
    case .field(let field): return .compare(field: field, .equal, .bool(true))
    default: return .holds(operand.formula)
    }
  }

  /// Two values compared: a field and a literal are what filters do best, all else is computed.
  mutating func compare(
    _ left: FormulaOperand, _ comparison: Filter.Comparison, _ right: FormulaOperand,
    at place: FilterToken
  ) -> Filter {
    if left.literal != nil, right.literal == nil {
      return compare(right, comparison.turned, left, at: place)
    }
    if let literal = right.literal {
      if left.literal != nil {
        note("two literals are compared; one side is a field, or computed from one", at: place)
        return .holds(.value(.null))
      }
      let literalPlace = right.place
      let value = value(literal, for: left, at: literalPlace)
      checkOrder(comparison, left.type, at: place)
      if let field = left.field { return .compare(field: field, comparison, value) }
      return .compared(left.formula, comparison, .value(value))
    }
    checkOrder(comparison, left.type, at: place)
    if let one = left.type, let other = right.type, FormulaFunction.common([one, other]) == nil {
      note("\(one.rawValue) and \(other.rawValue) do not compare", at: place)
    }
    return .compared(left.formula, comparison, right.formula)
  }

  private mutating func checkOrder(
    _ comparison: Filter.Comparison, _ type: FieldType?, at place: FilterToken
  ) {
    if type == .bool, comparison != .equal, comparison != .notEqual {
      note("a bool field has no order; compare it with = or !=", at: place)
    }
  }

  /// The literal as a value of the operand's type; null after a mistake.
  mutating func value(
    _ literal: FilterLiteral, for operand: FormulaOperand, at place: FilterToken
  ) -> Value {
    guard let type = operand.type else { return .null }
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
      let name = operand.field.flatMap { fields?[$0].name }.map { "'\($0)'" } ?? "this"
      let wanted = Self.wanted(type)
      note("\(name) is \(type.rawValue): \(wanted) expected, not \(literal.kindName)", at: place)
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

  mutating func note(_ reason: String, at place: FilterToken) {
    problems.append(.init(character: place.character, reason: reason))
  }
}

extension Filter.Comparison {
  /// The same with the sides exchanged.
  var turned: Self {
    switch self {
    case .equal, .notEqual: self
    case .less: .greater
    case .lessOrEqual: .greaterOrEqual
    case .greater: .less
    case .greaterOrEqual: .lessOrEqual
    }
  }
}
