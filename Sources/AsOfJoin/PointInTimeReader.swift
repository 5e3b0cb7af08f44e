// What answers a join's rows: whoever knows one entity's history. An abstract class, so that the loops over
// rows are compiled once and a call for each row is all that the border between two modules costs.
import FeatureModel

/// Answers for one entity after the other, each at ascending times. One per thread.
open class PointInTimeReader {
  public init() {}

  /// Throws where a request at `time` would reach before what is kept.
  open func admit(_ time: Timestamp) throws(ReaderFailure) { preconditionFailure("abstract") }

  /// Turns to an entity, whose requests have times from `first` to `last`; borrows nothing of `entity`.
  /// Hashes ascend from call to call.
  open func select(
    hash: UInt64, entity: UnsafeRawBufferPointer, from first: Timestamp, through last: Timestamp
  ) throws(ReaderFailure) { preconditionFailure("abstract") }

  /// Puts the selected entity's features at one time into a row.
  open func answer(
    at time: Timestamp, _ mode: ReadMode, into row: AnswerRow
  ) throws(ReaderFailure) { preconditionFailure("abstract") }

  /// Puts what an entity without events has into a row.
  open func answerEmpty(at time: Timestamp, into row: AnswerRow) throws(ReaderFailure) {
    preconditionFailure("abstract")
  }
}

/// What a reader failed with.
public struct ReaderFailure: Error {
  public let error: any Error & Sendable

  public init(_ error: any Error & Sendable) { self.error = error }
}

/// One row of a reader's columns; the same object for row after row.
public final class AnswerRow {
  private let columns: [FeatureColumn.Writer]
  /// Nothing that a reader does with a row comes back to it.
  @exclusivity(unchecked) var row = 0

  init(_ columns: [FeatureColumn.Writer]) { self.columns = columns }

  /// Puts the value of a feature in, by its place among the reader's.
  public func set(_ feature: Int, _ value: Value) { columns[feature].set(row, value) }
}
