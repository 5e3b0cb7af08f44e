// Exact numbers multiplied, added and compared, and the double that is nearest to a quotient or to its root:
// what skewness and kurtosis are made of. A double is guessed in floating point and then held against the exact
// value, so that the result is rounded once, whatever the guess was worth.

extension ExactNumber {
  /// A whole number.
  init(_ value: Int64) { self.init(Int128(value), exponent: 0) }

  static func * (left: Self, right: Self) -> Self {
    guard !left.isZero, !right.isZero else { return ExactNumber(0) }
    var product = [UInt64](repeating: 0, count: left.limbs.count + right.limbs.count)
    for (i, one) in left.limbs.enumerated() {
      var carry: UInt64 = 0
      for (j, other) in right.limbs.enumerated() {
        let full = UInt128(one) * UInt128(other) + UInt128(product[i + j]) + UInt128(carry)
        product[i + j] = UInt64(truncatingIfNeeded: full)
        carry = UInt64(truncatingIfNeeded: full >> 64)
      }
      product[i + right.limbs.count] = carry
    }
    return ExactNumber(
      negative: left.negative != right.negative, limbs: product,
      exponent: left.exponent + right.exponent)
  }

  static func + (left: Self, right: Self) -> Self {
    var sum = GrowingSum()
    sum.add(left)
    sum.add(right)
    return sum.number
  }

  static func - (left: Self, right: Self) -> Self { left + right.negated }

  var negated: Self { ExactNumber(negative: !negative, limbs: limbs, exponent: exponent) }

  var magnitude: Self { negative ? negated : self }

  /// Below 0, 0 or above 0 as |self| compares with |other|.
  func compareMagnitude(_ other: Self) -> Int {
    if isZero || other.isZero { return limbs.count - other.limbs.count }
    let tops = (exponent + bitCount, other.exponent + other.bitCount)
    if tops.0 != tops.1 { return tops.0 < tops.1 ? -1 : 1 }
    let difference = magnitude - other.magnitude
    return difference.isZero ? 0 : difference.negative ? -1 : 1
  }

  /// |self| as a double in [0.5, 1), perhaps a little off, and the power of two that it lacks.
  private var rough: (significand: Double, exponent: Int) {
    let fraction = ExactNumber(negative: false, limbs: limbs, exponent: -bitCount)
    return (fraction.rounded(), exponent + bitCount)
  }

  /// The double nearest to self / divisor, ties to even. The divisor is not zero.
  func quotient(by divisor: Self) -> Double {
    if isZero { return 0 }
    let (top, bottom) = (rough, divisor.rough)
    let guess = Double(
      sign: .plus, exponent: top.exponent - bottom.exponent,
      significand: top.significand / bottom.significand)
    let found = Self.nearest(to: guess) { compareMagnitude($0 * divisor) }
    return negative != divisor.negative ? -found : found
  }

  /// The double nearest to √(self / divisor), ties to even; both are above zero.
  func quotientRoot(by divisor: Self) -> Double {
    if isZero { return 0 }
    let (top, bottom) = (rough, divisor.rough)
    let exponent = top.exponent - bottom.exponent
    let ratio = top.significand / bottom.significand * (exponent & 1 == 0 ? 1 : 2)
    let guess = Double(sign: .plus, exponent: exponent >> 1, significand: ratio.squareRoot())
    return Self.nearest(to: guess) { compareMagnitude($0 * $0 * divisor) }
  }

  /// Moves a guess of a number that is not negative to the nearest double.
  /// - Parameter compare: below 0 where the number is less than the one it is given.
  private static func nearest(to guess: Double, _ compare: (ExactNumber) -> Int) -> Double {
    var found = min(guess, .greatestFiniteMagnitude)
    while true {
      let isOdd = found.bitPattern & 1 == 1
      let above = compare(middle(above: found))
      if above > 0 || (above == 0 && isOdd) {
        if found == .greatestFiniteMagnitude { return .infinity }
        found = found.nextUp
        continue
      }
      if found == 0 { return found }
      let below = compare(middle(above: found.nextDown))
      if below < 0 || (below == 0 && isOdd) {
        found = found.nextDown
        continue
      }
      return found
    }
  }

  /// The number half way to the next double.
  private static func middle(above value: Double) -> ExactNumber {
    let (significand, exponent) = ExactSum.parts(of: value)
    return ExactNumber(Int128(2 * significand + 1), exponent: Int(exponent) - 1)
  }
}
