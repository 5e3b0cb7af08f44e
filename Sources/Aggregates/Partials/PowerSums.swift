// Code 11: how many values there are and the exact sums of their first four powers, which say all about their
// skewness and kurtosis. One wide partial, because a fourth power of a double has 212 bits: counts and sums,
// which are read far more often, do not pay for it.

/// The number of values and Σx, Σx², Σx³, Σx⁴, nothing ever rounded.
public struct PowerSums: InvertiblePartial {
  static let columnCode: UInt8 = 11

  public var code: UInt8 { Self.columnCode }

  private(set) var count: Int64 = 0
  /// By power, from the first.
  private(set) var sums = [GrowingSum](repeating: GrowingSum(), count: 4)
  /// Whether words are doubles or Int64s; no part of the value.
  private let isDouble: Bool

  /// No values yet.
  public init(ofDoubles isDouble: Bool = false) { self.isDouble = isDouble }

  public mutating func reset() {
    count = 0
    for power in sums.indices { sums[power].reset() }
  }

  public mutating func absorb(word: UInt64, time: Int64) {
    count += 1
    let value = Int64(bitPattern: word)
    let parts =
      isDouble
      ? ExactSum.parts(of: Double(bitPattern: word)) : (Int64(bitPattern: value.magnitude), 0)
    let base = UInt64(bitPattern: parts.0)
    if base == 0 { return }
    let negative = word >> 63 == 1
    // (base)^power in four limbs: below 2^256.
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 4) { limbs in
      limbs.initialize(repeating: 0)
      limbs[0] = 1
      for power in 0..<4 {
        var carry: UInt64 = 0
        for place in 0...power {
          let full = UInt128(limbs[place]) * UInt128(base) + UInt128(carry)
          limbs[place] = UInt64(truncatingIfNeeded: full)
          carry = UInt64(truncatingIfNeeded: full >> 64)
        }
        if power < 3 { limbs[power + 1] = carry }
        sums[power].add(
          magnitude: UnsafeBufferPointer(rebasing: limbs[0...power]),
          exponent: Int(parts.1) * (power + 1), negative: negative && power & 1 == 0)
      }
    }
  }

  public mutating func merge(_ other: Self) {
    count = other.count.addingSaturated(to: count)
    for power in sums.indices { sums[power].add(other.sums[power]) }
  }

  public mutating func subtract(_ other: Self) {
    count -= other.count
    for power in sums.indices { sums[power].add(other.sums[power].number.negated) }
  }

  /// Adds what a column says of one entry.
  mutating func add(count more: Int64, _ numbers: [ExactNumber]) {
    count = more.addingSaturated(to: count)
    for power in sums.indices { sums[power].add(numbers[power]) }
  }

  public static func == (left: Self, right: Self) -> Bool {
    left.count == right.count && left.numbers == right.numbers
  }

  /// The sums in canonical form.
  var numbers: [ExactNumber] { sums.map(\.number) }

  public mutating func fold(
    _ column: UnsafeRawBufferPointer, rows: Int, entries: Range<Int>
  ) throws(CodecError) {
    try PowerSumColumn.fold(column, rows: rows, entries: entries, into: &self)
  }

  public static func encode(_ entries: [Self], into bytes: inout [UInt8]) {
    for entry in entries { PowerSumColumn.encode(entry, into: &bytes) }
  }
}

extension PowerSums {
  /// The sample skewness G₁ = √(n(n−1)) / (n−2) · C / A^(3/2) with A = n·Σx² − (Σx)² and
  /// C = n²·Σx³ − 3n·Σx·Σx² + 2(Σx)³, rounded once. Nil for fewer than three values; 0 where all are equal.
  var skewness: Double? {
    guard count >= 3 else { return nil }
    let s = numbers
    let n = ExactNumber(count)
    let spread = n * s[1] - s[0] * s[0]
    guard !spread.isZero else { return 0 }
    guard !spread.negative else { return nil }
    let cubes =
      n * n * s[2] - ExactNumber(3) * n * s[0] * s[1] + ExactNumber(2) * s[0] * s[0] * s[0]
    let top = cubes * cubes * n * ExactNumber(count - 1)
    let less = ExactNumber(count - 2)
    let root = top.quotientRoot(by: spread * spread * spread * less * less)
    return cubes.negative ? -root : root
  }

  /// The sample excess kurtosis G₂ = (n−1) / ((n−2)(n−3)) · ((n+1)·D / A² − 3(n−1)) with A as above and
  /// D = n³·Σx⁴ − 4n²·Σx·Σx³ + 6n·(Σx)²·Σx² − 3(Σx)⁴, rounded once. Nil for fewer than four values; 0 where
  /// all are equal.
  var kurtosis: Double? {
    guard count >= 4 else { return nil }
    let s = numbers
    let n = ExactNumber(count)
    let spread = n * s[1] - s[0] * s[0]
    guard !spread.isZero else { return 0 }
    guard !spread.negative else { return nil }
    let square = s[0] * s[0]
    let fourths =
      n * n * n * s[3] - ExactNumber(4) * n * n * s[0] * s[2] + ExactNumber(6) * n * square * s[1]
      - ExactNumber(3) * square * square
    let less = ExactNumber(count - 1)
    let top =
      less * ((n + ExactNumber(1)) * fourths - ExactNumber(3) * less * spread * spread)
    return top.quotient(
      by: ExactNumber(count - 2) * ExactNumber(count - 3) * spread * spread)
  }
}
