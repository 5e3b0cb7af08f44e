// A view's filter after parsing: a small boolean expression over the stream's fields. Nulls follow SQL:
// a comparison with null is unknown, and only events for which the whole is true count.

/// A boolean expression over fields, by index into the stream's declaration.
public indirect enum Filter: Hashable, Sendable {
  case compare(field: Int, Comparison, Value)
  /// The field's value is one of these; nulls are not listed.
  case contained(field: Int, in: [Value])
  case isNull(field: Int)
  /// Computed values, or a computed value and a literal.
  case compared(Formula, Comparison, Formula)
  /// A computed value is null.
  case unknown(Formula)
  /// A computed bool is true.
  case holds(Formula)
  case not(Filter)
  case and([Filter])
  case or([Filter])

  public enum Comparison: String, Hashable, Sendable, CaseIterable {
    case equal = "="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
  }
}

extension Filter {
  /// The indices of all fields it looks at, with repetitions.
  package var fields: [Int] {
    switch self {
    case .compare(let field, _, _), .contained(let field, _), .isNull(let field): [field]
    case .compared(let left, _, let right): left.fields + right.fields
    case .unknown(let formula), .holds(let formula): formula.fields
    case .not(let filter): filter.fields
    case .and(let filters), .or(let filters): filters.flatMap(\.fields)
    }
  }

  /// The same expression with each field's index replaced.
  package func mapFields(_ map: (Int) -> Int) -> Filter {
    switch self {
    case .compare(let field, let comparison, let value):
      .compare(field: map(field), comparison, value)
    case .contained(let field, let values): .contained(field: map(field), in: values)
    case .isNull(let field): .isNull(field: map(field))
    case .compared(let left, let comparison, let right):
      .compared(left.mapFields(map), comparison, right.mapFields(map))
    case .unknown(let formula): .unknown(formula.mapFields(map))
    case .holds(let formula): .holds(formula.mapFields(map))
    case .not(let filter): .not(filter.mapFields(map))
    case .and(let filters): .and(filters.map { $0.mapFields(map) })
    case .or(let filters): .or(filters.map { $0.mapFields(map) })
    }
  }
}
