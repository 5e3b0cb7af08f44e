// A view's filter after parsing: a small boolean expression over the stream's fields. Nulls follow SQL:
// a comparison with null is unknown, and only events for which the whole is true count.

/// A boolean expression over fields, by index into the stream's declaration.
public indirect enum Filter: Hashable, Sendable {
  case compare(field: Int, Comparison, Value)
  /// The field's value is one of these; nulls are not listed.
  case contained(field: Int, in: [Value])
  case isNull(field: Int)
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
