// What reads stored sums as a function that weighs entries does: each entry times the weight of its age, added
// up exactly, so that no order of entries shows. Stored are the plain sums, by their own accumulators; these
// here take in no events and finish no entries.

/// Reads a column of counts or sums.
final class WeighedSums: Accumulator {
  /// The weighed sum so far.
  @exclusivity(unchecked) private(set) var running = ExactSum()
  @exclusivity(unchecked) private var entry = ExactSum()
  private let weights: HalfLifeWeights
  /// By slot.
  private let columns = Borrowed((0..<Accumulator.slotCount).map { _ in OpenedSumColumn() })

  init(_ weights: HalfLifeWeights) { self.weights = weights }

  override func reset() { running.reset() }

  override func open(_ column: StoredColumn, slot: Int) throws(CodecError) {
    try columns.call(slot) { opened throws(CodecError) in try opened.open(column) }
  }

  override func fold(slot: Int, entry index: Int, age: Int64) throws(CodecError) {
    entry.reset()
    try columns.call(slot) { opened throws(CodecError) in
      try opened.fold(index..<index + 1, into: &entry)
    }
    running.merge(entry, times: weights.weight(at: age))
  }
}

/// Reads a column of counts or sums by category. A category is there whatever its events weigh, so that the map
/// has the categories that the map of plain counts has.
final class WeighedCategories: Accumulator {
  /// The weighed sums so far.
  @exclusivity(unchecked) private(set) var running: CategoryMap<CategorySum>
  @exclusivity(unchecked) private var entry: CategoryMap<CategorySum>
  private let weights: HalfLifeWeights

  init(_ neutral: CategoryMap<CategorySum>, _ weights: HalfLifeWeights) {
    (running, entry) = (neutral, neutral)
    self.weights = weights
  }

  override func reset() { running.reset() }

  override func fold(
    _ column: UnsafeRawBufferPointer, rows: Int, entries: Range<Int>
  ) throws(CodecError) {
    try entry.fold(column, rows: rows, entries: entries)
  }

  override func fold(slot: Int, entry index: Int, age: Int64) throws(CodecError) {
    entry.reset()
    try fold(slot: slot, entries: index..<index + 1)
    let weight = weights.weight(at: age)
    entry.changeValues { $0.weigh(weight) }
    running.merge(entry)
  }
}
