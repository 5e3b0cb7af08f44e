// A computed value after parsing: what `derive` declares. Formulas and filters are one language: a condition
// inside of a formula is a filter, and a filter's test may compare formulas.

/// A typed computation over fields, by index into what it was read against.
public indirect enum Formula: Hashable, Sendable {
  /// A literal; null in branches of `if` and `coalesce` only.
  case value(Value)
  case field(Int)
  case call(FormulaFunction, [Formula])
  /// The first where the condition is true, otherwise (false or unknown) the second.
  case choose(Filter, Formula, Formula)
  /// A bool: true, false, or null where the condition is unknown.
  case condition(Filter)
}

extension Formula {
  /// The indices of all fields it looks at, with repetitions.
  package var fields: [Int] {
    switch self {
    case .value: []
    case .field(let field): [field]
    case .call(_, let arguments): arguments.flatMap(\.fields)
    case .choose(let condition, let first, let second):
      condition.fields + first.fields + second.fields
    case .condition(let condition): condition.fields
    }
  }

  /// The same formula with each field's index replaced.
  package func mapFields(_ map: (Int) -> Int) -> Formula {
    switch self {
    case .value: self
    case .field(let field): .field(map(field))
    case .call(let function, let arguments):
      .call(function, arguments.map { $0.mapFields(map) })
    case .choose(let condition, let first, let second):
      .choose(condition.mapFields(map), first.mapFields(map), second.mapFields(map))
    case .condition(let condition): .condition(condition.mapFields(map))
    }
  }

  /// The type of its values; nil for a bare null.
  package func type(_ fields: [FieldType]) -> FieldType? {
    switch self {
    case .value(let value): value.type
    case .field(let field): fields[field]
    case .call(let function, let arguments):
      function.result(arguments.map { $0.type(fields) })
    case .choose(_, let first, let second):
      FormulaFunction.common([first.type(fields), second.type(fields)])
    case .condition: .bool
    }
  }
}

extension Value {
  /// Nil for null.
  package var type: FieldType? {
    switch self {
    case .null: nil
    case .int: .int
    case .double: .double
    case .string: .string
    case .bool: .bool
    case .timestamp: .timestamp
    }
  }
}
