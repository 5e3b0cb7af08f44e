// The finished entries of a column of sums: plain numbers of 128 bits while all fit, exact sums of any
// size otherwise. Which of the two is no part of their value, and never seen in the encoded bytes.

/// A sum that fits: mantissa · 2^exponent, not necessarily canonical.
struct NarrowSum {
  var mantissa: Int128
  var exponent: Int32
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

/// The finished entries of a column of sums.
struct SumEntries {
  private var narrow: [NarrowSum] = []
  /// Entries of columns that are being merged, column after column.
  private var decoded: [NarrowSum] = []
  private var starts: [Int] = []
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

  /// Merges narrow columns, as `Accumulator.mergeEntries` says; false, and nothing done, where a column is
  /// wide or a sum would be.
  mutating func merge(
    _ columns: [StoredColumn], _ places: [EntryPlace]
  ) throws(CodecError) -> Bool {
    guard exact.isEmpty else { return false }
    decoded.removeAll(keepingCapacity: true)
    starts.removeAll(keepingCapacity: true)
    for column in columns {
      starts.append(decoded.count)
      guard try SumColumn.decode(column, into: &decoded) else { return false }
    }
    let before = narrow.count
    for index in places.indices {
      let sum = decoded[starts[Int(places[index].column)] + Int(places[index].entry)]
      if index > 0, places[index - 1].order == places[index].order {
        guard narrow[narrow.count - 1].add(sum) else {
          narrow.removeLast(narrow.count - before)
          return false
        }
      } else {
        narrow.append(sum)
      }
    }
    return true
  }
}
