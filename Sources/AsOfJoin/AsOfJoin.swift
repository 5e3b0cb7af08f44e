// The as-of join: rows in, features out in the same order. Rows are visited in the store's own order (hash,
// then key, then time), part by part, by all threads at once; every answer comes from the one function that
// also answers look-ups.
import Dispatch
import FeatureModel
import Synchronization

/// Answers for one entity after the other, each at ascending times; a view's features in a fixed order. One
/// per thread.
public protocol PointInTimeReader: AnyObject, SendableMetatype {
  associatedtype Failure: Error

  /// Throws where a request at `time` would reach before what is kept.
  func admit(_ time: Timestamp) throws(Failure)

  /// Turns to an entity, whose requests have times from `first` to `last`.
  func select(
    hash: UInt64, entity: UnsafeRawBufferPointer, from first: Timestamp, through last: Timestamp
  ) throws(Failure)

  /// Replaces `values` by the selected entity's features. Callers pass the same array each time, as the
  /// call before left it, so that equal answers need no work.
  func answer(
    at time: Timestamp, _ mode: ReadMode, into values: inout [Value]
  ) throws(Failure)

  /// What an entity without events has.
  func answerEmpty(at time: Timestamp, into values: inout [Value]) throws(Failure)
}

/// What is known to each row.
public enum SpineKnowledge: Hashable, Sendable {
  /// One mode for all rows.
  case all(ReadMode)
  /// Each row knows what was known at its own instant, which is in this column.
  case perRow(Int)
}

/// Views that are asked about the same entity of each row.
public struct JoinTarget<Reader: PointInTimeReader>: @unchecked Sendable {
  // Unchecked: the closure is called by the thread that uses the reader.

  /// The spine's columns that make up the entity, in the views' order.
  public let key: [Int]
  /// Makes the readers of one thread: one for each element of `columns`. `rows` is how many rows it may be
  /// asked for.
  public let readers: (_ rows: Int) throws(Reader.Failure) -> [Reader]
  /// For each reader, one column per feature, for all rows of the spine.
  public let columns: [[FeatureColumn]]

  public init(
    key: [Int], columns: [[FeatureColumn]],
    readers: @escaping (_ rows: Int) throws(Reader.Failure) -> [Reader]
  ) {
    self.key = key
    self.columns = columns
    self.readers = readers
  }
}

public enum AsOfJoin {
  /// Fills the columns of all targets with the answers for the rows of a spine.
  /// - Parameter time: the column of each row's instant.
  /// - Returns: for each target, how many rows have a null in their key; they are answered like an entity
  ///   without events.
  /// - Complexity: O(n) for ordering n rows and one window read for each; memory of
  ///   `options.memoryBudget` beside spine and columns.
  public static func join<Reader: PointInTimeReader>(
    _ batches: [SpineBatch], at time: Int, _ knowledge: SpineKnowledge,
    _ targets: [JoinTarget<Reader>], _ options: JoinOptions
  ) throws(JoinError<Reader.Failure>) -> [Int] {
    let total = batches.reduce(0) { $0 + $1.count }
    let threads = max(1, min(options.threads, TextParts.threadLimit, total / 256 + 1))
    let progress = JoinProgress(options, steps: max(1, targets.count))
    var withoutKey: [Int] = []
    for target in targets {
      var known: Int?
      if case .perRow(let column) = knowledge { known = column }
      let spine = SpineRows(batches, key: target.key, time: time, known: known)
      var count = 0
      var start = 0
      while start < total {
        let piece = start..<min(total, start + options.rowsPerPiece)
        let order: JoinOrder
        do { order = try JoinOrder(spine, piece, threads: threads) } catch { throw .spine(error) }
        count += order.rowsWithoutKey.count
        try JoinPiece(spine, order, knowledge, target, progress).run(threads: threads)
        start = piece.upperBound
      }
      withoutKey.append(count)
    }
    for target in targets {
      for columns in target.columns { for column in columns { column.finish() } }
    }
    return withoutKey
  }
}

/// Rows that are done, and whether to go on.
final class JoinProgress: Sendable {
  private let rows = Atomic(0)
  private let cancellation: JoinCancellation?
  private let report: (@Sendable (Int) -> Void)?
  private let steps: Int

  /// - Parameter steps: how many times each row is visited.
  init(_ options: JoinOptions, steps: Int) {
    cancellation = options.cancellation
    report = options.progress
    self.steps = steps
  }

  var isCancelled: Bool { cancellation?.isCancelled ?? false }

  func add(_ count: Int) {
    let done = rows.add(count, ordering: .relaxed).newValue
    report?(done / steps)
  }
}
