// Code 1: a column of exact sums. Narrow (tag 0): one exponent, one base, and per entry the distance to the
// base in as few whole bytes as the largest needs, so that equal counts take no bytes at all. Wide (tag 1),
// where the entries share no 127 bits: each by itself. Decimal (tag 2) is in `DecimalColumn`. Which of
// them, and every byte, follows from the values alone.
//
//   0, i16 exponent, zigzag varint base, u8 width (0...16), entries × width bytes
//   1, per entry: varint length, i16 exponent, u8 sign (1 is negative), magnitude without leading zeros
enum SumColumn {
  static let narrow: UInt8 = 0
  static let wide: UInt8 = 1

  /// Adds the given entries to `sum`.
  static func fold(
    _ column: UnsafeRawBufferPointer, rows: Int, entries: Range<Int>, into sum: inout ExactSum
  ) throws(CodecError) {
    let opened = OpenedSumColumn()
    try opened.open(StoredColumn(bytes: column, rows: rows))
    try opened.fold(entries, into: &sum)
  }

  /// Appends all entries of a narrow or decimal column; false, and nothing appended, for a wide one.
  static func decode(
    _ column: StoredColumn, into sums: inout [NarrowSum]
  ) throws(CodecError) -> Bool {
    try ColumnReader.check(rows: column.rows, entries: 0..<column.rows)
    var reader = ColumnReader(column.bytes)
    let tag = try reader.byte()
    if tag == DecimalColumn.tag {
      try DecimalColumn.decode(&reader, column.rows, into: &sums)
      return true
    }
    guard tag == narrow else { return false }
    let frame = try Frame(&reader, column.rows)
    for entry in 0..<column.rows {
      let deltas = frame.deltas
      let delta = deltas.width <= 8 ? UInt128(deltas[entry]) : deltas.wide(entry)
      let mantissa = frame.base &+ Int128(bitPattern: delta)
      guard mantissa >= frame.base else {
        throw .malformed("sum column with an entry out of range")
      }
      sums.append(NarrowSum(mantissa: mantissa, exponent: frame.exponent))
    }
    return true
  }

  /// A narrow column taken apart; borrows its bytes.
  struct Frame: BitwiseCopyable {
    let base: Int128
    let deltas: DeltaColumn
    let exponent: Int32

    /// Of no entries.
    static var none: Frame { Frame(base: 0, deltas: .none, exponent: 0) }

    private init(base: Int128, deltas: DeltaColumn, exponent: Int32) {
      self.base = base
      self.deltas = deltas
      self.exponent = exponent
    }

    /// The reader stands behind the tag.
    @inline(__always)
    init(_ reader: inout ColumnReader, _ rows: Int) throws(CodecError) {
      let exponent = try reader.int16()
      guard ExactSum.exponents.contains(exponent) else {
        throw .malformed("sum column with exponent \(exponent)")
      }
      self.exponent = Int32(exponent)
      base = Int128(zigzag: try reader.varint128())
      let width = Int(try reader.byte())
      guard width <= 16 else { throw .malformed("sum column with width \(width)") }
      deltas = try DeltaColumn(&reader, count: rows, width: width)
      try reader.end()
    }

    /// Adds a range of entries, which the caller has checked.
    @inline(__always)
    func add(_ entries: Range<Int>, to sum: inout ExactSum) {
      SumColumn.add(deltas.sum(entries), bases: base, count: entries.count, exponent, &sum)
    }
  }

