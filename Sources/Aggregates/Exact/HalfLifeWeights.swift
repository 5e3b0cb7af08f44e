// What an event counts that happened some slices ago, where its weight halves with every half-life: whole
// numbers of 2^-63, found by whole-number arithmetic alone, so that they are the same on every machine.
//
// The weight at an age of j slices, for a half-life of h slices, is ⌊2^(63 − j/h)⌋: 1 at no age, cut to 63
// binary places, and 0 beyond 63 half-lives. With j = q·h + i it is ⌊2^(63 − i/h)⌋, shifted right by q. The
// powers of i/h come from a series with an error below 2^-115; that its bits decide the 63 wanted ones was
// found by going through all i and h up to the longest half-life: the nearest of them to a whole
// number of 2^-63 is more than 2^-99 away from it.

/// The weights of one half-life; a value, with tables that copies share.
struct HalfLifeWeights: Sendable {
  /// A share of 1 in units of 2^-63, at most 2^63.
  typealias Weight = UInt64

  /// Weights are whole numbers of 2^exponent.
  static let exponent: Int32 = -63
  /// i/h is looked up as one of so many small steps behind one of the large ones.
  private static let steps = 512

  /// In slices.
  private let halfLife: Int64
  /// 2^(127 − i/h) for each i below `steps`, or below h.
  private let small: [UInt128]
  /// 2^(127 − i/h) for each multiple i of `steps`.
  private let large: [UInt128]

  /// - Parameter halfLife: in slices, 1 to 100,000.
  /// - Complexity: at most 708 powers, of some 35 divisions each.
  init(halfLife: Int64) {
    precondition((1...100_000).contains(halfLife), "a half-life is a whole number of slices")
    self.halfLife = halfLife
    let whole = Int(halfLife)
    small = (0..<min(whole, Self.steps)).map { Self.power($0, of: whole) }
    large = stride(from: 0, to: whole, by: Self.steps).map { Self.power($0, of: whole) }
  }

  /// What an event counts at an age in slices; at least 0.
  @inline(__always)
  func weight(at age: Int64) -> Weight {
    let (halves, rest) = age.quotientAndRemainder(dividingBy: halfLife)
    if halves > 63 { return 0 }
    let place = Int(rest)
    let power =
      place < Self.steps
      ? small[place] >> 64
      : Self.high(large[place / Self.steps], small[place % Self.steps]) >> 63
    return UInt64(truncatingIfNeeded: power) >> UInt64(halves)
  }

  /// 2^(127 − part/whole), where part < whole: the series of e^-x for x = ln 2 · part/whole, term by term until
  /// none is left.
  private static func power(_ part: Int, of whole: Int) -> UInt128 {
    // ⌊ln 2 · 2^128⌋
    let logarithm: UInt128 = 0xB172_17F7_D1CF_79AB_C9E3_B398_03F2_F6AF
    let (quotient, rest) = logarithm.quotientAndRemainder(dividingBy: UInt128(whole))
    let exponent = quotient * UInt128(part) + rest * UInt128(part) / UInt128(whole)
    var sum: UInt128 = 1 << 127
    var term = sum
    var number: UInt128 = 1
    while true {
      term = high(term, exponent) / number
      if term == 0 { return sum }
      sum = number & 1 == 1 ? sum - term : sum + term
      number += 1
    }
  }

  /// left · right / 2^128, at most 2 less than exact.
  @inline(__always)
  private static func high(_ left: UInt128, _ right: UInt128) -> UInt128 {
    let (leftTop, leftLow) = (left >> 64, left & UInt128(UInt64.max))
    let (rightTop, rightLow) = (right >> 64, right & UInt128(UInt64.max))
    return leftTop * rightTop + (leftTop * rightLow) >> 64 + (leftLow * rightTop) >> 64
  }
}

extension ExactSum {
  /// Adds another sum times a weight, exactly.
  @inline(__always)
  mutating func merge(_ other: ExactSum, times weight: HalfLifeWeights.Weight) {
    // 63 bits times 64: the product of a count, and of most sums.
    if other.wide == nil, let small = Int64(exactly: other.mantissa) {
      return add(
        Int128(small) &* Int128(weight), exponent: other.exponent + HalfLifeWeights.exponent)
    }
    mergeLong(other, times: weight)
  }

  @inline(never)
  private mutating func mergeLong(_ other: ExactSum, times weight: HalfLifeWeights.Weight) {
    var product = WideSum()
    product.addProduct(
      other.number, ExactNumber(Int128(weight), exponent: Int(HalfLifeWeights.exponent)),
      negated: false)
    add(product.number)
  }
}
