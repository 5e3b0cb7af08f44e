// A filter made ready to run. Every comparison of numbers becomes a closed interval, wanted or
// unwanted: one loop serves all six comparisons, and a whole number against a fraction (or a double
// against a whole number that no double equals) is settled here, exactly, instead of per row.

/// One step of a compiled filter. `column` is the field's index.
indirect enum FilterPlan: Sendable {
  /// `low <= word <= low + span` as whole numbers, or not so.
  case integers(column: Int, low: Int64, span: UInt64, negated: Bool)
  /// `low <= word <= high` as doubles, or not so. NaN lies in no interval.
  case doubles(column: Int, low: Double, high: Double, negated: Bool)
  case texts(column: Int, TextTest)
  /// One of these, sorted.
  case integerList(column: Int, [Int64])
  case doubleList(column: Int, [Double])
  case textList(column: Int, [[UInt8]])
  /// The same for every row with a value.
  case constant(column: Int, Bool)
  /// A comparison with null: neither it nor its contrary is ever true.
  case unknown
  case isNull(column: Int)
  case not(FilterPlan)
  case and([FilterPlan])
  case or([FilterPlan])

  /// A comparison of bytes in their order.
  struct TextTest: Sendable {
    let text: [UInt8]
    /// Whether it holds for a field value below, equal to, and above the text.
    let below, equal, above: Bool
  }

  init(_ filter: Filter, types: [FieldType]) {
    switch filter {
    case .compare(let field, let comparison, let value):
      self = Self.compare(field, types[field], comparison, value)
    case .contained(let field, let values): self = Self.contained(field, types[field], values)
    case .isNull(let field): self = .isNull(column: field)
    case .compared, .unknown, .holds:
      preconditionFailure("what is computed becomes a column first, by a FormulaProgram")
    case .not(let inner): self = .not(FilterPlan(inner, types: types))
    case .and(let parts): self = .and(parts.map { FilterPlan($0, types: types) })
    case .or(let parts): self = .or(parts.map { FilterPlan($0, types: types) })
    }
  }

  private static func compare(
    _ column: Int, _ type: FieldType, _ comparison: Filter.Comparison, _ value: Value
  ) -> FilterPlan {
    switch value {
    case .string(let text):
      let test = TextTest(
        text: Array(text.utf8), below: [.less, .lessOrEqual, .notEqual].contains(comparison),
        equal: [.equal, .lessOrEqual, .greaterOrEqual].contains(comparison),
        above: [.greater, .greaterOrEqual, .notEqual].contains(comparison))
      return .texts(column: column, test)
    case .int(let value) where type == .double: return doubles(column, comparison, value)
    case .double(let value) where type == .int: return integers(column, comparison, value)
    case .double(let value): return doubles(column, comparison, value)
    case .int(let value): return integers(column, comparison, value)
    case .timestamp(let time): return integers(column, comparison, time.milliseconds)
    case .bool(let value): return integers(column, comparison, Int64(value ? 1 : 0))
    case .null: return .unknown
    }
  }

  private static func integers(
    _ column: Int, _ comparison: Filter.Comparison, _ value: Int64
  ) -> FilterPlan {
    switch comparison {
    case .equal, .notEqual: interval(column, value, value, negated: comparison == .notEqual)
    case .lessOrEqual: interval(column, .min, value)
    case .greater: interval(column, .min, value, negated: true)
    case .greaterOrEqual: interval(column, value, .max)
    case .less: interval(column, value, .max, negated: true)
    }
  }

  private static func interval(
    _ column: Int, _ low: Int64, _ high: Int64, negated: Bool = false
  ) -> FilterPlan {
    let span = UInt64(bitPattern: high) &- UInt64(bitPattern: low)
    return .integers(column: column, low: low, span: span, negated: negated)
  }

  /// A whole-number field against a double that equals no whole number of 64 bits, or may do so.
  private static func integers(
    _ column: Int, _ comparison: Filter.Comparison, _ value: Double
  ) -> FilterPlan {
    if let whole = Int64(exactly: value) { return integers(column, comparison, whole) }
    switch comparison {
    case .equal: return .constant(column: column, false)
    case .notEqual: return .constant(column: column, true)
    case .less, .lessOrEqual:
      guard let floor = Int64(exactly: value.rounded(.down)) else {
        return .constant(column: column, value > 0)
      }
      return interval(column, .min, floor)
    case .greater, .greaterOrEqual:
      guard let floor = Int64(exactly: value.rounded(.down)) else {
        return .constant(column: column, value < 0)
      }
      return interval(column, .min, floor, negated: true)
    }
  }

  private static func doubles(
    _ column: Int, _ comparison: Filter.Comparison, _ value: Double
  ) -> FilterPlan {
    switch comparison {
    case .equal, .notEqual:
      .doubles(column: column, low: value, high: value, negated: comparison == .notEqual)
    case .less: .doubles(column: column, low: -.infinity, high: value.nextDown, negated: false)
    case .lessOrEqual: .doubles(column: column, low: -.infinity, high: value, negated: false)
    case .greater: .doubles(column: column, low: value.nextUp, high: .infinity, negated: false)
    case .greaterOrEqual: .doubles(column: column, low: value, high: .infinity, negated: false)
    }
  }

  /// A double field against a whole number.
  private static func doubles(
    _ column: Int, _ comparison: Filter.Comparison, _ value: Int64
  ) -> FilterPlan {
    let nearest = Double(value)
    let order = NumberOrder.compare(value, nearest)
    if order == 0 { return doubles(column, comparison, nearest) }
    // `nearest` is a neighbour on one side, and no double lies between the two.
    switch comparison {
    case .equal: return .constant(column: column, false)
    case .notEqual: return .constant(column: column, true)
    case .less, .lessOrEqual: return doubles(column, order > 0 ? .lessOrEqual : .less, nearest)
    case .greater, .greaterOrEqual:
      return doubles(column, order > 0 ? .greater : .greaterOrEqual, nearest)
    }
  }

  private static func contained(
    _ column: Int, _ type: FieldType, _ values: [Value]
  ) -> FilterPlan {
    switch type {
    case .string:
      let texts = values.compactMap { value -> [UInt8]? in
        guard case .string(let text) = value else { return nil }
        return Array(text.utf8)
      }
      return .textList(column: column, texts.sorted { $0.lexicographicallyPrecedes($1) })
    case .double: return .doubleList(column: column, values.compactMap(double).sorted())
    default: return .integerList(column: column, values.compactMap(integer).sorted())
    }
  }

  private static func double(_ value: Value) -> Double? {
    switch value {
    case .double(let value): value
    case .int(let value): Double(exactly: value)
    default: nil
    }
  }

  private static func integer(_ value: Value) -> Int64? {
    switch value {
    case .int(let value): value
    case .double(let value): Int64(exactly: value)
    case .timestamp(let time): time.milliseconds
    case .bool(let value): value ? 1 : 0
    default: nil
    }
  }
}
