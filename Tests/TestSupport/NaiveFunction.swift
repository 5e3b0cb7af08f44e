// The functions of formulas on values, none of them null. Texts are arrays of Unicode scalars here.
import FeatureModel

enum NaiveFunction {
  static func call(_ function: FormulaFunction, _ values: [Value]) -> Value {
    switch (values[0], values.count > 1 ? values[1] : .null) {
    case (.timestamp(let a), .timestamp(let b)): return .int(a.milliseconds - b.milliseconds)
    case (.timestamp(let a), .int(let b)):
      return instant(arithmetic(function, .int(a.milliseconds), .int(b)))
    case (.int(let a), .timestamp(let b)):
      return instant(arithmetic(function, .int(a), .int(b.milliseconds)))
    case (.timestamp(let time), _): return clock(function, time.milliseconds)
    case (.string(let text), _):
      return NaiveWords(function, Array(text.unicodeScalars), values).value
    default: break
    }
    switch function {
    case .add, .subtract, .multiply, .divide, .remainder, .div:
      return arithmetic(function, values[0], values[1])
    case .min: return values.min { NaiveOrder.compare($0, $1) < 0 }!
    case .max:
      return values.dropFirst().reduce(values[0]) { NaiveOrder.compare($1, $0) > 0 ? $1 : $0 }
    case .string: return .string(values[0].description)
    case .double: return .double(double(values[0]))
    case .sqrt: return finite(double(values[0]).squareRoot())
    case .negate: return arithmetic(.multiply, values[0], .int(-1))
    case .abs:
      guard case .int(let whole) = values[0] else { return .double(double(values[0]).magnitude) }
      return whole == .min ? .null : .int(whole < 0 ? -whole : whole)
    default: return whole(function, values[0])
    }
  }

  static func double(_ value: Value) -> Double {
    switch value {
    case .int(let whole): Double(whole)
    case .double(let number): number
    default: fatalError("no number")
    }
  }

  static func finite(_ number: Double) -> Value { number.isFinite ? .double(number) : .null }

  private static func instant(_ value: Value) -> Value {
    guard case .int(let time) = value else { return .null }
    return Timestamp(milliseconds: time).map { .timestamp($0) } ?? .null
  }

  private static func arithmetic(
    _ function: FormulaFunction, _ left: Value, _ right: Value
  ) -> Value {
    if function != .divide, case .int(let a) = left, case .int(let b) = right {
      let (one, other) = (Int128(a), Int128(b))
      if other == 0, [.div, .remainder].contains(function) { return .null }
      let result: Int128 =
        switch function {
        case .add: one + other
        case .subtract: one - other
        case .multiply: one * other
        case .div: one / other
        default: one % other
        }
      return Int64(exactly: result).map { .int($0) } ?? .null
    }
    let (one, other) = (double(left), double(right))
    switch function {
    case .add: return finite(one + other)
    case .subtract: return finite(one - other)
    case .multiply: return finite(one * other)
    case .divide: return finite(one / other)
    default: return finite(one.truncatingRemainder(dividingBy: other))
    }
  }

  private static func whole(_ function: FormulaFunction, _ value: Value) -> Value {
    guard case .double(let number) = value else { return value }
    let rounded =
      switch function {
      case .floor: number.rounded(.down)
      case .ceil: number.rounded(.up)
      case .int: number.rounded(.towardZero)
      default: number.rounded(.toNearestOrAwayFromZero)
      }
    return Int64(exactly: rounded).map { .int($0) } ?? .null
  }

  private static func clock(_ function: FormulaFunction, _ time: Int64) -> Value {
    var days: Int64 = time / 86_400_000
    while days * 86_400_000 > time { days -= 1 }
    switch function {
    case .hourOfDay: return .int((time - days * 86_400_000) / 3_600_000)
    case .dayOfWeek:
      var day = (days + 3) % 7
      if day < 0 { day += 7 }
      return .int(day + 1)
    default: return .int(time)
    }
  }
}

/// A function of a text.
struct NaiveWords {
  let value: Value

  init(_ function: FormulaFunction, _ text: [Unicode.Scalar], _ values: [Value]) {
    let others = values.dropFirst().map { value -> [Unicode.Scalar] in
      if case .string(let other) = value { Array(other.unicodeScalars) } else { [] }
    }
    let string = { (part: any Sequence<Unicode.Scalar>) -> Value in
      var view = String.UnicodeScalarView()
      for scalar in part { view.append(scalar) }
      return .string(String(view))
    }
    let wanted = others.first ?? []
    let places =
      text.count < wanted.count
      ? []
      : (0...text.count - wanted.count).filter { Array(text[$0...].prefix(wanted.count)) == wanted }
    switch function {
    case .length: value = .int(Int64(text.count))
    case .lower: value = string(text.map { ("A"..."Z").contains($0) ? .init($0.value + 32)! : $0 })
    case .upper: value = string(text.map { ("a"..."z").contains($0) ? .init($0.value - 32)! : $0 })
    case .string: value = values[0]
    case .concat: value = string(text + others.flatMap { $0 })
    case .trim:
      let isBlank = { (scalar: Unicode.Scalar) in
        " \t\n\u{B}\u{C}\r".unicodeScalars.contains(scalar)
      }
      value = string(text.drop(while: isBlank).reversed().drop(while: isBlank).reversed())
    case .replace:
      var (rest, result) = (text[...], [Unicode.Scalar]())
      while let next = rest.first {
        let isFound = !wanted.isEmpty && rest.starts(with: wanted)
        result += isFound ? others[1] : [next]
        rest = rest.dropFirst(isFound ? wanted.count : 1)
      }
      value = string(result)
    case .contains: value = .bool(!places.isEmpty)
    case .startsWith: value = .bool(places.first == 0)
    case .endsWith:
      value = .bool(places.last == text.count - wanted.count && text.count >= wanted.count)
    case .before: value = places.first.map { string(text[..<$0]) } ?? .null
    case .beforeLast: value = places.last.map { string(text[..<$0]) } ?? .null
    case .after: value = places.first.map { string(text[($0 + wanted.count)...]) } ?? .null
    case .afterLast: value = places.last.map { string(text[($0 + wanted.count)...]) } ?? .null
    case .substring:
      guard case .int(let start) = values[1], start >= 1 else {
        value = .null
        return
      }
      let rest = text.dropFirst(Int(start) - 1)
      guard values.count > 2 else {
        value = string(rest)
        return
      }
      guard case .int(let count) = values[2], count >= 0 else {
        value = .null
        return
      }
      value = string(rest.prefix(Int(count)))
    default: fatalError("the oracle knows no \(function) of texts")
    }
  }
}
