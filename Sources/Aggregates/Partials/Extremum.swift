// Codes 2 and 3: the least or the greatest value of a field with words, or of the event times. Values are kept
// as ordered Int64s (`WordOrder`), so stored columns compare without knowing the field's type.

/// The least or greatest of the words so far; empty until the first.
public struct Extremum: Partial {
  public var code: UInt8 { side.code(least: 2, greatest: 3) }

  /// The value as an ordered number (`WordOrder`); nil while empty.
  public private(set) var ordered: Int64?
  private let side: Side
  private let order: WordOrder
  /// Whether the event's time is taken in instead of its word; no part of the value.
  private let takesTimes: Bool

  /// Empty. Without an order it can merge and fold, but not absorb doubles.
  public init(_ side: Side, _ order: WordOrder = .whole) {
    self.side = side
    self.order = order
    takesTimes = false
  }

  /// Empty; takes in the times of the events.
  public init(ofTimes side: Side) {
    self.side = side
    order = .whole
    takesTimes = true
  }

  public mutating func reset() { ordered = nil }

  public mutating func absorb(word: UInt64, time: Int64) {
    consider(takesTimes ? time : order.ordered(word))
  }

  public mutating func merge(_ other: Self) {
    if let number = other.ordered { consider(number) }
  }

  public static func == (left: Self, right: Self) -> Bool { left.ordered == right.ordered }

  @inline(__always)
  mutating func consider(_ number: Int64) {
    guard let best = ordered else {
      ordered = number
      return
    }
    ordered = side.pick(best, number)
  }

  public mutating func fold(
    _ column: UnsafeRawBufferPointer, rows: Int, entries: Range<Int>
  ) throws(CodecError) {
    try ColumnReader.check(rows: rows, entries: entries)
    var reader = ColumnReader(column)
    let presence = try PresenceColumn(&reader, rows: rows)
    let numbers = try FrameColumn(&reader, rows: rows)
    try reader.end()
    if entries.isEmpty { return }
    if presence.isComplete {
      return consider(numbers.extreme(entries, side))
    }
    for entry in entries where presence[entry] { consider(numbers[entry]) }
  }

  public static func encode(_ entries: [Self], into bytes: inout [UInt8]) {
    PresenceColumn.encode(count: entries.count, into: &bytes) { entries[$0].ordered != nil }
    FrameColumn.encode(count: entries.count, into: &bytes) { entries[$0].ordered }
  }
}
