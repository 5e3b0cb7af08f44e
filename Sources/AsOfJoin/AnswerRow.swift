// The way of answers into their columns. Rows come in the order of the store and lie anywhere in the spine, so
// each number would wait for memory of its own: they gather here, and go to their rows column by column, where
// the processor can wait for many at once.
import FeatureModel

/// One row after the other of a reader's columns; the same object for all of a thread.
public final class AnswerRow {
  /// Rows that are gathered; with a few features they fit the first cache.
  private static let capacity = 1024

  private let columns: [FeatureColumn.Writer]
  /// The rows gathered, by number in the spine.
  private let rows = JoinArena<Int32>(count: AnswerRow.capacity)
  /// Feature after feature, a word for each row.
  private let words: JoinArena<UInt64>
  /// Nothing that a reader does with a row comes back to it, so access checks would find nothing.
  @exclusivity(unchecked) private var count = 0

  init(_ columns: [FeatureColumn.Writer]) {
    self.columns = columns
    words = JoinArena(count: columns.count * Self.capacity)
  }

  /// Puts the values of all features in. To be called once.
  public func set(_ values: AnswerValues) {
    for feature in 0..<values.count { set(feature, values[feature]) }
  }

  @inline(__always)
  private func set(_ feature: Int, _ value: Value) {
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
    for feature in columns.indices where columns[feature].isNumber {
      let start = feature * Self.capacity
      columns[feature].scatter(words.slice(start..<start + count), to: rows.slice(0..<count))
    }
    count = 0
  }
}
