// Partials behind one class, so that a view's columns of different types are one array: virtual calls
// are made per column and run of entries, never per byte. Its subclasses are `PartialAccumulator` and, for
// the hottest partial, `SumAccumulator`; and those that read stored sums weighed (`WeighedSums`).

/// An encoded column, borrowed, and its number of entries.
public struct StoredColumn {
  public let bytes: UnsafeRawBufferPointer
  public let rows: Int

  public init(bytes: UnsafeRawBufferPointer, rows: Int) {
    self.bytes = bytes
    self.rows = rows
  }
}

/// One entry of one of several columns that are merged, and where it belongs.
public struct EntryPlace {
  /// Entries with equal numbers become one; ascending.
  public let order: UInt64
  public let column: Int32
  public let entry: Int32

  public init(order: UInt64, column: Int32, entry: Int32) {
    self.order = order
    self.column = column
    self.entry = entry
  }
}

/// One column at work: a running partial, the entries finished so far, and stored columns that are at hand to
/// be folded in. Not for use by two threads.
open class Accumulator {
  /// How many stored columns can be at hand.
  public static let slotCount = 4

  /// By slot; nothing is read of a column after it was replaced.
  @exclusivity(unchecked) private var opened: [StoredColumn] = []

  /// Where the slice of the request begins, in milliseconds: what ages are counted from. Set by the reader
  /// for partials that use times.
  @exclusivity(unchecked) public final var requestStart: Int64 = 0

  public init() {}

  /// The running partial back to neutral.
  open func reset() { preconditionFailure("abstract") }
  open func absorb(word: UInt64, time: Int64) { preconditionFailure("abstract") }
  open func absorb(text: UnsafeRawBufferPointer, time: Int64) { preconditionFailure("abstract") }
  open func absorb(category: UnsafeRawBufferPointer, word: UInt64) {
    preconditionFailure("abstract")
  }

  /// Absorbs words entry by entry and finishes each: those of entry i end before `ends[i]`. The running
  /// partial is neutral before and after. `times` are the events' times, where the partial uses them.
  /// - Complexity: one call for any number of entries, which is what bulk loads live on.
  open func absorbEntries(
    _ words: UnsafeBufferPointer<UInt64>, times: UnsafePointer<Int64>?,
    ends: UnsafeBufferPointer<Int32>
  ) { preconditionFailure("abstract") }

  /// Merges entries of an encoded column into the running partial.
  open func fold(
    _ column: UnsafeRawBufferPointer, rows: Int, entries: Range<Int>
  ) throws(CodecError) { preconditionFailure("abstract") }

  /// Puts a stored column into a slot; its bytes are borrowed until the slot gets another, or is used no
  /// more. What `fold` would find out for each call is found out here.
  open func open(_ column: StoredColumn, slot: Int) throws(CodecError) {
    if opened.isEmpty {
      let none = StoredColumn(bytes: UnsafeRawBufferPointer(start: nil, count: 0), rows: 0)
      opened = Array(repeating: none, count: Self.slotCount)
    }
    opened[slot] = column
  }

  /// Merges entries of the column in a slot into the running partial.
  open func fold(slot: Int, entries: Range<Int>) throws(CodecError) {
    try fold(opened[slot].bytes, rows: opened[slot].rows, entries: entries)
  }

  /// Merges one entry of the column in a slot, whose slice began so many slices before that of the request; at
  /// least 0. Only what weighs entries has an answer that depends on this.
  open func fold(slot: Int, entry: Int, age: Int64) throws(CodecError) {
    preconditionFailure("\(Self.self) does not weigh entries")
  }

  /// Finishes an entry for each distinct place, made of all entries that belong there. The running partial
  /// is neutral before and after.
  open func mergeEntries(
    _ columns: [StoredColumn], _ places: [EntryPlace]
  ) throws(CodecError) {
    for index in places.indices {
      let place = places[index]
      if index > 0, places[index - 1].order != place.order { finishEntry() }
      let column = columns[Int(place.column)]
      let entry = Int(place.entry)
      try fold(column.bytes, rows: column.rows, entries: entry..<entry + 1)
    }
    if !places.isEmpty { finishEntry() }
  }

  /// The running partial becomes the next entry; the running one is neutral again.
  open func finishEntry() { preconditionFailure("abstract") }

  /// Appends the column of all finished entries and forgets them.
  open func encodeEntries(into bytes: inout [UInt8]) { preconditionFailure("abstract") }

  /// The codec's byte in a block header.
  open var code: UInt8 { preconditionFailure("abstract") }
}

/// The accumulator of one type of partial.
public final class PartialAccumulator<P: Partial>: Accumulator {
  // No method of a partial calls back, so the access checks of every event would find nothing.
  /// The running partial.
  @exclusivity(unchecked) public private(set) var running: P
  @exclusivity(unchecked) private var entries: [P] = []

  public init(_ neutral: P) { running = neutral }

  public override func reset() { running.reset() }
  public override func absorb(word: UInt64, time: Int64) { running.absorb(word: word, time: time) }
  public override func absorb(text: UnsafeRawBufferPointer, time: Int64) {
    running.absorb(text: text, time: time)
  }
  public override func absorb(category: UnsafeRawBufferPointer, word: UInt64) {
    running.absorb(category: category, word: word)
  }
  public override func absorbEntries(
    _ words: UnsafeBufferPointer<UInt64>, times: UnsafePointer<Int64>?,
    ends: UnsafeBufferPointer<Int32>
  ) {
    P.absorb(words, times: times, ends: ends, running: &running, into: &entries)
  }
  public override func fold(
    _ column: UnsafeRawBufferPointer, rows: Int, entries: Range<Int>
  ) throws(CodecError) {
    try running.fold(column, rows: rows, entries: entries)
  }
  public override func finishEntry() {
    entries.append(running)
    running.reset()
  }
  public override func encodeEntries(into bytes: inout [UInt8]) {
    P.encode(entries, into: &bytes)
    entries.removeAll(keepingCapacity: true)
  }
  public override var code: UInt8 { running.code }
}
