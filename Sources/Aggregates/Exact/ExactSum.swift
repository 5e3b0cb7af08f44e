// An exact sum of integers, doubles or their squares: value = mantissa · 2^exponent, nothing ever rounded.
// While the bits in use span at most 127, the sum is one Int128 and no memory is allocated; beyond that it
// spills into `WideSum`, which holds every sum there can be. How a sum is held is no part of its value:
// equality, codec and results look only at the canonical form (sign, odd mantissa, exponent).

/// An exact sum of numbers; a value, so copies never share state.
public struct ExactSum: Sendable {
  /// Meaningful while `wide` is nil.
  private(set) var mantissa: Int128 = 0
  /// Holds the whole value once the mantissa has run out of bits.
  private(set) var wide: WideSum?
  /// Not necessarily canonical; any number where the mantissa is 0.
  private(set) var exponent: Int32 = 0

  /// The exponents that a stored sum may have: from the square of the least subnormal to the sum of 2^60
  /// of the greatest squares.
  static let exponents: ClosedRange<Int> = -2148...2108

  /// Zero.
  public init() {}

  init(_ sum: NarrowSum) { (mantissa, exponent) = (sum.mantissa, sum.exponent) }

  /// Back to zero.
  public mutating func reset() {
    mantissa = 0
    exponent = 0
    if wide != nil { wide = nil }
  }

  /// Adds a whole number.
  @inline(__always)
  public mutating func add(_ value: Int64) {
    add(Int128(value), exponent: 0)
  }

  /// Adds the square of a whole number, all 126 bits of it.
  public mutating func addSquare(_ value: Int64) {
    add(Int128(value) * Int128(value), exponent: 0)
  }

  /// Adds a finite double; -0.0 adds nothing. Anything else is the caller's error.
  public mutating func add(_ value: Double) {
    let (significand, scale) = Self.parts(of: value)
    add(Int128(value.sign == .minus ? -significand : significand), exponent: scale)
  }

  /// Adds the square of a finite double, all 106 bits of it.
  public mutating func addSquare(_ value: Double) {
    let (significand, scale) = Self.parts(of: value)
    add(Int128(significand) * Int128(significand), exponent: 2 * scale)
  }

  /// Adds another sum.
  public mutating func merge(_ other: ExactSum) {
    if let otherWide = other.wide {
      spill()
      wide!.add(otherWide)
    } else {
      add(other.mantissa, exponent: other.exponent)
    }
  }

  /// Takes another sum out again.
  public mutating func subtract(_ other: ExactSum) {
    if let otherWide = other.wide {
      spill()
      wide!.subtract(otherWide)
    } else if other.mantissa == .min {
      add(-(other.mantissa >> 1), exponent: other.exponent + 1)
    } else {
      add(-other.mantissa, exponent: other.exponent)
    }
  }

  /// Adds `addend · 2^scale`; `scale` lies in `exponents`.
  @inline(__always)
  mutating func add(_ addend: Int128, exponent scale: Int32) {
    if scale == exponent, wide == nil {
      let (sum, overflow) = mantissa.addingReportingOverflow(addend)
      if !overflow {
        mantissa = sum
        return
      }
    }
    addUnaligned(addend, exponent: scale)
  }

  /// Adds a magnitude of any length, in little-endian limbs.
  mutating func add(_ number: ExactNumber) {
    spill()
    wide!.add(number)
  }

  @inline(never)
  private mutating func addUnaligned(_ addend: Int128, exponent scale: Int32) {
    guard addend != 0 else { return }
    if wide == nil {
      if addNarrow(addend, exponent: scale) { return }
      (mantissa, exponent) = Self.reduced(mantissa, exponent)
      let (odd, oddScale) = Self.reduced(addend, scale)
      if addNarrow(odd, exponent: oddScale) { return }
      spill()
    }
    wide!.add(addend, exponent: Int(scale))
  }

  /// Aligns the two to the lower exponent; false, and nothing changed, where that takes too many bits.
  @inline(__always)
  private mutating func addNarrow(_ addend: Int128, exponent scale: Int32) -> Bool {
    if mantissa == 0 {
      mantissa = addend
      exponent = scale
      return true
    }
    guard let left = Self.aligned(mantissa, from: exponent, to: min(exponent, scale)),
      let right = Self.aligned(addend, from: scale, to: min(exponent, scale))
    else { return false }
    let (sum, overflow) = left.addingReportingOverflow(right)
    if overflow { return false }
    mantissa = sum
    exponent = min(exponent, scale)
    return true
  }

  private mutating func spill() {
    guard wide == nil else { return }
    var sum = WideSum()
    if mantissa != 0 { sum.add(mantissa, exponent: Int(exponent)) }
    wide = sum
  }
}

extension ExactSum {
  /// The same number with an exponent that is not above; nil where that takes more than 127 bits.
  @inline(__always)
  static func aligned(_ mantissa: Int128, from exponent: Int32, to lower: Int32) -> Int128? {
    let shift = exponent - lower
    if shift == 0 || mantissa == 0 { return mantissa }
    let headroom = (mantissa ^ (mantissa >> 127)).leadingZeroBitCount
    return shift < headroom ? mantissa &<< Int128(shift) : nil
  }

  /// The canonical form: an odd mantissa, or (0, 0).
  @inline(__always)
  static func reduced(_ mantissa: Int128, _ exponent: Int32) -> (mantissa: Int128, exponent: Int32)
  {
    if mantissa == 0 { return (0, 0) }
    let zeros = mantissa.trailingZeroBitCount
    return (mantissa &>> Int128(zeros), exponent + Int32(zeros))
  }

  /// The canonical form where its mantissa fits an Int128, however the sum is held.
  @inline(__always)
  var narrow: (mantissa: Int128, exponent: Int32)? {
    wide == nil ? Self.reduced(mantissa, exponent) : number.narrow
  }

  /// The canonical form of any sum. Allocates.
  var number: ExactNumber {
    if let wide { return wide.number }
    return ExactNumber(mantissa, exponent: Int(exponent))
  }

  /// |value| = significand · 2^exponent, the significand below 2^53.
  @inline(__always)
  static func parts(of value: Double) -> (significand: Int64, exponent: Int32) {
    let bits = value.bitPattern
    let biased = Int32(truncatingIfNeeded: bits >> 52) & 0x7ff
    precondition(biased != 0x7ff, "only finite doubles have a sum")
    let fraction = Int64(bitPattern: bits & (1 << 52 - 1))
    return biased == 0 ? (fraction, -1074) : (fraction | 1 << 52, biased - 1075)
  }
}

extension ExactSum: Equatable {
  public static func == (left: ExactSum, right: ExactSum) -> Bool {
    switch (left.narrow, right.narrow) {
    case (let one?, let other?): one == other
    case (nil, nil): left.number == right.number
    default: false
    }
  }
}

extension ExactSum {
  /// The mantissa at an exponent that is not above the canonical one; nil where it does not fit.
  @inline(__always)
  func mantissa(at lower: Int32) -> Int128? {
    guard let (odd, canonical) = narrow else { return nil }
    return Self.aligned(odd, from: canonical, to: lower)
  }
}
