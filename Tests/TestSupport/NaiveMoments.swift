// Skewness and kurtosis from deviations in whole numbers of any size: slow, and plain.

/// The moments of some whole numbers; their unit does not matter.
struct NaiveMoments {
  private let n: NaiveWhole
  private let count: Int
  /// n²·m₂, n³·m₃, n⁴·m₄ of the central moments: sums over x·n − Σx.
  private let second: NaiveWhole
  private let third: NaiveWhole
  private let fourth: NaiveWhole

  init(_ values: [Int128]) {
    count = values.count
    n = NaiveWhole(Int128(values.count))
    let sum = values.reduce(0, +)
    var powers = [NaiveWhole](repeating: NaiveWhole(0), count: 5)
    for value in values {
      let deviation = NaiveWhole(value * Int128(values.count) - sum)
      var power = NaiveWhole(1)
      for index in 1...4 {
        power = power * deviation
        powers[index] = powers[index] + power
      }
    }
    // Σ(n·x − Σx)^p is n^(p+1)·m_p; the missing factor cancels below.
    (second, third, fourth) = (powers[2], powers[3], powers[4])
  }

  /// √(n(n−1)) / (n−2) · m₃ / m₂^(3/2).
  var skewness: Double? {
    if count < 3 { return nil }
    if second.isZero { return 0 }
    // m₃² / m₂³ = third² / n⁸ · n⁹ / second³.
    let above = third * third * n * n * NaiveWhole(Int128(count - 1))
    let below = second * second * second * NaiveWhole(Int128(count - 2) * Int128(count - 2))
    let root = NaiveWhole.nearest { value in value * value * below <= above }
    return third.isNegative ? -root : root
  }

  /// (n−1) / ((n−2)(n−3)) · ((n+1)·m₄ / m₂² − 3(n−1)).
  var kurtosis: Double? {
    if count < 4 { return nil }
    if second.isZero { return 0 }
    // m₄ / m₂² = fourth / n⁵ · n⁶ / second².
    let (m, square) = (Int128(count), second * second)
    let above = NaiveWhole((m + 1) * m) * fourth - NaiveWhole(3 * (m - 1)) * square
    return NaiveWhole.nearest(NaiveWhole(m - 1) * above, NaiveWhole((m - 2) * (m - 3)) * square)
  }
}