  /// Adds count · bases + deltas, in one addition where that fits an Int128.
  @inline(__always)
  static func add(
    _ deltas: (low: UInt128, high: UInt128), bases base: Int128, count: Int, _ scale: Int32,
    _ sum: inout ExactSum
  ) {
    let count = Int128(count)
    if deltas.high == 0, let small = Int64(exactly: base) {
      // Below 2^63 · 2^31 and 2^95.
      return sum.add(Int128(small) &* count &+ Int128(deltas.low), exponent: scale)
    }
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

  static func foldWide(
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
  static func encode(_ sums: [ExactSum], into bytes: inout [UInt8]) {
    var narrow: [NarrowSum] = []
    for sum in sums {
      guard let (mantissa, exponent) = sum.narrow else { break }
      narrow.append(NarrowSum(mantissa: mantissa, exponent: exponent))
    }
    if narrow.count == sums.count, encode(&narrow, into: &bytes) { return }
    bytes.append(wide)
    for sum in sums { encodeWide(sum.number, into: &bytes) }
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

  /// Appends the narrow column of these sums, which are brought to their common exponent; false, and
  /// nothing appended, where they take more than 127 bits there.
  static func encode(_ sums: inout [NarrowSum], into bytes: inout [UInt8]) -> Bool {
    sums.withUnsafeMutableBufferPointer { sums in
      let exponent = leastExponent(UnsafeBufferPointer(sums))
      guard let (least, greatest) = align(sums, to: exponent) else { return false }
      let width = UInt128(bitPattern: greatest &- least).byteWidth
      let size = 4 + max(1, (128 - least.zigzag.leadingZeroBitCount + 6) / 7) + sums.count * width
      if DecimalColumn.encode(UnsafeBufferPointer(sums), exponent, below: size, into: &bytes) {
        return true
      }
      append(UnsafeBufferPointer(sums), exponent, least, greatest, to: &bytes)
      return true
    }
  }

  /// Appends a narrow column in one piece; `sums` have the exponent and lie between the two others.
  private static func append(
    _ sums: UnsafeBufferPointer<NarrowSum>, _ exponent: Int32, _ least: Int128, _ greatest: Int128,
    to bytes: inout [UInt8]
  ) {
    let width = UInt128(bitPattern: greatest &- least).byteWidth
    // The header is at most 23 bytes; the last number may be written with up to 15 bytes too many.
    withUnsafeTemporaryAllocation(byteCount: sums.count * width + 40, alignment: 16) { room in
      var place = room.baseAddress!
      place.storeBytes(of: narrow, as: UInt8.self)
      place.storeBytes(
        of: UInt16(truncatingIfNeeded: exponent).littleEndian, toByteOffset: 1, as: UInt16.self)
      place = store(varint: least.zigzag, at: place + 3)
      place.storeBytes(of: UInt8(width), as: UInt8.self)
      place += 1
      if width > 0 { place = storeDeltas(sums, least, width, at: place) }
      bytes.append(
        contentsOf: UnsafeRawBufferPointer(
          start: room.baseAddress!, count: place - room.baseAddress!))
    }
  }

  private static func store(
    varint value: UInt128, at start: UnsafeMutableRawPointer
  ) -> UnsafeMutableRawPointer {
    var rest = value
    var place = start
    while rest >= 0x80 {
      place.storeBytes(of: UInt8(truncatingIfNeeded: rest) | 0x80, as: UInt8.self)
      place += 1
      rest >>= 7
    }
    place.storeBytes(of: UInt8(truncatingIfNeeded: rest), as: UInt8.self)
    return place + 1
  }

  /// Stores the distances to the least sum, `width` bytes each: whole words, each over the excess of the
  /// one before.
  @inline(__always)
  private static func storeDeltas(
    _ sums: UnsafeBufferPointer<NarrowSum>, _ least: Int128, _ width: Int,
    at start: UnsafeMutableRawPointer
  ) -> UnsafeMutableRawPointer {
    var place = start
    for sum in sums {
      let delta = UInt128(bitPattern: sum.mantissa &- least)
      place.storeBytes(of: UInt64(truncatingIfNeeded: delta).littleEndian, as: UInt64.self)
      if width > 8 {
        let high = UInt64(truncatingIfNeeded: delta >> 64)
        place.storeBytes(of: high.littleEndian, toByteOffset: 8, as: UInt64.self)
      }
      place += width
    }
    return place
  }

  /// The least of the canonical exponents of all that are not zero. A canonical exponent is never below the
  /// one it stands for, so most sums need no look at their zeros.
  private static func leastExponent(_ sums: UnsafeBufferPointer<NarrowSum>) -> Int32 {
    var lowest = Int32.max
    for sum in sums where sum.mantissa != 0 && sum.exponent < lowest {
      lowest = min(lowest, sum.exponent + Int32(sum.mantissa.trailingZeroBitCount))
    }
    return lowest == .max ? 0 : lowest
  }

  /// Gives all sums the same exponent, at most their canonical ones; nil where one does not fit.
  private static func align(
    _ sums: UnsafeMutableBufferPointer<NarrowSum>, to exponent: Int32
  ) -> (least: Int128, greatest: Int128)? {
    guard !sums.isEmpty else { return (0, 0) }
    var (least, greatest) = (Int128.max, Int128.min)
    for index in sums.indices {
      var mantissa = sums[index].mantissa
      if sums[index].exponent < exponent {
        // Only zeros are shifted out: the canonical exponent is no lower.
        mantissa = mantissa &>> Int128(exponent - sums[index].exponent)
      } else {
        guard let aligned = ExactSum.aligned(mantissa, from: sums[index].exponent, to: exponent)
        else { return nil }
        mantissa = aligned
      }
      sums[index] = NarrowSum(mantissa: mantissa, exponent: exponent)
      least = min(least, mantissa)
      greatest = max(greatest, mantissa)
    }
    return (least, greatest)
  }
}
