// Codes 12 and 13: the k first or last values of a field with words, by event time or by value alone. Equal
// values are all kept, so that what is kept follows from the events and never from their order.

/// Up to k values at their times, nearest to the kept side first.
public struct KeptWords: Partial {
  static let leastCode: UInt8 = 12

  public var code: UInt8 { side.code(least: Self.leastCode, greatest: Self.leastCode + 1) }

  /// How many are kept; nil for a list that takes that of the first column that it folds.
  private(set) var limit: Int?
  /// The best first.
  private(set) var moments: [EdgeValue.Moment] = []
  private let side: Side
  private let order: WordOrder
  /// False where values alone decide, and all times are 0.
  private let ranksByTime: Bool

  /// Without a limit it can merge and fold, but not absorb.
  public init(_ side: Side, _ order: WordOrder = .whole, limit: Int? = nil, byTime: Bool = true) {
    precondition(limit.map(KeptList.limits.contains) ?? true)
    self.side = side
    self.order = order
    self.limit = limit
    ranksByTime = byTime
  }

  /// Forgets the values; keeps the limit.
  public mutating func reset() { moments.removeAll(keepingCapacity: true) }

  public mutating func absorb(word: UInt64, time: Int64) {
    consider(EdgeValue.Moment(time: ranksByTime ? time : 0, ordered: order.ordered(word)))
  }

  public mutating func merge(_ other: Self) {
    guard let theirs = other.limit else { return }
    precondition(adopt(theirs), "lists of one column have one limit")
    for moment in other.moments { consider(moment) }
  }

  /// Takes the limit over where there is none; false where they differ.
  mutating func adopt(_ theirs: Int) -> Bool {
    if limit == nil { limit = theirs }
    return limit == theirs
  }

  public static func == (left: Self, right: Self) -> Bool { left.moments == right.moments }

  private func isBetter(_ left: EdgeValue.Moment, _ right: EdgeValue.Moment) -> Bool {
    side == .greatest
      ? EdgeValue.Moment.precedes(right, left) : EdgeValue.Moment.precedes(left, right)
  }

  private mutating func consider(_ moment: EdgeValue.Moment) {
    guard let limit else { preconditionFailure("a list without a limit takes in columns") }
    if moments.count == limit {
      guard isBetter(moment, moments[limit - 1]) else { return }
      moments.removeLast()
    }
    var place = moments.count
    while place > 0, isBetter(moment, moments[place - 1]) { place -= 1 }
    moments.insert(moment, at: place)
  }

  public mutating func fold(
    _ column: UnsafeRawBufferPointer, rows: Int, entries: Range<Int>
  ) throws(CodecError) {
    guard let list = try KeptList(column, rows: rows, entries: entries) else { return }
    guard adopt(list.limit) else { throw .malformed("kept values with different limits") }
    var reader = list.reader
    let times = try FrameColumn(&reader, rows: list.total)
    let numbers = try FrameColumn(&reader, rows: list.total)
    try reader.end()
    for place in list.wanted {
      consider(EdgeValue.Moment(time: times[place], ordered: numbers[place]))
    }
  }

  public static func encode(_ entries: [Self], into bytes: inout [UInt8]) {
    let all = entries.flatMap(\.moments)
    guard
      KeptList.encode(entries.map { ($0.limit, $0.moments.count) }, into: &bytes)
    else { return }
    FrameColumn.encode(count: all.count, into: &bytes) { all[$0].time }
    FrameColumn.encode(count: all.count, into: &bytes) { all[$0].ordered }
  }
}
