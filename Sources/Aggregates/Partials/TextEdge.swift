// Codes 8 and 9: the first or the last text of a string field by event time; ties as for `EdgeValue`.

/// The text with the earliest or latest event time so far; empty until the first. Of texts of the same
/// instant, the first keeps the least, the last the greatest, by the unsigned bytes of their UTF-8.
public struct TextEdge: Partial {
  public var code: UInt8 { side.code(least: 8, greatest: 9) }

  private var kept = KeptText()
  /// The event time of the kept text in milliseconds; 0 while empty.
  public private(set) var time: Int64 = 0

  private let side: Side

  /// Empty.
  public init(_ side: Side) { self.side = side }

  /// The text's UTF-8; nil while empty.
  public var utf8: [UInt8]? { kept.text }

  public mutating func reset() {
    kept.clear()
    time = 0
  }

  public mutating func absorb(text: UnsafeRawBufferPointer, time: Int64) { consider(text, time) }

  public mutating func merge(_ other: Self) {
    other.kept.text?.withUnsafeBytes { consider($0, other.time) }
  }

  private mutating func consider(_ text: UnsafeRawBufferPointer, _ moment: Int64) {
    if kept.isPresent {
      let wins =
        moment != time
        ? (moment > time) == (side == .greatest)
        : kept.loses(to: text, side)
      guard wins else { return }
    }
    kept.replace(text)
    time = moment
  }

  public mutating func fold(
    _ column: UnsafeRawBufferPointer, rows: Int, entries: Range<Int>
  ) throws(CodecError) {
    try ColumnReader.check(rows: rows, entries: entries)
    var reader = ColumnReader(column)
    let times = try FrameColumn(&reader, rows: rows)
    try TextColumn.forEach(&reader, rows: rows, entries: entries) { entry, text in
      consider(text, times[entry])
    }
  }

  public static func encode(_ entries: [Self], into bytes: inout [UInt8]) {
    FrameColumn.encode(count: entries.count, into: &bytes) {
      entries[$0].kept.isPresent ? entries[$0].time : nil
    }
    TextColumn.encode(count: entries.count, into: &bytes) { entries[$0].utf8 }
  }
}
