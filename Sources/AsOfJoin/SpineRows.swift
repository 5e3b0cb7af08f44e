// The rows of a join, across its batches: row numbers run through all of them. The hot loops ask for a row's
// key and time only; both are read where they lie.
import FeatureModel

/// Batches under one row number. Not for use by two threads: keys of several parts are put together in a
/// buffer of its own.
struct SpineRows {
  private let batches: [SpineBatch]
  /// The first row of each batch, and the number of rows.
  private let starts: [Int]
  private let key: [Int]
  private let time: Int
  private let known: Int?
  private var scratch: [UInt8] = []
  /// The batch of the row asked for last; most rows' neighbours lie in the same.
  private var current = 0

  /// - Parameters:
  ///   - key: the columns that make up the entity, in the view's order.
  ///   - known: the column of each row's knowledge time.
  init(_ batches: [SpineBatch], key: [Int], time: Int, known: Int?) {
    self.batches = batches
    self.key = key
    self.time = time
    self.known = known
    var starts = [0]
    for batch in batches { starts.append(starts.last! + batch.count) }
    self.starts = starts
  }

  var count: Int { starts.last! }

  /// The batch of a row, and its place there.
  @inline(__always)
  private mutating func place(_ row: Int) -> (batch: Int, row: Int) {
    if batches.count > 1, row < starts[current] || row >= starts[current + 1] {
      current = find(row)
    }
    return (current, row - starts[current])
  }

  /// The last batch that starts at or before a row.
  private func find(_ row: Int) -> Int {
    var (low, high) = (0, batches.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if starts[middle] <= row { low = middle } else { high = middle }
    }
    return low
  }

  /// Calls `body` with the bytes of a row's key; nil where a part is null.
  @inline(__always)
  mutating func withKey<Result, Failure: Error>(
    _ row: Int, _ body: (UnsafeRawBufferPointer?) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let (batch, place) = place(row)
    if key.count == 1, let text = batches[batch].columns[key[0]].text(place) {
      return try body(batches[batch].columns[key[0]].isValid(place) ? text : nil)
    }
    guard build(batch, place) else { return try body(nil) }
    return try scratch.withUnsafeBufferPointer { bytes throws(Failure) in
      try body(UnsafeRawBufferPointer(bytes))
    }
  }

  private mutating func build(_ batch: Int, _ row: Int) -> Bool {
    scratch.removeAll(keepingCapacity: true)
    for index in key {
      let column = batches[batch].columns[index]
      guard column.isValid(row) else { return false }
      EntityKeyBuilder.appendPart(of: key.count, to: &scratch) { column.append(row, to: &$0) }
    }
    return true
  }

  /// The instant of a row.
  @inline(__always)
  mutating func time(_ row: Int) throws(SpineError) -> Timestamp {
    try timestamp(row, time)
  }

  /// What is known to a row, where the rows say so themselves.
  @inline(__always)
  mutating func known(_ row: Int) throws(SpineError) -> Timestamp? {
    guard let known else { return nil }
    return try timestamp(row, known)
  }

  @inline(__always)
  private mutating func timestamp(_ row: Int, _ index: Int) throws(SpineError) -> Timestamp {
    let (batch, place) = place(row)
    let column = batches[batch].columns[index]
    guard column.isValid(place) else { throw SpineError(row: row, column: column.name, .null) }
    let milliseconds = column.int64(place)
    guard let time = Timestamp(milliseconds: milliseconds) else {
      throw SpineError(row: row, column: column.name, .outOfRange(milliseconds))
    }
    return time
  }
}

/// A row that cannot be answered.
public struct SpineError: Error, Hashable, Sendable {
  /// From 0, through all batches of the call.
  public let row: Int
  public let column: String
  public let reason: Reason

  public enum Reason: Hashable, Sendable {
    case null
    /// Milliseconds since the epoch.
    case outOfRange(Int64)
  }

  init(row: Int, column: String, _ reason: Reason) {
    self.row = row
    self.column = column
    self.reason = reason
  }

  /// What to say of the row, and what to do about it.
  public var explanation: String {
    switch reason {
    case .null: "is null: every row needs a time; fill it in or leave the row out"
    case .outOfRange(let milliseconds):
      "is \(milliseconds) ms since 1970, outside of the years 0001 to 9999: are these milliseconds?"
    }
  }
}
