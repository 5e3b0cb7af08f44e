// Code 11: a column of power sums, entry after entry. An entry without values is its count alone.
//
//   per entry: varint count; where it is not 0, four numbers:
//     varint 2 · length + sign (1 is negative); where the length is not 0: zigzag varint exponent and
//     `length` bytes of an odd magnitude, without leading zeros
enum PowerSumColumn {
  /// From the fourth power of the least double to the sum of 2^63 fourth powers of the greatest.
  private static let bits = -4296...4160

  static func fold(
    _ column: UnsafeRawBufferPointer, rows: Int, entries: Range<Int>, into sums: inout PowerSums
  ) throws(CodecError) {
    try ColumnReader.check(rows: rows, entries: entries)
    var reader = ColumnReader(column)
    for row in 0..<rows {
      let count = try reader.tally()
      if count == 0 { continue }
      var numbers: [ExactNumber] = []
      for _ in 0..<4 { numbers.append(try number(&reader)) }
      if entries.contains(row) { sums.add(count: count, numbers) }
    }
    try reader.end()
  }

  private static func number(_ reader: inout ColumnReader) throws(CodecError) -> ExactNumber {
    let tag = try reader.count()
    let length = tag >> 1
    if length == 0 { return ExactNumber(0) }
    guard let exponent = Int(exactly: Int128(zigzag: try reader.varint128())) else {
      throw .malformed("power sum with an exponent out of range")
    }
    let magnitude = try reader.take(length)
    guard bits.contains(exponent), length <= 1100, bits.contains(exponent + 8 * length - 8) else {
      throw .malformed("power sum of \(length) bytes with exponent \(exponent)")
    }
    var limbs = [UInt64](repeating: 0, count: (length + 7) / 8)
    for index in magnitude.indices {
      limbs[index / 8] |= UInt64(magnitude[index]) << UInt64(8 * (index % 8))
    }
    return ExactNumber(negative: tag & 1 == 1, limbs: limbs, exponent: exponent)
  }

  static func encode(_ sums: PowerSums, into bytes: inout [UInt8]) {
    bytes.append(varint: UInt128(sums.count))
    if sums.count == 0 { return }
    for number in sums.numbers {
      let length = (number.bitCount + 7) / 8
      bytes.append(varint: UInt128(2 * length + (number.negative ? 1 : 0)))
      if length == 0 { continue }
      bytes.append(varint: Int128(number.exponent).zigzag)
      for index in 0..<length {
        bytes.append(UInt8(truncatingIfNeeded: number.limbs[index / 8] >> UInt64(8 * (index % 8))))
      }
    }
  }
}
