// A filter back to text. The text is fully determined by the filter and reads back to it, which is
// why it can stand in a canonical form.

public enum FilterPrinter {
  /// The canonical text. `stream` is the one that the filter was read against.
  public static func text(_ filter: Filter, stream: StreamDeclaration) -> String {
    FilterPrinter.text(filter, stream.fields)
  }

  private static func text(_ filter: Filter, _ fields: [StreamDeclaration.Field]) -> String {
    switch filter {
    case .compare(let field, let comparison, let value):
      return "\(name(fields[field].name)) \(comparison.rawValue) \(literal(value))"
    case .contained(let field, let values): return contained(fields[field], "in", values)
    case .isNull(let field): return "\(name(fields[field].name)) is null"
    case .compared(let left, let comparison, let right):
      return "\(operand(left, fields)) \(comparison.rawValue) \(operand(right, fields))"
    case .unknown(let formula): return "\(operand(formula, fields)) is null"
    case .not(.unknown(let formula)): return "\(operand(formula, fields)) is not null"
    case .holds(let formula): return operand(formula, fields)
    case .not(.isNull(let field)): return "\(name(fields[field].name)) is not null"
    case .not(.contained(let field, let values)): return contained(fields[field], "not in", values)
    case .not(let inner): return "not " + nested(inner, fields)
    case .and(let parts): return parts.map { nested($0, fields) }.joined(separator: " and ")
    case .or(let parts): return parts.map { nested($0, fields) }.joined(separator: " or ")
    }
  }

  /// The canonical text of a formula that was read against these fields.
  public static func text(_ formula: Formula, _ fields: [StreamDeclaration.Field]) -> String {
    switch formula {
    case .value(.null): return "null"
    case .value(let value): return literal(value)
    case .field(let field): return name(fields[field].name)
    case .condition(let filter): return text(filter, fields)
    case .choose(let condition, let first, let second):
      return "if(\(text(condition, fields)), \(text(first, fields)), \(text(second, fields)))"
    case .call(.negate, let arguments): return "-\(operand(arguments[0], fields))"
    case .call(let function, let arguments):
      if function.isOperator {
        return
          "\(operand(arguments[0], fields)) \(function.rawValue) \(operand(arguments[1], fields))"
      }
      let list = arguments.map { text($0, fields) }.joined(separator: ", ")
      return "\(function.rawValue)(\(list))"
    }
  }

  /// A formula beside an operator: in parentheses where it has operators of its own.
  private static func operand(
    _ formula: Formula, _ fields: [StreamDeclaration.Field]
  ) -> String {
    switch formula {
    case .condition: "(\(text(formula, fields)))"
    case .call(let function, _) where function.isOperator: "(\(text(formula, fields)))"
    default: text(formula, fields)
    }
  }

  private static func nested(_ filter: Filter, _ fields: [StreamDeclaration.Field]) -> String {
    switch filter {
    case .and, .or: "(\(text(filter, fields)))"
    default: text(filter, fields)
    }
  }

  private static func contained(
    _ field: StreamDeclaration.Field, _ words: String, _ values: [Value]
  ) -> String {
    "\(name(field.name)) \(words) (\(values.map(literal).joined(separator: ", ")))"
  }

  /// The field's name as the language wants it: plain, or in backticks.
  package static func name(_ name: String) -> String {
    let scalars = name.unicodeScalars
    let isPlain =
      FilterLexer.startsName(scalars.first ?? " ")
      && scalars.allSatisfy { FilterLexer.startsName($0) || ("0"..."9").contains($0) }
      && !FilterLexer.keywords.contains(name.lowercased())
    return isPlain ? name : quoted(name, by: "`")
  }

  /// A value as the language wants it.
  package static func literal(_ value: Value) -> String {
    switch value {
    case .string(let text): quoted(text, by: "'")
    case .timestamp(let time): "'\(time)'"
    default: value.description
    }
  }

  private static func quoted(_ text: String, by quote: Unicode.Scalar) -> String {
    var result = String.UnicodeScalarView([quote])
    for scalar in text.unicodeScalars {
      if scalar == quote { result.append(quote) }
      result.append(scalar)
    }
    result.append(quote)
    return String(result)
  }
}
