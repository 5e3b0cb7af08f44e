// The small laws by which texts that mean the same become the same filter: nested `and`s are one,
// two `not`s are none, the values of an `in` have one order. No law here changes what is unknown.

extension Filter {
  /// Their conjunction, flat.
  static func allOf(_ parts: [Filter]) -> Filter {
    let flat = parts.flatMap { part -> [Filter] in
      if case .and(let inner) = part { return inner }
      return [part]
    }
    return flat.count == 1 ? flat[0] : .and(flat)
  }

  /// Their disjunction, flat.
  static func anyOf(_ parts: [Filter]) -> Filter {
    let flat = parts.flatMap { part -> [Filter] in
      if case .or(let inner) = part { return inner }
      return [part]
    }
    return flat.count == 1 ? flat[0] : .or(flat)
  }

  /// The contrary: unknown where this is unknown.
  var negated: Filter {
    if case .not(let inner) = self { return inner }
    return .not(self)
  }

  /// The literal that a computed value is compared with.
  var comparedValue: Value? {
    if case .compared(_, _, .value(let value)) = self { value } else { nil }
  }

  /// Whether both ask whether the same computed value equals some literal.
  func isAnotherValue(than other: Filter) -> Bool {
    guard case .compared(let one, .equal, .value) = self,
      case .compared(let another, .equal, .value) = other
    else { return false }
    return one == another
  }

  /// Sorted, each once. Texts are told apart and ordered by their bytes.
  static func normalized(_ values: [Value]) -> [Value] {
    let sorted = values.sorted(by: precedes)
    var result: [Value] = []
    for value in sorted {
      if let last = result.last, !precedes(last, value) { continue }
      result.append(value)
    }
    return result
  }

  private static func precedes(_ left: Value, _ right: Value) -> Bool {
    switch (left, right) {
    case (.string(let left), .string(let right)):
      return left.utf8.lexicographicallyPrecedes(right.utf8)
    case (.timestamp(let left), .timestamp(let right)): return left < right
    case (.bool(let left), .bool(let right)): return !left && right
    case (.int(let left), .int(let right)): return left < right
    default: return NumberOrder.precedes(left, right)
    }
  }
}

/// Exact order between numbers of different types.
enum NumberOrder {
  static func precedes(_ left: Value, _ right: Value) -> Bool {
    switch (left, right) {
    case (.double(let left), .double(let right)): return left < right
    case (.int(let left), .double(let right)): return compare(left, right) < 0
    case (.double(let left), .int(let right)): return compare(right, left) > 0
    default: return false
    }
  }

  /// Negative, zero or positive as the whole number is below, at or above the finite double.
  static func compare(_ int: Int64, _ double: Double) -> Int {
    if double >= 0x1p63 { return -1 }
    if double < -0x1p63 { return 1 }
    let whole = Int64(double.rounded(.down))
    if int != whole { return int < whole ? -1 : 1 }
    return double > Double(whole) ? -1 : 0
  }
}
