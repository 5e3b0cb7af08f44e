// The rows of a join, across its batches: row numbers run through all of them. The hot loops ask for a row's
// key and time only; both are read where they lie.
import FeatureModel

/// Batches under one row number. Not for use by two threads: keys of several parts are put together in a
/// buffer of its own.
struct SpineRows: @unchecked Sendable {
  // Unchecked: the pointers are those of the batches, which nobody writes to.

  /// The first row of each batch, and the number of rows.
  private let starts: [Int]
  /// How many columns make up a key.
  private let parts: Int
  /// Batch after batch, in the order of the key.
  private let keys: [ColumnMemory]
  private let times: [ColumnMemory]
  /// Empty where rows do not say what is known.
  private let knowns: [ColumnMemory]
  private let timeName: String
  private let knownName: String
  /// Keeps the memory alive.
  private let owners: [SpineBatch]
  /// True where a key is the text of one column.
  private let isPlain: Bool
  private var scratch: [UInt8] = []
  /// The batch of the row asked for last, and its rows; most rows' neighbours lie in the same.
  private var current = 0
  private var low = 0
  private var high = 0

  /// - Parameters:
  ///   - key: the columns that make up the entity, in the view's order.
  ///   - known: the column of each row's knowledge time.
  init(_ batches: [SpineBatch], key: [Int], time: Int, known: Int?) {
    owners = batches
    parts = key.count
    keys = batches.flatMap { batch in key.map { batch.columns[$0].memory } }
    times = batches.map { $0.columns[time].memory }
    knowns = known.map { known in batches.map { $0.columns[known].memory } } ?? []
    timeName = batches.first?.columns[time].name ?? ""
    knownName = known.flatMap { batches.first?.columns[$0].name } ?? ""
    isPlain = key.count == 1 && keys.allSatisfy(\.isText)
    var starts = [0]
    for batch in batches { starts.append(starts.last! + batch.count) }
    self.starts = starts
  }

  var count: Int { starts.last! }

  /// Goes to the batch of a row; its place there.
  @inline(__always)
  private mutating func place(_ row: Int) -> Int {
    if row < low || row >= high { find(row) }
    return row &- low
  }

  /// The last batch that starts at or before a row.
  private mutating func find(_ row: Int) {
    var (first, last) = (0, starts.count - 1)
    while last - first > 1 {
      let middle = (first + last) / 2
      if starts[middle] <= row { first = middle } else { last = middle }
    }
    current = first
    (low, high) = (starts[first], starts[first + 1])
  }

  /// Calls `body` with the bytes of a row's key, borrowed; nil where a part is null.
  @inline(__always)
  mutating func withKey<Result>(
    _ row: Int, _ body: (UnsafeRawBufferPointer?) -> Result
  ) -> Result {
    let place = place(row)
    if isPlain {
      let column = keys[current]
      return body(column.isValid(place) ? column.text(place) : nil)
    }
    guard build(place) else { return body(nil) }
    return scratch.withUnsafeBytes { body($0) }
  }

  private mutating func build(_ place: Int) -> Bool {
    scratch.removeAll(keepingCapacity: true)
    for part in 0..<parts {
      let column = keys[current * parts + part]
      guard column.isValid(place) else { return false }
      EntityKeyBuilder.appendPart(of: parts, to: &scratch) { column.append(place, to: &$0) }
    }
    return true
  }

  /// The mean length of some of the keys of a range of rows.
  func meanKeyBytes(_ rows: Range<Int>) -> Int {
    var spine = self
    let sampled = min(rows.count, 1000)
    if sampled == 0 { return 0 }
    let bytes = (0..<sampled).reduce(0) { total, index in
      spine.withKey(rows.lowerBound + rows.count / sampled * index) { total + ($0?.count ?? 0) }
    }
    return bytes / sampled
  }

  /// The instant of a row.
  @inline(__always)
  mutating func time(_ row: Int) throws(SpineError) -> Timestamp {
    let place = place(row)
    return try Self.timestamp(times[current], place, row, timeName)
  }

  /// What is known to a row, where the rows say so themselves.
  @inline(__always)
  mutating func known(_ row: Int) throws(SpineError) -> Timestamp? {
    if knowns.isEmpty { return nil }
    let place = place(row)
    return try Self.timestamp(knowns[current], place, row, knownName)
  }

  @inline(__always)
  private static func timestamp(
    _ column: ColumnMemory, _ place: Int, _ row: Int, _ name: String
  ) throws(SpineError) -> Timestamp {
    guard column.isValid(place) else { throw SpineError(row: row, column: name, .null) }
    let milliseconds = column.int64(place)
    guard let time = Timestamp(milliseconds: milliseconds) else {
      throw SpineError(row: row, column: name, .outOfRange(milliseconds))
    }
    return time
  }
}
