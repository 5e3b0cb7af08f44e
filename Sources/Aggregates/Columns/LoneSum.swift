// One exact sum by itself, as the maps of categories hold them: a whole number and a power of two, as short
// as they are. The bytes follow from the value alone, however the sum is held.
//
//   varint: the zigzag exponent twice, plus 1 for a sum of more than 127 bits
//   short: zigzag varint mantissa, odd or zero
//   long: u8 sign (1 is negative), varint length, magnitude
enum LoneSum {
  static func encode(_ sum: ExactSum, into bytes: inout [UInt8]) {
    if let (mantissa, exponent) = sum.narrow {
      bytes.append(varint: Int128(exponent).zigzag << 1)
      return bytes.append(varint: mantissa.zigzag)
    }
    let number = sum.number
    let length = (number.bitCount + 7) / 8
    bytes.append(varint: Int128(number.exponent).zigzag << 1 | 1)
    bytes.append(number.negative ? 1 : 0)
    bytes.append(varint: UInt128(length))
    for index in 0..<length {
      bytes.append(UInt8(truncatingIfNeeded: number.limbs[index / 8] >> UInt64(8 * (index % 8))))
    }
  }

  /// Takes a sum off the bytes' head.
  static func decode(_ bytes: inout UnsafeRawBufferPointer) throws(CodecError) -> ExactSum {
    var reader = ColumnReader(bytes)
    let sum = try decode(&reader)
    bytes = reader.rest
    return sum
  }

  private static func decode(_ reader: inout ColumnReader) throws(CodecError) -> ExactSum {
    let head = try reader.varint128()
    guard let exponent = Int(exactly: Int128(zigzag: head >> 1)),
      ExactSum.exponents.contains(exponent)
    else { throw .malformed("exact sum with an exponent out of range") }
    var sum = ExactSum()
    if head & 1 == 0 {
      let mantissa = Int128(zigzag: try reader.varint128())
      let bits = 128 - mantissa.magnitude.leadingZeroBitCount
      guard mantissa & 1 == 1 || (mantissa == 0 && exponent == 0), exponent + bits <= 2176 else {
        throw .malformed("exact sum that is not in its canonical form")
      }
      sum.add(mantissa, exponent: Int32(exponent))
      return sum
    }
    let sign = try reader.byte()
    let magnitude = try reader.take(try reader.count())
    guard sign <= 1, magnitude.count >= 16, exponent + 8 * magnitude.count <= 2176,
      magnitude[0] & 1 == 1, magnitude[magnitude.count - 1] != 0
    else {
      throw .malformed("exact sum with exponent \(exponent), sign \(sign)")
    }
    for start in stride(from: 0, to: magnitude.count, by: 8) {
      var limb: Int128 = 0
      for index in (start..<min(start + 8, magnitude.count)).reversed() {
        limb = limb << 8 | Int128(magnitude[index])
      }
      sum.add(sign == 1 ? -limb : limb, exponent: Int32(exponent + 8 * start))
    }
    return sum
  }
}
