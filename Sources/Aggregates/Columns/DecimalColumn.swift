// Code 1, tag 2: a column of exact sums of doubles that came from decimals, such as amounts in cents. Nearly
// all such sums are the double nearest to m / 10^d for a small whole m, which takes 2 or 3 bytes where the
// double's mantissa takes 8; what a sum of several doubles has beyond that is kept beside it, exactly. The
// idea is ALP's (Afroozeh, Kuffó and Boncz, "ALP: Adaptive Lossless floating-Point Compression", SIGMOD 2023).
//
//   2, u8 digits d (1...4), zigzag varint base, u8 width (0...7), entries × width bytes,
//   u8 width v of a residual (0...8); where v is not 0:
//     i16 exponent, varint count of residuals, then for each: varint index (the first; then the distance to
//     the one before), v bytes two's complement
//
// Entry i is the double nearest to (base + delta i) / 10^d, plus its residual · 2^exponent if it has one.
// Whether a column takes this form, d, and every byte follow from the values alone.
enum DecimalColumn {
  static let tag: UInt8 = 2

  private static let powers: [Double] = [1, 10, 100, 1000, 10_000]
  /// Whole numbers below this are exact as doubles.
  private static let wholeLimit: Int64 = 1 << 53

  /// A stored column taken apart; borrows its bytes.
  struct Parts: BitwiseCopyable {
    let power: Double
    let base: Int64
    let deltas: DeltaColumn
    var residualWidth = 0
    var residualExponent: Int32 = 0
    var residualCount = 0
    var residuals: ColumnReader

    /// Of no entries.
    static var none: Parts { Parts() }

    private init() {
      (power, base, deltas) = (1, 0, .none)
      residuals = ColumnReader(UnsafeRawBufferPointer(start: nil, count: 0))
    }

    /// The reader stands behind the tag.
    init(_ reader: inout ColumnReader, _ rows: Int) throws(CodecError) {
      let digits = Int(try reader.byte())
      guard (1...4).contains(digits) else {
        throw .malformed("decimal column with \(digits) digits")
      }
      power = powers[digits]
      guard let base = Int64(exactly: Int128(zigzag: try reader.varint128())),
        base.magnitude < wholeLimit.magnitude
      else { throw .malformed("decimal column with a base out of range") }
      self.base = base
      let width = Int(try reader.byte())
      guard width <= 7 else { throw .malformed("decimal column with width \(width)") }
      deltas = try DeltaColumn(&reader, count: rows, width: width)
      residualWidth = Int(try reader.byte())
      guard residualWidth <= 8 else {
        throw .malformed("decimal column with residuals of \(residualWidth) bytes")
      }
      if residualWidth > 0 {
        let exponent = try reader.int16()
        guard ExactSum.exponents.contains(exponent) else {
          throw .malformed("decimal column with exponent \(exponent)")
        }
        residualExponent = Int32(exponent)
        residualCount = try reader.count()
        guard residualCount >= 1, residualCount <= rows else {
          throw .malformed("\(residualCount) residuals for \(rows) entries")
        }
      }
      residuals = reader
    }

    /// The decimal of an entry, without its residual.
    @inline(__always)
    func decimal(_ entry: Int) throws(CodecError) -> Double {
      // Below 2^53 + 2^56, so this does not overflow.
      let whole = base &+ Int64(truncatingIfNeeded: deltas[entry])
      guard whole.magnitude < wholeLimit.magnitude else {
        throw .malformed("decimal column with an entry out of range")
      }
      return Double(whole) / power
    }

    /// Calls `body` with (entry, residual mantissa), ascending; checks that nothing follows.
    @inline(__always)
    func forEachResidual(_ body: (Int, Int64) throws(CodecError) -> Void) throws(CodecError) {
      var reader = residuals
      var entry = 0
      for number in 0..<residualCount {
        let step = try reader.count()
        guard step < deltas.count - entry, step > 0 || number == 0 else {
          throw .malformed("decimal column with residuals out of order")
        }
        entry += step
        let bytes = try reader.take(residualWidth)
        var bits: UInt64 = 0
        for index in (0..<residualWidth).reversed() { bits = bits << 8 | UInt64(bytes[index]) }
        let unused = UInt64(64 - 8 * residualWidth)
        try body(entry, Int64(bitPattern: bits << unused) >> Int64(unused))
      }
      try reader.end()
    }
  }
}

