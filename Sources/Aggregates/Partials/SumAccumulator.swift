// The accumulator of sums, by itself because it is the hottest: finished entries are plain numbers
// without references, and leave them only for a sum that fits no Int128.

/// A sum whose canonical form fits: mantissa · 2^exponent, not necessarily canonical.
struct NarrowSum {
  var mantissa: Int128
  var exponent: Int32
}

/// The accumulator of `SumPartial`.
public final class SumAccumulator: Accumulator {
  /// The running partial.
  public private(set) var running: SumPartial
  private var entries = SumEntries()

  /// Starts at zero.
  public init(_ input: SumPartial.Input) { running = SumPartial(input) }

  public override func reset() { running.reset() }
  public override func absorb(word: UInt64, time: Int64) { running.absorb(word: word, time: time) }
  public override func absorbEntries(
    _ words: UnsafeBufferPointer<UInt64>, times: UnsafePointer<Int64>?,
    ends: UnsafeBufferPointer<Int32>
  ) {
    entries.absorb(words, ends: ends, input: running.input)
  }
  public override func fold(
    _ column: UnsafeRawBufferPointer, rows: Int, entries: Range<Int>
  ) throws(CodecError) {
    try running.fold(column, rows: rows, entries: entries)
  }
  public override func finishEntry() {
    entries.append(running.sum)
    running.reset()
  }
  public override func encodeEntries(into bytes: inout [UInt8]) {
    entries.encode(into: &bytes)
    entries.removeAll()
  }
  public override var code: UInt8 { SumPartial.code }
}

/// The finished entries of a column of sums.
struct SumEntries {
  private var narrow: [NarrowSum] = []
  /// All entries, once one of them is not narrow; empty before.
  private var exact: [ExactSum] = []

  mutating func append(_ sum: ExactSum) {
    if exact.isEmpty, let (mantissa, exponent) = sum.narrow {
      narrow.append(NarrowSum(mantissa: mantissa, exponent: exponent))
    } else {
      widen()
      exact.append(sum)
    }
  }

  mutating func append(_ sum: NarrowSum) {
    if exact.isEmpty {
      narrow.append(sum)
    } else {
      exact.append(ExactSum(sum))
    }
  }

  mutating func removeAll() {
    narrow.removeAll(keepingCapacity: true)
    exact.removeAll()
  }

  /// Appends the column of all entries.
  mutating func encode(into bytes: inout [UInt8]) {
    if exact.isEmpty, SumColumn.encode(&narrow, into: &bytes) { return }
    widen()
    SumColumn.encode(exact, into: &bytes)
  }

  private mutating func widen() {
    if !exact.isEmpty { return }
    exact = narrow.map { ExactSum($0) }
  }

  /// Sums words entry by entry, as `Accumulator.absorbEntries` says.
  mutating func absorb(
    _ words: UnsafeBufferPointer<UInt64>, ends: UnsafeBufferPointer<Int32>,
    input: SumPartial.Input
  ) {
    switch input {
    case .one:
      var start: Int32 = 0
      for end in ends {
        append(NarrowSum(mantissa: Int128(end - start), exponent: 0))
        start = end
      }
    case .double:
      sum(words, ends, input) { word in
        let (significand, scale) = ExactSum.parts(of: Double(bitPattern: word))
        return NarrowSum(
          mantissa: Int128(word >> 63 == 0 ? significand : -significand), exponent: scale)
      }
    case .int:
      sum(words, ends, input) { word in
        NarrowSum(mantissa: Int128(Int64(bitPattern: word)), exponent: 0)
      }
    case .squaredInt, .squaredDouble:
      sum(words, ends, input) { word in
        var square = SumPartial(input)
        square.absorb(word: word, time: 0)
        // One square has at most 126 bits.
        let (mantissa, exponent) = square.sum.narrow!
        return NarrowSum(mantissa: mantissa, exponent: exponent)
      }
    }
  }

  /// The entries' sums in 128 bits, and those that do not fit in full.
  @inline(__always)
  private mutating func sum(
    _ words: UnsafeBufferPointer<UInt64>, _ ends: UnsafeBufferPointer<Int32>,
    _ input: SumPartial.Input, _ term: (UInt64) -> NarrowSum
  ) {
    var start = 0
    for end in ends {
      var total = NarrowSum(mantissa: 0, exponent: 0)
      var fits = true
      for index in start..<Int(end) where fits { fits = total.add(term(words[index])) }
      if fits {
        append(total)
      } else {
        var partial = SumPartial(input)
        for index in start..<Int(end) { partial.absorb(word: words[index], time: 0) }
        append(partial.sum)
      }
      start = Int(end)
    }
  }
}

extension NarrowSum {
  /// Adds another; false, and nothing changed, where the two share no 127 bits as they stand.
  @inline(__always)
  mutating func add(_ other: NarrowSum) -> Bool {
    if mantissa == 0 {
      self = other
      return true
    }
    let lower = min(exponent, other.exponent)
    guard let left = ExactSum.aligned(mantissa, from: exponent, to: lower),
      let right = ExactSum.aligned(other.mantissa, from: other.exponent, to: lower)
    else { return false }
    let (sum, overflow) = left.addingReportingOverflow(right)
    if overflow { return false }
    mantissa = sum
    exponent = lower
    return true
  }
}
