// Counts, sums and sums of squares: all of them exact sums that differ only in what an event adds, so all
// share one codec and one accumulator.

/// A running exact sum and what it adds for an event.
public struct SumPartial: InvertiblePartial {
  /// What one event adds.
  public enum Input: UInt8, Sendable {
    /// 1 per event or non-null value.
    case one
    /// The word as an Int64, or its square.
    case int, squaredInt
    /// The word as a finite Double, or its square.
    case double, squaredDouble
  }

  public var code: UInt8 { 1 }

  /// The sum so far.
  public internal(set) var sum = ExactSum()
  /// Fixed; no part of the value.
  public let input: Input

  /// Zero.
  public init(_ input: Input) { self.input = input }

  public mutating func reset() { sum.reset() }

  @inline(__always)
  public mutating func absorb(word: UInt64, time: Int64) {
    switch input {
    case .one: sum.add(1 as Int64)
    case .int: sum.add(Int64(bitPattern: word))
    case .squaredInt: sum.addSquare(Int64(bitPattern: word))
    case .double: sum.add(Double(bitPattern: word))
    case .squaredDouble: sum.addSquare(Double(bitPattern: word))
    }
  }

  public mutating func merge(_ other: Self) { sum.merge(other.sum) }

  public mutating func subtract(_ other: Self) { sum.subtract(other.sum) }

  public mutating func fold(
    _ column: UnsafeRawBufferPointer, rows: Int, entries: Range<Int>
  ) throws(CodecError) {
    try SumColumn.fold(column, rows: rows, entries: entries, into: &sum)
  }

  public static func encode(_ entries: [Self], into bytes: inout [UInt8]) {
    SumColumn.encode(entries.map(\.sum), into: &bytes)
  }

  public static func == (left: Self, right: Self) -> Bool { left.sum == right.sum }
}
