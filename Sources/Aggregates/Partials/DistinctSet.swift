// Code 10: the set of distinct values as their 64-bit hashes: itself, sorted, up to a declared bound, and
// beyond that a HyperLogLog sketch of all of them. Which of the two follows from the set alone, so any
// order, and any repetition, of the same values ends in the same bytes.

/// The distinct 64-bit hashes so far, exact up to a bound.
public struct DistinctSet: Partial {
  static let columnCode: UInt8 = 10

  public var code: UInt8 { Self.columnCode }

  /// What a column's entries have in common.
  struct Parameters: Equatable, Sendable {
    let exactUpTo: Int
    let precision: Int
  }

  /// Nil for a set that takes those of the first column that it folds.
  private(set) var parameters: Parameters?
  /// Ascending, without repetition; empty once there is a sketch.
  private(set) var hashes: [UInt64] = []
  /// Not yet among `hashes`, in any order, perhaps repeated: sorted in when there are enough of them.
  private var pending: [UInt64] = []
  private(set) var sketch: HyperLogLog?

  /// The empty set: exact up to 0...65,536 hashes, then 2^4...2^16 registers.
  public init(exactUpTo: Int, precision: Int) {
    precondition((0...65_536).contains(exactUpTo) && HyperLogLog.precisions.contains(precision))
    parameters = Parameters(exactUpTo: exactUpTo, precision: precision)
  }

  /// An empty set that takes its parameters from the first set or column it is given.
  public init() {}

  /// Forgets the elements; keeps the parameters.
  public mutating func reset() {
    hashes.removeAll(keepingCapacity: true)
    pending.removeAll(keepingCapacity: true)
    sketch = nil
  }

  /// Takes in one hash (`DistinctSet.hash`).
  public mutating func absorb(word: UInt64, time: Int64) {
    precondition(parameters != nil, "a set without parameters takes in columns, not events")
    insert(word)
  }

  @inline(__always)
  mutating func insert(_ hash: UInt64) {
    if sketch != nil {
      sketch!.insert(hash)
      return
    }
    pending.append(hash)
    if pending.count >= max(64, hashes.count / 2) { settle() }
  }

  public mutating func merge(_ other: Self) {
    guard let theirs = other.parameters else { return }
    precondition(adopt(theirs), "sets of one column have one bound and one precision")
    if let sketch = other.sketch { merge(sketch) }
    for hash in other.hashes { insert(hash) }
    for hash in other.pending { insert(hash) }
  }

  /// Takes the parameters over where it has none; false where they differ.
  mutating func adopt(_ theirs: Parameters) -> Bool {
    if parameters == nil { parameters = theirs }
    return parameters == theirs
  }

  mutating func merge(_ other: HyperLogLog) {
    enterSketch()
    sketch!.merge(other)
  }

  /// The number of distinct hashes, exact or estimated.
  public var count: Int64 {
    let settled = self.settled
    guard let sketch = settled.sketch else { return Int64(settled.hashes.count) }
    let estimate = sketch.estimate.rounded()
    return estimate < 0x1p63 ? Int64(estimate) : .max
  }

  /// The same set with nothing pending: its canonical form.
  var settled: DistinctSet {
    var copy = self
    copy.settle()
    return copy
  }

  private mutating func settle() {
    guard !pending.isEmpty else { return }
    pending.sort()
    hashes = Self.union(hashes, pending)
    pending.removeAll(keepingCapacity: true)
    if hashes.count > parameters!.exactUpTo { enterSketch() }
  }

  private mutating func enterSketch() {
    guard sketch == nil else { return }
    var sketch = HyperLogLog(precision: parameters!.precision)
    for hash in hashes { sketch.insert(hash) }
    for hash in pending { sketch.insert(hash) }
    hashes.removeAll()
    pending.removeAll()
    self.sketch = sketch
  }

  /// Both are ascending, and so is the result, without repetition.
  private static func union(_ left: [UInt64], _ right: [UInt64]) -> [UInt64] {
    var merged: [UInt64] = []
    merged.reserveCapacity(left.count + right.count)
    var (i, j) = (0, 0)
    while i < left.count || j < right.count {
      let fromLeft = j == right.count || (i < left.count && left[i] <= right[j])
      let next = fromLeft ? left[i] : right[j]
      if fromLeft { i += 1 } else { j += 1 }
      if merged.last != next { merged.append(next) }
    }
    return merged
  }

  public static func == (left: Self, right: Self) -> Bool {
    let (one, other) = (left.settled, right.settled)
    return one.hashes == other.hashes && one.sketch == other.sketch
  }

  public mutating func fold(
    _ column: UnsafeRawBufferPointer, rows: Int, entries: Range<Int>
  ) throws(CodecError) {
    try DistinctColumn.fold(column, rows: rows, entries: entries, into: &self)
  }

  public static func encode(_ entries: [Self], into bytes: inout [UInt8]) {
    DistinctColumn.encode(entries, into: &bytes)
  }
}
