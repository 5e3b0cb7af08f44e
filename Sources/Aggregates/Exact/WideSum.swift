// The sum that always fits: one fixed-point number of 4608 bits in two's complement, from 2^-2240 up to
// 2^2367, so that 2^60 squares of any doubles, and n·Σx² of them, neither overflow nor lose a bit.
// An addition touches three limbs, and more only as far as the carry runs.

/// A fixed-point number of 72 limbs; its array is copied on write, so copies never share state.
struct WideSum: Sendable {
  static let limbCount = 72
  static let lowestExponent = -2240

  /// Little-endian, two's complement.
  private var limbs = [UInt64](repeating: 0, count: limbCount)

  /// Adds `value · 2^exponent`.
  mutating func add(_ value: Int128, exponent: Int) {
    add(magnitude: value.magnitude, exponent: exponent, negative: value < 0)
  }

  /// Adds or takes away `magnitude · 2^exponent`; the exponent is at most 2239.
  mutating func add(magnitude: UInt128, exponent: Int, negative: Bool) {
    let position = exponent - Self.lowestExponent
    let index = position >> 6
    let shift = position & 63
    precondition(position >= 0 && index + 2 < Self.limbCount, "a term beyond every double's square")
    let low = magnitude &<< UInt128(shift)
    let top = shift == 0 ? 0 : UInt64(truncatingIfNeeded: magnitude &>> UInt128(128 - shift))
    let terms = (
      UInt64(truncatingIfNeeded: low), UInt64(truncatingIfNeeded: low >> 64), top
    )
    if negative { take(terms, at: index) } else { put(terms, at: index) }
  }

  /// Adds a number of any length within the range.
  mutating func add(_ number: ExactNumber) {
    for (index, limb) in number.limbs.enumerated() {
      add(
        magnitude: UInt128(limb), exponent: number.exponent + 64 * index, negative: number.negative)
    }
  }

  mutating func add(_ other: WideSum) {
    var carry = false
    for index in 0..<Self.limbCount {
      (limbs[index], carry) = Self.sum(limbs[index], other.limbs[index], carry)
    }
  }

  mutating func subtract(_ other: WideSum) {
    var borrow = false
    for index in 0..<Self.limbCount {
      (limbs[index], borrow) = Self.difference(limbs[index], other.limbs[index], borrow)
    }
  }

  /// Adds the product of two numbers whose product is in range, or takes it away.
  mutating func addProduct(_ left: ExactNumber, _ right: ExactNumber, negated: Bool) {
    let negative = (left.negative != right.negative) != negated
    for (i, one) in left.limbs.enumerated() {
      for (j, other) in right.limbs.enumerated() {
        add(
          magnitude: UInt128(one) * UInt128(other),
          exponent: left.exponent + right.exponent + 64 * (i + j), negative: negative)
      }
    }
  }

  /// The canonical form.
  var number: ExactNumber {
    let negative = limbs[Self.limbCount - 1] >> 63 == 1
    var magnitude = limbs
    if negative {
      var carry = true
      for index in magnitude.indices {
        (magnitude[index], carry) = Self.sum(~magnitude[index], 0, carry)
      }
    }
    return ExactNumber(negative: negative, limbs: magnitude, exponent: Self.lowestExponent)
  }

  private mutating func put(_ terms: (UInt64, UInt64, UInt64), at index: Int) {
    var carry = false
    (limbs[index], carry) = Self.sum(limbs[index], terms.0, false)
    (limbs[index + 1], carry) = Self.sum(limbs[index + 1], terms.1, carry)
    (limbs[index + 2], carry) = Self.sum(limbs[index + 2], terms.2, carry)
    var next = index + 3
    while carry && next < Self.limbCount {
      (limbs[next], carry) = Self.sum(limbs[next], 0, true)
      next += 1
    }
  }

  private mutating func take(_ terms: (UInt64, UInt64, UInt64), at index: Int) {
    var borrow = false
    (limbs[index], borrow) = Self.difference(limbs[index], terms.0, false)
    (limbs[index + 1], borrow) = Self.difference(limbs[index + 1], terms.1, borrow)
    (limbs[index + 2], borrow) = Self.difference(limbs[index + 2], terms.2, borrow)
    var next = index + 3
    while borrow && next < Self.limbCount {
      (limbs[next], borrow) = Self.difference(limbs[next], 0, true)
      next += 1
    }
  }

  @inline(__always)
  private static func sum(_ left: UInt64, _ right: UInt64, _ carry: Bool) -> (UInt64, Bool) {
    let (first, overflow) = left.addingReportingOverflow(right)
    let (second, again) = first.addingReportingOverflow(carry ? 1 : 0)
    return (second, overflow || again)
  }

  @inline(__always)
  private static func difference(_ left: UInt64, _ right: UInt64, _ borrow: Bool) -> (UInt64, Bool)
  {
    let (first, overflow) = left.subtractingReportingOverflow(right)
    let (second, again) = first.subtractingReportingOverflow(borrow ? 1 : 0)
    return (second, overflow || again)
  }
}
