// Codes 14 and 15: the k first or last texts of a string field, by event time or by their bytes alone. As
// `KeptWords`.

/// Up to k texts at their times, nearest to the kept side first.
public struct KeptTexts: Partial {
  static let leastCode: UInt8 = 14

  public var code: UInt8 { side.code(least: Self.leastCode, greatest: Self.leastCode + 1) }

  /// A text at its event time.
  struct Moment: Equatable, Sendable {
    let time: Int64
    let text: [UInt8]
  }

  /// How many are kept; nil for a list that takes that of the first column that it folds.
  private(set) var limit: Int?
  /// The best first.
  private(set) var moments: [Moment] = []
  private let side: Side
  /// False where texts alone decide, and all times are 0.
  private let ranksByTime: Bool

  /// Without a limit it can merge and fold, but not absorb.
  public init(_ side: Side, limit: Int? = nil, byTime: Bool = true) {
    precondition(limit.map(KeptList.limits.contains) ?? true)
    self.side = side
    self.limit = limit
    ranksByTime = byTime
  }

  /// Forgets the texts; keeps the limit.
  public mutating func reset() { moments.removeAll(keepingCapacity: true) }

  public mutating func absorb(text: UnsafeRawBufferPointer, time: Int64) {
    consider(text, ranksByTime ? time : 0)
  }

  public mutating func merge(_ other: Self) {
    guard let theirs = other.limit else { return }
    precondition(adopt(theirs), "lists of one column have one limit")
    for moment in other.moments { moment.text.withUnsafeBytes { consider($0, moment.time) } }
  }

  private mutating func adopt(_ theirs: Int) -> Bool {
    if limit == nil { limit = theirs }
    return limit == theirs
  }

  public static func == (left: Self, right: Self) -> Bool { left.moments == right.moments }

  private func isBetter(_ text: UnsafeRawBufferPointer, _ time: Int64, than kept: Moment) -> Bool {
    if time != kept.time { return (time > kept.time) == (side == .greatest) }
    let order = kept.text.withUnsafeBytes { KeptText.compare($0, text) }
    return side == .greatest ? order < 0 : order > 0
  }

  private mutating func consider(_ text: UnsafeRawBufferPointer, _ time: Int64) {
    guard let limit else { preconditionFailure("a list without a limit takes in columns") }
    if moments.count == limit {
      guard isBetter(text, time, than: moments[limit - 1]) else { return }
      moments.removeLast()
    }
    var place = moments.count
    while place > 0, isBetter(text, time, than: moments[place - 1]) { place -= 1 }
    moments.insert(Moment(time: time, text: Array(text)), at: place)
  }

  public mutating func fold(
    _ column: UnsafeRawBufferPointer, rows: Int, entries: Range<Int>
  ) throws(CodecError) {
    guard let list = try KeptList(column, rows: rows, entries: entries) else { return }
    guard adopt(list.limit) else { throw .malformed("kept texts with different limits") }
    var reader = list.reader
    let times = try FrameColumn(&reader, rows: list.total)
    try TextColumn.forEach(&reader, rows: list.total, entries: list.wanted) { place, text in
      consider(text, times[place])
    }
  }

  public static func encode(_ entries: [Self], into bytes: inout [UInt8]) {
    let all = entries.flatMap(\.moments)
    guard
      KeptList.encode(entries.map { ($0.limit, $0.moments.count) }, into: &bytes)
    else { return }
    FrameColumn.encode(count: all.count, into: &bytes) { all[$0].time }
    TextColumn.encode(count: all.count, into: &bytes) { all[$0].text }
  }
}
