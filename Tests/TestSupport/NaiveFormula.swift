// Formulas and filters from first principles: one value at a time, texts as Swift's strings of Unicode scalars.
// It shares no code with the columns of FeatureModel.
import FeatureModel

/// Formulas over one row.
public struct NaiveFormula {
  let row: [Value]
  let types: [FieldType]
  /// For each field the fields that it is made of; one that is not named is made of itself.
  let sources: [Int: Set<Int>]

  public init(_ row: [Value], _ types: [FieldType], sources: [Int: Set<Int>] = [:]) {
    self.row = row
    self.types = types
    self.sources = sources
  }

  /// The text fields that a text is made of.
  public func sources(of formula: Formula) -> Set<Int> {
    guard formula.type(types) == .string else { return [] }
    switch formula {
    case .field(let field): return sources[field] ?? [field]
    case .choose(_, let first, let second): return sources(of: first).union(sources(of: second))
    case .call(_, let arguments): return Set(arguments.flatMap { sources(of: $0) })
    default: return []
    }
  }

  /// Null where a text is longer than 1 MiB, or than 1 KiB and four times what it is made of.
  private func bounded(_ value: Value, _ formula: Formula) -> Value {
    let length = { (value: Value) in
      if case .string(let text) = value { text.utf8.count } else { 0 }
    }
    let made = sources(of: formula).reduce(0) { $0 + length(row[$1]) }
    return length(value) > min(1 << 20, max(1 << 10, 4 * made)) ? .null : value
  }

  /// Whole numbers become doubles where these were promised.
  static func typed(_ value: Value, _ type: FieldType) -> Value {
    if case .int(let whole) = value, type == .double { return .double(Double(whole)) }
    return value
  }

  public func value(_ formula: Formula) -> Value {
    let value = untyped(formula)
    return formula.type(types).map { Self.typed(value, $0) } ?? value
  }

  private func untyped(_ formula: Formula) -> Value {
    switch formula {
    case .value(let value): return value
    case .field(let field): return row[field]
    case .condition(let filter): return isTrue(filter).map { .bool($0) } ?? .null
    case .choose(let condition, let first, let second):
      return isTrue(condition) == true ? value(first) : value(second)
    case .call(.coalesce, let arguments):
      return arguments.map { value($0) }.first { $0 != .null } ?? .null
    case .call(let function, let arguments):
      let values = arguments.map { value($0) }
      if values.contains(.null) { return .null }
      let result = NaiveFunction.call(function, values)
      return [.concat, .replace].contains(function) ? bounded(result, formula) : result
    }
  }

  /// Nil is unknown.
  func isTrue(_ filter: Filter?) -> Bool? {
    switch filter {
    case nil: return true
    case .isNull(let field): return row[field] == .null
    case .unknown(let formula): return value(formula) == .null
    case .holds(let formula):
      guard case .bool(let truth) = value(formula) else { return nil }
      return truth
    case .not(let inner): return isTrue(inner).map { !$0 }
    case .and(let parts):
      let truths = parts.map { isTrue($0) }
      return truths.contains(false) ? false : truths.contains(nil) ? nil : true
    case .or(let parts):
      let truths = parts.map { isTrue($0) }
      return truths.contains(true) ? true : truths.contains(nil) ? nil : false
    case .contained(let field, let values):
      if row[field] == .null { return nil }
      return values.contains { NaiveOrder.compare(row[field], $0) == 0 }
    case .compare(let field, let comparison, let value):
      return compare(row[field], comparison, value)
    case .compared(let left, let comparison, let right):
      return compare(value(left), comparison, value(right))
    }
  }

  private func compare(_ left: Value, _ comparison: Filter.Comparison, _ right: Value) -> Bool? {
    if left == .null || right == .null { return nil }
    let order = NaiveOrder.compare(left, right)
    switch comparison {
    case .equal: return order == 0
    case .notEqual: return order != 0
    case .less: return order < 0
    case .lessOrEqual: return order <= 0
    case .greater: return order > 0
    case .greaterOrEqual: return order >= 0
    }
  }
}
