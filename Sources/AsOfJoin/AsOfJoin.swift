// The as-of join: rows in, features out in the same order. Rows are visited in the store's own order (hash,
// then key, then time), part by part, by all threads at once; every answer comes from the one function that
// also answers look-ups.
import FeatureModel
import Synchronization

/// What is known to each row.
public enum SpineKnowledge: Hashable, Sendable {
  /// One mode for all rows.
  case all(ReadMode)
  /// Each row knows what was known at its own instant, which is in this column.
  case perRow(Int)
}

/// Views that are asked about the same entity of each row.
public struct JoinTarget: Sendable {
  /// The spine's columns that make up the entity, in the views' order.
  public let key: [Int]
  /// For each reader, one column per feature, for all rows of the spine.
  public let columns: [[FeatureColumn]]
  /// Makes the readers of one thread: one for each element of `columns`. `rows` is how many rows all
  /// threads together may ask for.
  public let readers: @Sendable (_ rows: Int) throws(ReaderFailure) -> [PointInTimeReader]

  public init(
    key: [Int], columns: [[FeatureColumn]],
    readers: @escaping @Sendable (_ rows: Int) throws(ReaderFailure) -> [PointInTimeReader]
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
  public static func join(
    _ batches: [SpineBatch], at time: Int, _ knowledge: SpineKnowledge, _ targets: [JoinTarget],
    _ options: JoinOptions
  ) throws(JoinError) -> [Int] {
    let total = batches.reduce(0) { $0 + $1.count }
    let threads = max(1, min(options.threads, TextParts.threadLimit, total / 256 + 1))
    let progress = JoinProgress(options, steps: max(1, targets.count))
    var known: Int?
    if case .perRow(let column) = knowledge { known = column }
    var withoutKey: [Int] = []
    for target in targets {
      let spine = SpineRows(batches, key: target.key, time: time, known: known)
      var count = 0
      var start = 0
      while start < total {
        let order: JoinOrder
        do {
          order = try Self.order(spine, start..<total, threads, options)
        } catch { throw .spine(error) }
        let rows = order.rows
        count += order.rowsWithoutKey.count
        do {
          try JoinPiece(spine, order, knowledge, target, progress).run(threads: threads)
        } catch { throw firstRefusal(of: spine, rows, target) ?? error }
        start = rows.upperBound
      }
      withoutKey.append(count)
    }
    for target in targets {
      for columns in target.columns { for column in columns { column.finish() } }
    }
    return withoutKey
  }

  /// As many of the first rows of a range as the budget allows, at least one.
  private static func order(
    _ spine: SpineRows, _ range: Range<Int>, _ threads: Int, _ options: JoinOptions
  ) throws(SpineError) -> JoinOrder {
    var rows = range.prefix(options.rowsPerPiece(keyBytes: spine.meanKeyBytes(range)))
    while true {
      if let order = try JoinOrder(
        spine, rows, threads: threads, budget: options.memoryBudget)
      {
        return order
      }
      rows = rows.prefix(rows.count / 2)
    }
  }

  /// The first row that a reader refuses for its time: threads meet such rows in any order, and people are
  /// told of the first.
  private static func firstRefusal(
    of spine: SpineRows, _ rows: Range<Int>, _ target: JoinTarget
  ) -> JoinError? {
    guard let readers = try? target.readers(1) else { return nil }
    var spine = spine
    for row in rows {
      guard let time = try? spine.time(row) else { return nil }
      for reader in readers {
        do throws(ReaderFailure) { try reader.admit(time) } catch {
          return .reader(error, row: row)
        }
      }
    }
    return nil
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
    guard count > 0, let report else { return }
    report(rows.add(count, ordering: .relaxed).newValue / steps)
  }
}
