// The way of answers into their columns. Rows come in the order of the store and lie anywhere in the spine, so
// each number would wait for memory of its own: they gather here, and go to their rows column by column, where
// the processor can wait for many at once.
import FeatureModel

/// One row after the other of a reader's columns; the same object for all of a thread.
public final class AnswerRow {
  // Nothing that a reader does with a row comes back to it, so access checks would find nothing.

  /// Rows that are gathered; with a few features they fit the first cache.
  private static let capacity = 1024

  private let columns: [FeatureColumn.Writer]
  /// The rows gathered, by number in the spine.
  @exclusivity(unchecked) private var rows = [Int32](repeating: 0, count: AnswerRow.capacity)
  /// Feature after feature, a word for each row.
  @exclusivity(unchecked) private var words: [UInt64]
  @exclusivity(unchecked) private var count = 0

  init(_ columns: [FeatureColumn.Writer]) {
    self.columns = columns
    words = Array(repeating: 0, count: columns.count * Self.capacity)
  }

  /// Puts the value of a feature in, by its place among the reader's. To be called once for each.
  public func set(_ feature: Int, _ value: Value) {
    let word: UInt64
    switch value {
    case .int(let value): word = UInt64(bitPattern: value)
    case .double(let value): word = value.bitPattern
    case .timestamp(let value): word = UInt64(bitPattern: value.milliseconds)
    case .null:
      columns[feature].setNull(Int(rows[count]))
      word = 0
    case .bool, .string: return columns[feature].set(Int(rows[count]), value)
    }
    words[feature &* Self.capacity &+ count] = word
  }

  /// Turns to a row of the spine.
  @inline(__always)
  func begin(_ row: Int) { rows[count] = Int32(truncatingIfNeeded: row) }

  /// Ends a row of which every feature was set.
  @inline(__always)
  func end() {
    count &+= 1
    if count == Self.capacity { flush() }
  }

  /// Writes what is gathered.
  func flush() {
    rows.withUnsafeBufferPointer { rows in
      words.withUnsafeBufferPointer { words in
        let rows = UnsafeBufferPointer(rebasing: rows[..<count])
        for feature in columns.indices where columns[feature].isNumber {
          columns[feature].scatter(words.baseAddress! + feature * Self.capacity, to: rows)
        }
      }
    }
    count = 0
  }
}
