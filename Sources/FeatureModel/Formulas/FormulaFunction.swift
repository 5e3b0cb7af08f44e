// What formulas can do, and the types it is done with. Only operations whose bits are the same on every
// machine are here: IEEE 754 fixes + - * / % and sqrt, but not what a libm makes of log and exp.

/// The operators and functions of formulas; the raw value is how they are written.
public enum FormulaFunction: String, Hashable, Sendable, CaseIterable {
  case add = "+"
  case subtract = "-"
  case multiply = "*"
  case divide = "/"
  case remainder = "%"
  case negate = "unary -"
  case abs, min, max, div, floor, ceil, round, sqrt
  case int, double, string
  case lower, upper, trim, length, substring, concat, replace
  case before, after, beforeLast, afterLast
  case contains, startsWith, endsWith
  case hourOfDay, dayOfWeek, millis
  case coalesce

  /// What an argument may be.
  enum Kind {
    case number, whole, text, time, any, readable, printable

    var types: Set<FieldType> {
      switch self {
      case .number: [.int, .double]
      case .whole: [.int]
      case .text: [.string]
      case .time: [.timestamp]
      case .any: Set(FieldType.allCases)
      case .readable: [.int, .double, .string]
      case .printable: [.int, .bool, .string]
      }
    }
  }

  /// The functions that are written with parentheses, `if` among them.
  static let names: [String] =
    ["if"]
    + allCases.map(\.rawValue).filter { FilterLexer.startsName($0.unicodeScalars.first!) }
    .filter { !$0.contains(" ") }

  var isOperator: Bool { !Self.names.contains(rawValue) && self != .negate }

  /// Kinds of the arguments; the last may be repeated, or left out, as `count` says.
  var takes: [Kind] {
    switch self {
    case .add, .subtract: [.any, .any]
    case .multiply, .divide, .remainder: [.number, .number]
    case .negate, .abs, .floor, .ceil, .round, .sqrt, .min, .max: [.number]
    case .div: [.whole, .whole]
    case .int, .double: [.readable]
    case .string: [.printable]
    case .lower, .upper, .trim, .length, .concat: [.text]
    case .substring: [.text, .whole, .whole]
    case .replace: [.text, .text, .text]
    case .before, .after, .beforeLast, .afterLast, .contains, .startsWith, .endsWith:
      [.text, .text]
    case .hourOfDay, .dayOfWeek, .millis: [.time]
    case .coalesce: [.any]
    }
  }

  /// How many arguments it takes.
  var count: ClosedRange<Int> {
    switch self {
    case .substring: 2...3
    case .min, .max, .concat, .coalesce: 2...20
    default: takes.count...takes.count
    }
  }

  /// The type of its values; nil where the arguments do not fit, or one of them is not known.
  func result(_ types: [FieldType?]) -> FieldType? {
    switch self {
    case .add, .subtract: sum(types)
    case .multiply, .remainder, .negate, .abs, .min, .max: Self.common(types)
    case .divide, .sqrt, .double: .double
    case .div, .floor, .ceil, .round, .int, .length, .hourOfDay, .dayOfWeek, .millis: .int
    case .string, .lower, .upper, .trim, .substring, .concat, .replace, .before, .after,
      .beforeLast, .afterLast:
      .string
    case .contains, .startsWith, .endsWith: .bool
    case .coalesce: Self.common(types)
    }
  }

  /// One type, or double for whole numbers beside doubles; what is not known is left out.
  static func common(_ types: [FieldType?]) -> FieldType? {
    let known = Set(types.compactMap { $0 })
    return known.count == 1 ? known.first : known == [.int, .double] ? .double : nil
  }

  /// Instants and lengths of time in milliseconds, beside numbers.
  private func sum(_ types: [FieldType?]) -> FieldType? {
    switch (types[0], types[1]) {
    case (.timestamp, .timestamp): self == .subtract ? .int : nil
    case (.timestamp, .int): .timestamp
    case (.int, .timestamp): self == .add ? .timestamp : nil
    // What is not known may be an instant, a whole number or a double.
    case (.timestamp, nil): self == .add ? .timestamp : nil
    case (nil, .timestamp): self == .add ? .timestamp : .int
    case (nil, .int), (.int, nil): nil
    case (.string, _), (_, .string), (.bool, _), (_, .bool): nil
    default: Self.common(types)
    }
  }

  /// What is wrong with the arguments, and what would be right; nil where they fit.
  func complaint(_ types: [FieldType?]) -> String? {
    guard count.contains(types.count) else {
      let wanted =
        count.lowerBound == count.upperBound
        ? "\(count.lowerBound)" : "\(count.lowerBound) to \(count.upperBound)"
      return "'\(rawValue)' takes \(wanted) arguments, not \(types.count)"
    }
    for (index, type) in types.enumerated() {
      guard let type else { continue }
      let kind = takes[Swift.min(index, takes.count - 1)]
      if kind.types.contains(type) { continue }
      let wanted = FieldType.allCases.filter(kind.types.contains).map(\.rawValue)
      return "'\(rawValue)' takes \(wanted.joined(separator: " or ")), not \(type.rawValue)"
        + Self.wayOut(type, kind)
    }
    guard !types.contains(nil), result(types) == nil else { return nil }
    let names = types.compactMap { $0?.rawValue }.joined(separator: " and ")
    let help = types.contains(.string) && isOperator ? "; texts are joined by concat(a, b)" : ""
    return "'\(rawValue)' does not take \(names) together\(help)"
  }

  private static func wayOut(_ type: FieldType, _ kind: Kind) -> String {
    switch (type, kind) {
    case (.string, .number), (.string, .whole): "; int(text) or double(text) reads a number"
    case (.double, .whole): "; int(x), floor(x) or round(x) makes a whole number"
    case (.int, .text), (.bool, .text): "; string(x) makes a text"
    case (.timestamp, .number), (.timestamp, .whole): "; millis(time) is a number"
    case (.bool, .number), (.bool, .whole): "; if(flag, 1, 0) is a number"
    default: ""
    }
  }
}