extension DecimalColumn.Parts {
  /// Adds the given entries to `sum`, without their residuals.
  @inline(__always)
  func addDecimals(_ entries: Range<Int>, to sum: inout ExactSum) throws(CodecError) {
    var total = DecimalTotal()
    for entry in entries {
      let value = try decimal(entry)
      if entries.count > DecimalTotal.countMax || !total.add(value) { sum.add(value) }
    }
    sum.add(total.mantissa, exponent: DecimalTotal.exponent)
  }
}

/// The sum of a few decimals, each in two whole parts below 2^50. Nothing is rounded, since the last bit of a
/// decimal below 2^30 is no lower than the exponent: it is 0, or at least 10^-4.
struct DecimalTotal: BitwiseCopyable {
  static let exponent: Int32 = -70
  /// So many have sums that fit.
  static let countMax = 1 << 13

  private var high: Int64 = 0
  private var low: Int64 = 0

  /// The sum, in units of 2^exponent.
  @inline(__always)
  var mantissa: Int128 { Int128(high) &<< 50 &+ Int128(low) }

  /// False, and nothing added, for a double that is too large.
  @inline(__always)
  mutating func add(_ value: Double) -> Bool {
    guard value.magnitude < 0x1p30 else { return false }
    let scaled = value * 0x1p20
    let whole = Int64(scaled)
    high &+= whole
    low &+= Int64((scaled - Double(whole)) * 0x1p50)
    return true
  }
}

extension DecimalColumn {
  /// Appends all entries; the reader stands behind the tag.
  static func decode(
    _ reader: inout ColumnReader, _ rows: Int, into sums: inout [NarrowSum]
  ) throws(CodecError) {
    let parts = try Parts(&reader, rows)
    let start = sums.count
    for entry in 0..<rows {
      let value = try parts.decimal(entry)
      let (significand, exponent) = ExactSum.parts(of: value)
      sums.append(
        NarrowSum(
          mantissa: Int128(value.sign == .minus ? -significand : significand),
          exponent: significand == 0 ? 0 : exponent))
    }
    try parts.forEachResidual { entry, residual throws(CodecError) in
      let addend = NarrowSum(mantissa: Int128(residual), exponent: parts.residualExponent)
      guard sums[start + entry].add(addend) else {
        throw .malformed("decimal column with a residual out of range")
      }
    }
  }
}

extension DecimalColumn {
  /// Appends the column where that takes fewer than `limit` bytes; false, and nothing appended, otherwise.
  /// All sums have the exponent, which is the least of their canonical ones.
  static func encode(
    _ sums: UnsafeBufferPointer<NarrowSum>, _ exponent: Int32, below limit: Int,
    into bytes: inout [UInt8]
  ) -> Bool {
    guard exponent < 0, exponent >= -200 else { return false }
    guard let digits = digits(sums, exponent) else { return false }
    let power = powers[digits]
    return withUnsafeTemporaryAllocation(of: Int64.self, capacity: sums.count) { wholes in
      var residuals: [(entry: Int, sum: NarrowSum)] = []
      var (least, greatest) = (Int64.max, Int64.min)
      for entry in sums.indices {
        let (value, isExact) = double(sums[entry].mantissa, exponent)
        let scaled = (value * power).rounded(.toNearestOrEven)
        guard scaled.magnitude < 0x1p53 else { return false }
        let whole = Int64(scaled)
        wholes[entry] = whole
        (least, greatest) = (min(least, whole), max(greatest, whole))
        let decimal = Double(whole) / power
        if isExact, decimal == value { continue }
        guard let residual = residual(of: sums[entry], beyond: decimal) else { return false }
        if residual.mantissa != 0 { residuals.append((entry, residual)) }
        // Each residual takes two bytes at least.
        if 2 * residuals.count >= limit { return false }
      }
      let start = bytes.count
      bytes.append(contentsOf: [tag, UInt8(digits)])
      bytes.append(varint: Int128(least).zigzag)
      append(UnsafeBufferPointer(wholes), least, UInt64(greatest - least).byteWidth, to: &bytes)
      if append(residuals, to: &bytes), bytes.count - start < limit { return true }
      bytes.removeLast(bytes.count - start)
      return false
    }
  }

