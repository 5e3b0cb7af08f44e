// What is read off exact sums: each result is rounded once, from the exact value.

extension ExactSum {
  /// The nearest double, ties to even, as Python's `math.fsum` gives; ±infinity where the sum is beyond
  /// the doubles, and +0.0 for zero.
  public var doubleValue: Double {
    guard wide == nil else { return number.rounded() }
    let magnitude = mantissa.magnitude
    guard magnitude != 0 else { return 0 }
    let zeros = magnitude.leadingZeroBitCount
    let normalised = magnitude &<< UInt128(zeros)
    return Rounding.nearest(
      negative: mantissa < 0, leading: UInt64(truncatingIfNeeded: normalised >> 64),
      top: Int(exponent) + 127 - zeros, sticky: UInt64(truncatingIfNeeded: normalised) != 0)
  }

  /// The sum as a whole number; nil where it is none, or outside of Int64.
  public var int64Value: Int64? {
    if exponent == 0, wide == nil { return Int64(exactly: mantissa) }
    guard let (odd, scale) = narrow, scale >= 0,
      let whole = Self.aligned(odd, from: scale, to: 0)
    else { return nil }
    return Int64(exactly: whole)
  }

  /// The double nearest to sum / divisor; the divisor is above 0.
  public func quotient(by divisor: Int64) -> Double {
    number.quotient(by: UInt64(divisor), 1)
  }

  /// The exact n·Σx² − (Σx)², of which the variance is made; `self` is Σx². Nil where no 2^60 doubles
  /// have such a sum.
  func scatter(count: Int64, sum: ExactSum) -> ExactNumber? {
    if let fast = narrowScatter(count: count, sum: sum) {
      return ExactNumber(fast.mantissa, exponent: Int(fast.exponent))
    }
    var total = WideSum()
    total.addProduct(number, ExactNumber(Int128(count), exponent: 0), negated: false)
    let root = sum.number
    guard root.exponent >= -1074, root.exponent + root.bitCount <= 1084 else { return nil }
    total.addProduct(root, root, negated: true)
    return total.number
  }

  /// The numerator of the variance, n·Σx² − (Σx)², rounded once; `self` is Σx². Nil where no 2^60
  /// doubles have such a sum.
  public func roundedScatter(count: Int64, sum: ExactSum) -> Double? {
    scatter(count: count, sum: sum)?.rounded()
  }

  /// The sample variance: the double nearest to (n·Σx² − (Σx)²) / (n·(n−1)), where `self` is Σx², as
  /// Python's `statistics.variance` gives. Never negative; nil for fewer than two values, or
  /// where no 2^60 doubles have such a sum.
  public func sampleVariance(count: Int64, sum: ExactSum) -> Double? {
    guard count >= 2 else { return nil }
    let limit: Int128 = 1 << 53
    let divisor = Int128(count) * Int128(count - 1)
    // One division of doubles that are exact rounds once, too.
    if let fast = narrowScatter(count: count, sum: sum), fast.exponent == 0,
      fast.mantissa < limit, divisor < limit
    {
      return max(0, Double(Int64(fast.mantissa)) / Double(Int64(divisor)))
    }
    guard let exact = scatter(count: count, sum: sum) else { return nil }
    return exact.negative ? 0 : exact.quotient(by: UInt64(count), UInt64(count - 1))
  }

  /// The same numerator where all of it fits an Int128.
  private func narrowScatter(
    count: Int64, sum: ExactSum
  ) -> (mantissa: Int128, exponent: Int32)? {
    guard let squares = narrow, let root = sum.narrow, let base = Int64(exactly: root.mantissa)
    else { return nil }
    let (product, overflow) = squares.mantissa.multipliedReportingOverflow(by: Int128(count))
    let lower = min(squares.exponent, 2 * root.exponent, 0)
    guard !overflow, let left = Self.aligned(product, from: squares.exponent, to: lower),
      let right = Self.aligned(
        Int128(base) * Int128(base), from: 2 * root.exponent, to: lower)
    else { return nil }
    let (difference, tooFar) = left.subtractingReportingOverflow(right)
    return tooFar ? nil : (difference, lower)
  }
}
