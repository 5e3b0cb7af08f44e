// Which bucket a number falls into, in whole-number arithmetic alone, so that every machine agrees: equal
// steps for histograms; for quantiles, every power of two in so many equal parts that a bucket's middle is
// never further from any number in it than the declared relative error.

/// From a field's words to numbers of buckets.
public enum BucketScheme: Sendable, Equatable {
  /// `buckets` buckets of `width`/`per` from `first`/`per` on, numbered from 1; 0 is what lies below, the next
  /// after the last what lies above.
  case steps(first: Int64, width: Int64, per: Int64, buckets: Int64, isDouble: Bool)
  /// Powers of two in `parts` equal parts each; numbers ascend with the values, negative ones are below 0, and
  /// 0 is zero alone.
  case powers(parts: Int64, isDouble: Bool)

  /// Keeps the numbers of positive values positive, through 24 joins.
  static let bias: Int64 = 1 << 31

  /// The parts that a power of two needs for a relative error in thousandths: at least (1 − a) / 2a of them.
  public static func parts(errorPermille: Int64) -> Int64 {
    (1000 - errorPermille + 2 * errorPermille - 1) / (2 * errorPermille)
  }

  /// The number of a word's bucket.
  @inline(__always)
  func key(_ word: UInt64) -> Int64 {
    switch self {
    case .steps(let first, let width, let per, let buckets, let isDouble):
      let scaled =
        isDouble ? Self.floor(word, times: per) : Int128(Int64(bitPattern: word)) * Int128(per)
      let offset = scaled - Int128(first)
      if offset < 0 { return 0 }
      return Int64(min(offset / Int128(width), Int128(buckets))) + 1
    case .powers(let parts, let isDouble):
      let magnitude: UInt64
      let exponent: Int64
      if isDouble {
        let (significand, scale) = ExactSum.parts(of: Double(bitPattern: word))
        (magnitude, exponent) = (UInt64(significand), Int64(scale))
      } else {
        (magnitude, exponent) = (Int64(bitPattern: word).magnitude, 0)
      }
      if magnitude == 0 { return 0 }
      let zeros = magnitude.leadingZeroBitCount
      let fraction = (magnitude << UInt64(zeros)) << 1
      let part = fraction.multipliedFullWidth(by: UInt64(parts)).high
      let key = (exponent + 63 - Int64(zeros)) * parts + Int64(part) + Self.bias
      return word >> 63 == 1 ? -key : key
    }
  }

  /// ⌊value · factor⌋ of a double, kept within ±2^120; the factor is below 2^21.
  private static func floor(_ word: UInt64, times factor: Int64) -> Int128 {
    let value = Double(bitPattern: word)
    let (significand, exponent) = ExactSum.parts(of: value)
    let product = Int128(value.sign == .minus ? -significand : significand) * Int128(factor)
    if exponent >= 46 { return product == 0 ? 0 : product < 0 ? -(1 << 120) : 1 << 120 }
    if exponent >= 0 { return product << Int128(exponent) }
    return product >> Int128(min(-exponent, 127))
  }

  /// The number that stands for a bucket of `powers` after some joins: 2·l·u / (l + u) of its lower and upper
  /// bound, which is within the relative error of both; in the operations that are written here.
  static func middle(_ key: Int64, level: Int, parts: Int64) -> Double {
    if key == 0 { return 0 }
    let lowest = (Int64(key.magnitude) << Int64(level)) - bias
    let low = bound(lowest, parts)
    let high = bound(lowest + (1 << Int64(level)), parts)
    let ratio = Double(
      sign: .plus, exponent: Int(low.exponent - high.exponent),
      significand: Double(low.part) / Double(high.part))
    let lower = Double(
      sign: .plus, exponent: Int(low.exponent), significand: Double(low.part) / Double(parts))
    let middle = min(lower * (2 / (1 + ratio)), .greatestFiniteMagnitude)
    return key < 0 ? -middle : middle
  }

  /// The lower bound of a bucket as part/parts · 2^exponent, where parts ≤ part < 2 · parts.
  private static func bound(_ number: Int64, _ parts: Int64) -> (part: Int64, exponent: Int64) {
    let rest = number % parts
    let position = rest < 0 ? rest + parts : rest
    return (parts + position, (number - position) / parts)
  }
}
