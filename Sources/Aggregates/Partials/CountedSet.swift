// Code 19: a distinct set and the number of values that went into it, side by side, because a share of the two
// needs both for the same events.

/// A `DistinctSet` and the number of its values with repetition.
public struct CountedSet: Partial {
  static let columnCode: UInt8 = 19

  public var code: UInt8 { Self.columnCode }

  private(set) var total: Int64 = 0
  private(set) var set: DistinctSet

  /// No values yet; parameters as for `DistinctSet`.
  public init(exactUpTo: Int, precision: Int) {
    set = DistinctSet(exactUpTo: exactUpTo, precision: precision)
  }

  /// Empty; takes its parameters from the first set or column it is given.
  public init() { set = DistinctSet() }

  public mutating func reset() {
    total = 0
    set.reset()
  }

  /// Takes in one hash (`DistinctSet.hash`).
  public mutating func absorb(word: UInt64, time: Int64) {
    total = total.addingSaturated(to: 1)
    set.absorb(word: word, time: time)
  }

  public mutating func merge(_ other: Self) {
    total = total.addingSaturated(to: other.total)
    set.merge(other.set)
  }

  /// The distinct values over all values, at most 1; nil where there are none.
  var ratio: Double? {
    total > 0 ? min(1, Double(set.count) / Double(total)) : nil
  }

  public static func == (left: Self, right: Self) -> Bool {
    left.total == right.total && left.set == right.set
  }

  /// The column is a varint per entry, and behind them a column of distinct sets.
  public mutating func fold(
    _ column: UnsafeRawBufferPointer, rows: Int, entries: Range<Int>
  ) throws(CodecError) {
    try ColumnReader.check(rows: rows, entries: entries)
    var reader = ColumnReader(column)
    for row in 0..<rows {
      let more = try reader.tally()
      if entries.contains(row) { total = total.addingSaturated(to: more) }
    }
    try DistinctColumn.fold(reader.rest, rows: rows, entries: entries, into: &set)
  }

  public static func encode(_ entries: [Self], into bytes: inout [UInt8]) {
    for entry in entries { bytes.append(varint: UInt128(entry.total)) }
    DistinctColumn.encode(entries.map(\.set), into: &bytes)
  }
}
