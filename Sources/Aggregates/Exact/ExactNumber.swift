// One exact binary number in canonical form: sign, odd magnitude of any length, exponent. It is what a
// sum is outside of the fast path: to compare, to store, to multiply, to divide and to round once.

/// ± magnitude · 2^exponent, where the magnitude is odd, or all of it zero.
struct ExactNumber: Equatable, Sendable {
  let negative: Bool
  /// Little-endian; the last is not 0. Empty for zero.
  let limbs: [UInt64]
  let exponent: Int

  /// Brings any limbs into canonical form.
  init(negative: Bool, limbs: [UInt64], exponent: Int) {
    guard let first = limbs.firstIndex(where: { $0 != 0 }) else {
      (self.negative, self.limbs, self.exponent) = (false, [], 0)
      return
    }
    let last = limbs.lastIndex { $0 != 0 }!
    let shift = UInt64(limbs[first].trailingZeroBitCount)
    var odd: [UInt64] = []
    odd.reserveCapacity(last - first + 1)
    for index in first...last {
      let above = index < last && shift > 0 ? limbs[index + 1] << (64 - shift) : 0
      odd.append(limbs[index] >> shift | above)
    }
    if odd.last == 0 { odd.removeLast() }
    (self.negative, self.limbs) = (negative, odd)
    self.exponent = exponent + 64 * first + Int(shift)
  }

  init(_ mantissa: Int128, exponent: Int) {
    let magnitude = mantissa.magnitude
    self.init(
      negative: mantissa < 0,
      limbs: [UInt64(truncatingIfNeeded: magnitude), UInt64(truncatingIfNeeded: magnitude >> 64)],
      exponent: exponent)
  }

  var isZero: Bool { limbs.isEmpty }

  /// The length of the magnitude in bits; 0 for zero.
  var bitCount: Int {
    guard let top = limbs.last else { return 0 }
    return 64 * limbs.count - top.leadingZeroBitCount
  }

  /// Mantissa and exponent where the mantissa fits an Int128.
  var narrow: (mantissa: Int128, exponent: Int32)? {
    guard bitCount <= 127 else { return nil }
    var magnitude: Int128 = 0
    for limb in limbs.reversed() { magnitude = magnitude << 64 | Int128(limb) }
    return (negative ? -magnitude : magnitude, Int32(exponent))
  }

  /// The nearest double, ties to even. `sticky` says that a little more magnitude follows the last bit.
  func rounded(sticky: Bool = false) -> Double {
    guard let top = limbs.last else { return 0 }
    let shift = UInt64(top.leadingZeroBitCount)
    var leading = top << shift
    var more = sticky
    if limbs.count > 1 {
      let below = limbs[limbs.count - 2]
      if shift > 0 { leading |= below >> (64 - shift) }
      more = more || below << shift != 0 || limbs.count > 2
    }
    return Rounding.nearest(
      negative: negative, leading: leading, top: exponent + bitCount - 1, sticky: more)
  }

  /// The double that is nearest to self / (first · second); both are above 0.
  func quotient(by first: UInt64, _ second: UInt64) -> Double {
    guard !isZero else { return 0 }
    // With 256 bits below the point, the whole part alone has more bits than a double.
    var digits = [0, 0, 0, 0] + limbs
    let rest = Self.divide(&digits, by: first)
    let secondRest = Self.divide(&digits, by: second)
    return ExactNumber(negative: negative, limbs: digits, exponent: exponent - 256)
      .rounded(sticky: rest != 0 || secondRest != 0)
  }

  /// Long division in place; gives the remainder.
  private static func divide(_ digits: inout [UInt64], by divisor: UInt64) -> UInt64 {
    var rest: UInt64 = 0
    for index in digits.indices.reversed() {
      (digits[index], rest) = divisor.dividingFullWidth((rest, digits[index]))
    }
    return rest
  }
}

/// The one place where an exact number becomes a double.
enum Rounding {
  /// Rounds to nearest, ties to even. The value lies in [2^top, 2^(top+1)); `leading` holds its first 64
  /// bits, the first of them set, and `sticky` tells whether any bit after these is set. Too large a
  /// value gives infinity, one that rounds to nothing +0.0.
  @inline(__always)
  static func nearest(negative: Bool, leading: UInt64, top: Int, sticky: Bool) -> Double {
    if top > 1023 { return negative ? -.infinity : .infinity }
    let kept = min(53, top + 1075)
    if kept < 0 { return 0 }
    let dropped = UInt64(64 - kept)
    var significand = dropped == 64 ? 0 : leading >> dropped
    let rest = dropped == 64 ? leading : leading & ((1 << dropped) - 1)
    let half: UInt64 = 1 << (dropped - 1)
    if rest > half || (rest == half && (sticky || significand & 1 == 1)) { significand += 1 }
    // A significand that rounds up to 2^53 carries into the exponent, which is what is wanted.
    let bits = kept == 53 ? UInt64(top + 1022) << 52 + significand : significand
    if bits == 0 { return 0 }
    return Double(bitPattern: negative ? bits | 1 << 63 : bits)
  }
}
