// The binary logarithm of whole numbers in fixed point, by squaring: whole-number arithmetic alone, so that
// it is the same on every machine, which the logarithm of a C library need not be.

enum BinaryLogarithm {
  /// Bits behind the point; all but the last one or two of them are right.
  static let fractionBits = 96

  /// Of small numbers, by number.
  private static let known: [UInt128] = (0..<1024).map { $0 == 0 ? 0 : compute($0) }

  /// log₂ of a number above 0, times 2^96.
  static func of(_ number: Int64) -> UInt128 {
    number < known.count ? known[Int(number)] : compute(UInt64(number))
  }

  /// Adds number · log₂ number.
  static func add(_ number: Int64, to sum: inout ExactSum) {
    let logarithm = of(number)
    let (high, low) = (logarithm >> 64, logarithm & UInt128(UInt64.max))
    sum.add(Int128(high) * Int128(number), exponent: 64 - Int32(fractionBits))
    // Both factors are below 2^64 and 2^63.
    sum.add(Int128(low) * Int128(number), exponent: -Int32(fractionBits))
  }

  private static func compute(_ number: UInt64) -> UInt128 {
    let zeros = number.leadingZeroBitCount
    // In [1, 2), with 127 bits behind the point.
    var power = UInt128(number) << UInt128(64 + zeros)
    var result = UInt128(63 - zeros)
    for _ in 0..<fractionBits {
      // The square lies in [1, 4): its high half has 126 bits behind the point.
      let square = power.multipliedFullWidth(by: power)
      let isTwo = square.high >> 127 == 1
      power = isTwo ? square.high : square.high << 1 | square.low >> 127
      result = result << 1 | (isTwo ? 1 : 0)
    }
    return result
  }
}
