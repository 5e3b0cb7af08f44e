// What sketches must say: quantiles from all values in order, histograms by going through the steps, entropy
// from logarithms by their series.
import FeatureModel

extension NaiveAggregate {
  /// The middle of the bucket of the value of a rank.
  func quantile(_ permille: Int64) -> Value {
    let numbers = values.map { value -> Double in
      switch value.value {
      case .int(let whole): Double(whole)
      case .double(let number): number
      default: fatalError("no number")
      }
    }
    if numbers.isEmpty { return .null }
    let error = parameters["errorPermille"]!
    var parts: Int128 = 1
    while 2 * Int128(error) * parts < Int128(1000 - error) { parts += 1 }
    var buckets = values.map { NaiveBucket($0.value, parts) }
    while Set(buckets).count > Int(parameters["maxBuckets"]!) {
      buckets = buckets.map(\.joined)
    }
    let rank = (Int64(numbers.count) - 1) * permille / 1000
    return .double(buckets.sorted { $0.key < $1.key }[Int(rank)].middle(parts))
  }

  var histogram: Value {
    if values.isEmpty { return .null }
    let steps = Int(parameters["buckets"]!)
    var counts = [Int](repeating: 0, count: steps + 2)
    for value in whole {
      // In units of 1/(scale · per), where all bounds are whole numbers.
      let number = value * Int128(parameters["per"]!)
      var place = 0
      while place <= steps,
        number >= Int128(scale)
          * (Int128(parameters["from"]!) + Int128(place) * Int128(parameters["width"]!))
      { place += 1 }
      counts[place] += 1
    }
    return .string("[\(counts.map { String($0) }.joined(separator: ","))]")
  }

  /// Σ c·(log₂ n − log₂ c) / n.
  var entropy: Value {
    if values.isEmpty { return .null }
    let n = UInt128(values.count)
    let sum = counted.reduce(0 as UInt128) {
      $0 + UInt128($1.count) * (NaiveLogarithm.of(n) - NaiveLogarithm.of(UInt128($1.count)))
    }
    let (quotient, rest) = sum.quotientAndRemainder(dividingBy: n)
    return .double(Self.nearest(quotient | (rest == 0 ? 0 : 1)) / 0x1p110)
  }
}

/// A bucket of the powers of two in equal parts, after some joinings of neighbours.
private struct NaiveBucket: Hashable {
  let key: Int
  let joins: Int

  private init(key: Int, joins: Int) {
    self.key = key
    self.joins = joins
  }

  init(_ value: Value, _ parts: Int128) {
    joins = 0
    let size: (significand: Int128, exponent: Int, isNegative: Bool)
    switch value {
    case .int(let whole): size = (Int128(whole).magnitude.asSigned, 0, whole < 0)
    case .double(let number) where number == 0: size = (0, 0, false)
    case .double(let number):
      size = (
        Int128(number.magnitude.significand * 0x1p52), Int(number.exponent) - 52, number < 0
      )
    default: fatalError("no number")
    }
    if size.significand == 0 {
      key = 0
      return
    }
    var power = 0
    while Int128(2) << Int128(power) <= size.significand { power += 1 }
    // significand / 2^power − 1, in parts.
    let part = ((size.significand - 1 << Int128(power)) * parts) >> Int128(power)
    let number = (power + size.exponent) * Int(parts) + Int(part) + 1 << 31
    key = size.isNegative ? -number : number
  }

  var joined: NaiveBucket {
    NaiveBucket(key: key < 0 ? -(-key / 2) : key / 2, joins: joins + 1)
  }

  /// 2·l·u / (l + u).
  func middle(_ parts: Int128) -> Double {
    if key == 0 { return 0 }
    let first = Int(key.magnitude) << joins - 1 << 31
    let (low, high) = (Self.bound(first, Int(parts)), Self.bound(first + 1 << joins, Int(parts)))
    let ratio =
      Double(low.part) / Double(high.part)
      * Double(sign: .plus, exponent: low.power - high.power, significand: 1)
    let lower = Double(
      sign: .plus, exponent: low.power, significand: Double(low.part) / Double(parts))
    let middle = min(lower * (2 / (1 + ratio)), .greatestFiniteMagnitude)
    return key < 0 ? -middle : middle
  }

  private static func bound(_ number: Int, _ parts: Int) -> (part: Int, power: Int) {
    var power = number / parts
    while power * parts > number { power -= 1 }
    return (number - power * parts + parts, power)
  }
}

extension UInt128 {
  fileprivate var asSigned: Int128 { Int128(self) }
}

/// log₂ by the series of the area tangent, with 110 bits behind the point.
private enum NaiveLogarithm {
  static func of(_ number: UInt128) -> UInt128 {
    var power: UInt128 = 0
    while 2 << power <= number { power += 1 }
    // (m − 1) / (m + 1) for number = m · 2^power.
    let ratio = fraction(number - 1 << power, number + 1 << power)
    return power << 110 + fraction(series(ratio), series(fraction(1, 3)))
  }

  /// x + x³/3 + x⁵/5 + ...
  private static func series(_ x: UInt128) -> UInt128 {
    var (sum, term, divisor): (UInt128, UInt128, UInt128) = (0, x, 1)
    while term > 0 {
      sum += term / divisor
      term = product(product(term, x), x)
      divisor += 2
    }
    return sum
  }

  private static func product(_ one: UInt128, _ other: UInt128) -> UInt128 {
    let full = one.multipliedFullWidth(by: other)
    return full.high << 18 | full.low >> 110
  }

  private static func fraction(_ above: UInt128, _ below: UInt128) -> UInt128 {
    below.dividingFullWidth((above >> 18, above << 110)).quotient
  }
}
