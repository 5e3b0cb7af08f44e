// Whole numbers of any size, as one does them on paper, and the double that is nearest to a number that is
// known by comparison alone.

/// A whole number of any size: a sign and digits to the base 2³², the lowest first.
struct NaiveWhole {
  private(set) var isNegative: Bool
  private var digits: [UInt64]

  init(_ value: Int128) {
    let size = value.magnitude
    self.init(
      isNegative: value < 0,
      digits: (0..<4).map { UInt64(truncatingIfNeeded: size >> UInt128(32 * $0)) & 0xFFFF_FFFF })
  }

  private init(isNegative: Bool, digits: [UInt64]) {
    self.digits = digits
    while self.digits.last == 0 { self.digits.removeLast() }
    self.isNegative = isNegative && !self.digits.isEmpty
  }

  var isZero: Bool { digits.isEmpty }

  static func * (left: Self, right: Self) -> Self {
    var product = [UInt64](repeating: 0, count: left.digits.count + right.digits.count + 1)
    for i in left.digits.indices {
      for j in right.digits.indices {
        var place = i + j
        var carry = left.digits[i] * right.digits[j]
        while carry > 0 {
          carry += product[place]
          product[place] = carry & 0xFFFF_FFFF
          carry >>= 32
          place += 1
        }
      }
    }
    return Self(isNegative: left.isNegative != right.isNegative, digits: product)
  }

  static func + (left: Self, right: Self) -> Self {
    if left.isNegative == right.isNegative {
      var sum: [UInt64] = []
      var carry: UInt64 = 0
      for place in 0...max(left.digits.count, right.digits.count) {
        carry += left.digit(place) + right.digit(place)
        sum.append(carry & 0xFFFF_FFFF)
        carry >>= 32
      }
      return Self(isNegative: left.isNegative, digits: sum)
    }
    if left.isSmaller(than: right) { return right + left }
    var rest: [UInt64] = []
    var borrow: UInt64 = 0
    for place in left.digits.indices {
      let taken = right.digit(place) + borrow
      borrow = left.digits[place] < taken ? 1 : 0
      rest.append(left.digits[place] + borrow << 32 - taken)
    }
    return Self(isNegative: left.isNegative, digits: rest)
  }

  static func - (left: Self, right: Self) -> Self {
    left + Self(isNegative: !right.isNegative, digits: right.digits)
  }

  static func <= (left: Self, right: Self) -> Bool { !(right - left).isNegative }

  private func digit(_ place: Int) -> UInt64 { place < digits.count ? digits[place] : 0 }

  private func isSmaller(than other: Self) -> Bool {
    if digits.count != other.digits.count { return digits.count < other.digits.count }
    return digits.reversed().lexicographicallyPrecedes(other.digits.reversed())
  }

  /// The double nearest to above / below.
  static func nearest(_ above: Self, _ below: Self) -> Double {
    let size = Self(isNegative: false, digits: above.digits)
    let found = nearest { value in value * below <= size }
    return above.isNegative ? -found : found
  }

  /// The double nearest to the greatest number for which something holds, in units of 2^-200: the doubles are
  /// bisected by their bits, which ascend as they do. Good for numbers from 2^-100 to 2^200.
  static func nearest(_ holds: (_ scaled: NaiveScaled) -> Bool) -> Double {
    if !holds(NaiveScaled(0x1p-100)) { return 0 }
    var (low, high) = ((0x1p-100).bitPattern, (0x1p200).bitPattern)
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if holds(NaiveScaled(Double(bitPattern: middle))) { low = middle } else { high = middle }
    }
    let (below, above) = (Double(bitPattern: low), Double(bitPattern: high))
    let middle = NaiveScaled(below, above)
    if !holds(middle) { return below }
    return holds(middle.more) || low & 1 == 1 ? above : below
  }
}

/// A number as a multiple of 2^-200, of which products with whole numbers are compared.
struct NaiveScaled {
  private let numerator: NaiveWhole
  private let squares: Int

  init(_ value: Double) { self.init(value, value) }

  /// The middle of two neighbouring doubles.
  init(_ one: Double, _ other: Double) {
    let parts = [one, other].map { value in
      var whole = NaiveWhole(Int128(value.significand * 0x1p52))
      for _ in 0..<(Int(value.exponent) - 52 + 199) { whole = whole + whole }
      return whole
    }
    self.init(parts[0] + parts[1], 1)
  }

  private init(_ numerator: NaiveWhole, _ squares: Int) {
    self.numerator = numerator
    self.squares = squares
  }

  private static let unit = NaiveWhole(1 << 120) * NaiveWhole(1 << 80)

  /// The next greater multiple.
  var more: NaiveScaled { NaiveScaled(numerator + NaiveWhole(1), squares) }

  static func * (left: Self, right: Self) -> Self {
    Self(left.numerator * right.numerator, left.squares + right.squares)
  }

  static func * (left: Self, right: NaiveWhole) -> Self {
    Self(left.numerator * right, left.squares)
  }

  static func <= (left: Self, right: NaiveWhole) -> Bool {
    var scaled = right
    for _ in 0..<left.squares { scaled = scaled * unit }
    return left.numerator <= scaled
  }
}