  /// The most digits that one of the first eight entries needs; nil where none of them is a decimal.
  private static func digits(
    _ sums: UnsafeBufferPointer<NarrowSum>, _ exponent: Int32
  ) -> Int? {
    var most: Int?
    for sum in sums.prefix(8) {
      // A sum of more than 53 bits is no double, so no decimal either.
      let (value, isExact) = double(sum.mantissa, exponent)
      guard isExact else { continue }
      let needed = (1...4).first { digits in
        let scaled = (value * powers[digits]).rounded(.toNearestOrEven)
        return scaled.magnitude < 0x1p53 && scaled / powers[digits] == value
      }
      if let needed { most = max(most ?? 0, needed) }
    }
    return most
  }

  /// mantissa · 2^exponent as a double, and whether that is all of it: where the sum has more than 53 bits,
  /// the residual makes up for the rest.
  @inline(__always)
  private static func double(
    _ mantissa: Int128, _ exponent: Int32
  ) -> (value: Double, isExact: Bool) {
    if let short = Int64(exactly: mantissa), short.magnitude < wholeLimit.magnitude {
      return (Double(short) * powerOfTwo(exponent), true)
    }
    let zeros = mantissa.trailingZeroBitCount
    let odd = mantissa >> Int128(zeros)
    guard odd.magnitude < UInt128(wholeLimit.magnitude) else {
      return (Double(mantissa) * powerOfTwo(exponent), false)
    }
    return (Double(Int64(odd)) * powerOfTwo(exponent + Int32(zeros)), true)
  }

  /// 2^exponent, for the exponents of normal doubles.
  @inline(__always)
  private static func powerOfTwo(_ exponent: Int32) -> Double {
    Double(bitPattern: UInt64(exponent + 1023) << 52)
  }

  /// sum - decimal, canonical; nil where it does not fit.
  @inline(__always)
  private static func residual(of sum: NarrowSum, beyond decimal: Double) -> NarrowSum? {
    let (significand, exponent) = ExactSum.parts(of: decimal)
    var rest = sum
    if significand != 0 {
      let zeros = significand.trailingZeroBitCount
      let odd = significand >> Int64(zeros)
      let taken = NarrowSum(
        mantissa: Int128(decimal.sign == .minus ? odd : -odd), exponent: exponent + Int32(zeros))
      guard rest.add(taken) else { return nil }
    }
    let reduced = ExactSum.reduced(rest.mantissa, rest.exponent)
    return NarrowSum(mantissa: reduced.mantissa, exponent: reduced.exponent)
  }

  private static func append(
    _ wholes: UnsafeBufferPointer<Int64>, _ least: Int64, _ width: Int, to bytes: inout [UInt8]
  ) {
    bytes.append(UInt8(width))
    // Whole words, each over the excess of the one before.
    withUnsafeTemporaryAllocation(byteCount: wholes.count * width + 8, alignment: 8) { room in
      var place = room.baseAddress!
      for whole in wholes {
        place.storeBytes(of: UInt64(bitPattern: whole &- least).littleEndian, as: UInt64.self)
        place += width
      }
      bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: room[..<(wholes.count * width)]))
    }
  }

  /// False where the residuals at their common exponent take more than 8 bytes.
  private static func append(
    _ residuals: [(entry: Int, sum: NarrowSum)], to bytes: inout [UInt8]
  ) -> Bool {
    guard let exponent = residuals.map(\.sum.exponent).min() else {
      bytes.append(0)
      return true
    }
    var width = 1
    var mantissas: [Int64] = []
    for residual in residuals {
      guard
        let aligned = ExactSum.aligned(
          residual.sum.mantissa, from: residual.sum.exponent, to: exponent),
        let mantissa = Int64(exactly: aligned)
      else { return false }
      mantissas.append(mantissa)
      // One bit more for the sign.
      width = max(width, (65 - (mantissa ^ (mantissa >> 63)).leadingZeroBitCount + 7) / 8)
    }
    bytes.append(UInt8(width))
    bytes.append(littleEndian: UInt64(truncatingIfNeeded: exponent), width: 2)
    bytes.append(varint: UInt128(residuals.count))
    var previous = 0
    for (residual, mantissa) in zip(residuals, mantissas) {
      bytes.append(varint: UInt128(residual.entry - previous))
      previous = residual.entry
      bytes.append(littleEndian: UInt64(bitPattern: mantissa), width: width)
    }
    return true
  }
}
