// Codes 4 and 5: the first or the last value of a field with words by event time. Two values of the same
// instant are a tie that the value decides, so that the order of arrival never shows: the first keeps the
// least of them, the last the greatest.

/// The value with the earliest or latest event time so far; empty until the first.
public struct EdgeValue: Partial {
  public var code: UInt8 { side.code(least: 4, greatest: 5) }

  /// The event time in milliseconds and the value as an ordered number (`WordOrder`); nil while empty.
  public private(set) var kept: Moment?
  private let side: Side
  private let order: WordOrder

  /// A value at its event time.
  public struct Moment: Equatable, Sendable {
    public let time: Int64
    public let ordered: Int64

    @inline(__always)
    static func precedes(_ left: Self, _ right: Self) -> Bool {
      left.time != right.time ? left.time < right.time : left.ordered < right.ordered
    }
  }

  /// Empty. Without an order it can merge and fold, but not absorb doubles.
  public init(_ side: Side, _ order: WordOrder = .whole) {
    self.side = side
    self.order = order
  }

  public mutating func reset() { kept = nil }

  public mutating func absorb(word: UInt64, time: Int64) {
    consider(Moment(time: time, ordered: order.ordered(word)))
  }

  public mutating func merge(_ other: Self) {
    if let moment = other.kept { consider(moment) }
  }

  public static func == (left: Self, right: Self) -> Bool { left.kept == right.kept }

  @inline(__always)
  private mutating func consider(_ moment: Moment) {
    guard let best = kept else {
      kept = moment
      return
    }
    let wins = side == .greatest ? Moment.precedes(best, moment) : Moment.precedes(moment, best)
    if wins { kept = moment }
  }

  public mutating func fold(
    _ column: UnsafeRawBufferPointer, rows: Int, entries: Range<Int>
  ) throws(CodecError) {
    try ColumnReader.check(rows: rows, entries: entries)
    var reader = ColumnReader(column)
    let presence = try PresenceColumn(&reader, rows: rows)
    let times = try FrameColumn(&reader, rows: rows)
    let numbers = try FrameColumn(&reader, rows: rows)
    try reader.end()
    for entry in entries where presence[entry] {
      consider(Moment(time: times[entry], ordered: numbers[entry]))
    }
  }

  public static func encode(_ entries: [Self], into bytes: inout [UInt8]) {
    PresenceColumn.encode(count: entries.count, into: &bytes) { entries[$0].kept != nil }
    FrameColumn.encode(count: entries.count, into: &bytes) { entries[$0].kept?.time }
    FrameColumn.encode(count: entries.count, into: &bytes) { entries[$0].kept?.ordered }
  }
}
