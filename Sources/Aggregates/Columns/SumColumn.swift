// Code 1: a column of exact sums. Narrow (tag 0): one exponent, one base, and per entry the distance to the
// base in as few whole bytes as the largest needs, so that equal counts take no bytes at all. Wide (tag 1),
// where the entries share no 127 bits: each by itself. Which of the two, and every byte, follows from the
// values alone.
//
//   0, i16 exponent, zigzag varint base, u8 width (0...16), entries × width bytes
//   1, per entry: varint length, i16 exponent, u8 sign (1 is negative), magnitude without leading zeros
enum SumColumn {
  private static let narrow: UInt8 = 0
  private static let wide: UInt8 = 1

  /// Adds the given entries to `sum`.
  @inline(__always)
  static func fold(
    _ column: UnsafeRawBufferPointer, rows: Int, entries: Range<Int>, into sum: inout ExactSum
  ) throws(CodecError) {
    try ColumnReader.check(rows: rows, entries: entries)
    var reader = ColumnReader(column)
    switch try reader.byte() {
    case narrow: try foldNarrow(&reader, rows, entries, &sum)
    case wide: try foldWide(&reader, rows, entries, &sum)
    case let tag: throw .malformed("sum column with tag \(tag)")
    }
  }

  private static func foldNarrow(
    _ reader: inout ColumnReader, _ rows: Int, _ entries: Range<Int>, _ sum: inout ExactSum
  ) throws(CodecError) {
    let exponent = try reader.int16()
    guard ExactSum.exponents.contains(exponent) else {
      throw .malformed("sum column with exponent \(exponent)")
    }
    let base = Int128(zigzag: try reader.varint128())
    let width = Int(try reader.byte())
    guard width <= 16 else { throw .malformed("sum column with width \(width)") }
    let deltas = try DeltaColumn(&reader, count: rows, width: width)
    try reader.end()
    add(deltas.sum(entries), bases: base, count: entries.count, Int32(exponent), &sum)
  }

  /// Adds count · bases + deltas, in one addition where that fits an Int128.
  private static func add(
    _ deltas: (low: UInt128, high: UInt128), bases base: Int128, count: Int, _ scale: Int32,
    _ sum: inout ExactSum
  ) {
    let count = Int128(count)
    if deltas.high < 1 << 62 {
      let total = Int128(deltas.high << 64 + deltas.low)
      let (bases, overflow) = base.multipliedReportingOverflow(by: count)
      let (whole, tooMuch) = bases.addingReportingOverflow(total)
      if !overflow && !tooMuch { return sum.add(whole, exponent: scale) }
    }
    // Each half by itself fits, and so does its product with a count.
    sum.add(Int128(deltas.low), exponent: scale)
    sum.add(Int128(deltas.high), exponent: scale + 64)
    sum.add((base & Int128(UInt64.max)) * count, exponent: scale)
    sum.add((base >> 64) * count, exponent: scale + 64)
  }

  private static func foldWide(
    _ reader: inout ColumnReader, _ rows: Int, _ entries: Range<Int>, _ sum: inout ExactSum
  ) throws(CodecError) {
    for row in 0..<rows {
      let entry = try reader.take(try reader.count())
      if entries.contains(row) { try add(entry, to: &sum) }
    }
    try reader.end()
  }

  private static func add(
    _ entry: UnsafeRawBufferPointer, to sum: inout ExactSum
  ) throws(CodecError) {
    var reader = ColumnReader(entry)
    let exponent = try reader.int16()
    let sign = try reader.byte()
    let magnitude = reader.rest
    guard sign <= 1, ExactSum.exponents.contains(exponent), exponent + 8 * magnitude.count <= 2176
    else { throw .malformed("exact sum with exponent \(exponent), sign \(sign)") }
    for start in stride(from: 0, to: magnitude.count, by: 8) {
      var limb: Int128 = 0
      for index in (start..<min(start + 8, magnitude.count)).reversed() {
        limb = limb << 8 | Int128(magnitude[index])
      }
      sum.add(sign == 1 ? -limb : limb, exponent: Int32(exponent + 8 * start))
    }
  }
}

extension SumColumn {
  /// Appends the column of these sums.
  static func encode(_ entries: [SumPartial], into bytes: inout [UInt8]) {
    if let frame = Frame(entries) {
      frame.encode(entries, into: &bytes)
    } else {
      bytes.append(wide)
      for entry in entries { encodeWide(entry.sum.number, into: &bytes) }
    }
  }

  private static func encodeWide(_ number: ExactNumber, into bytes: inout [UInt8]) {
    let length = (number.bitCount + 7) / 8
    bytes.append(varint: UInt128(3 + length))
    bytes.append(littleEndian: UInt64(truncatingIfNeeded: number.exponent), width: 2)
    bytes.append(number.negative ? 1 : 0)
    for index in 0..<length {
      bytes.append(UInt8(truncatingIfNeeded: number.limbs[index / 8] >> UInt64(8 * (index % 8))))
    }
  }

  /// What the entries of a narrow column have in common.
  private struct Frame {
    let exponent: Int32
    let base: Int128
    let width: Int

    /// Nil where the entries take more than 127 bits at their least exponent.
    init?(_ entries: [SumPartial]) {
      var lowest = Int32.max
      for entry in entries {
        guard let (mantissa, exponent) = entry.sum.narrow else { return nil }
        if mantissa != 0 { lowest = min(lowest, exponent) }
      }
      if lowest == .max { lowest = 0 }
      var (least, greatest) = (Int128.max, Int128.min)
      for entry in entries {
        guard let mantissa = entry.sum.mantissa(at: lowest) else { return nil }
        least = min(least, mantissa)
        greatest = max(greatest, mantissa)
      }
      exponent = lowest
      base = entries.isEmpty ? 0 : least
      width = entries.isEmpty ? 0 : UInt128(bitPattern: greatest &- least).byteWidth
    }

    func encode(_ entries: [SumPartial], into bytes: inout [UInt8]) {
      bytes.append(narrow)
      bytes.append(littleEndian: UInt64(truncatingIfNeeded: exponent), width: 2)
      bytes.append(varint: base.zigzag)
      bytes.append(UInt8(width))
      if width == 0 { return }
      var place = bytes.appendRoom(entries.count, width: width)
      for entry in entries {
        // Every entry had a mantissa here when the frame was made.
        let delta = UInt128(bitPattern: entry.sum.mantissa(at: exponent)! &- base)
        bytes.store(delta, width: width, at: place)
        place += width
      }
    }
  }
}
