// The accumulator of sums, by itself because it is the hottest: many entries at once are absorbed, merged
// and encoded by `SumEntries`.

/// The accumulator of `SumPartial`.
public final class SumAccumulator: Accumulator {
  // No method of a partial calls back, so the access checks of every event would find nothing.
  /// The running partial.
  @exclusivity(unchecked) public private(set) var running: SumPartial
  @exclusivity(unchecked) private var entries = SumEntries()
  /// By slot.
  private let columns = Borrowed((0..<Accumulator.slotCount).map { _ in OpenedSumColumn() })

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
  public override func open(_ column: StoredColumn, slot: Int) throws(CodecError) {
    try columns.call(slot) { opened throws(CodecError) in try opened.open(column) }
  }
  public override func fold(slot: Int, entries: Range<Int>) throws(CodecError) {
    try columns.call(slot) { opened throws(CodecError) in
      try opened.fold(entries, into: &running.sum)
    }
  }
  public override func mergeEntries(
    _ columns: [StoredColumn], _ places: [EntryPlace]
  ) throws(CodecError) {
    if try entries.merge(columns, places) { return }
    try super.mergeEntries(columns, places)
  }
  public override func finishEntry() {
    entries.append(running.sum)
    running.reset()
  }
  public override func encodeEntries(into bytes: inout [UInt8]) {
    entries.encode(into: &bytes)
    entries.removeAll()
  }
  public override var code: UInt8 { running.code }
}
