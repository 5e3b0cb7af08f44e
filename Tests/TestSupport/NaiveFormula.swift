// Formulas and filters from first principles: one value at a time, texts as Swift's strings of Unicode scalars.
// It shares no code with the columns of FeatureModel.
import FeatureModel

/// Formulas over one row.
struct NaiveFormula {
  let row: [Value]
  let types: [FieldType]

  init(_ row: [Value], _ types: [FieldType]) {
    self.row = row
    self.types = types
  }

  /// Whole numbers become doubles where these were promised.
  static func typed(_ value: Value, _ type: FieldType) -> Value {
    if case .int(let whole) = value, type == .double { return .double(Double(whole)) }
    return value
  }

  func value(_ formula: Formula) -> Value {
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
      return values.contains(.null) ? .null : NaiveFunction.call(function, values)
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
