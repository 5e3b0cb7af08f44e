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
