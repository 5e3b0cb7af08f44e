// How a join runs: on how many threads, within how much memory, who looks on and who may stop it.
import Glibc
import Synchronization

public struct JoinOptions: Sendable {
  /// Threads that share the rows; all of the machine's cores.
  public var threads = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
  /// Bytes for the order of the rows. A spine that needs more is joined piece by piece, which changes the
  /// time and never an answer.
  public var memoryBudget = 128 << 20
  /// Stops the join from another thread.
  public var cancellation: JoinCancellation?
  /// Called with the number of rows answered so far, from any of the threads, a few hundred times at most
  /// for each piece.
  public var progress: (@Sendable (_ rows: Int) -> Void)?

  public init() {}

  /// About as many rows as fit the budget together with their keys.
  func rowsPerPiece(keyBytes: Int) -> Int {
    min(max(memoryBudget * 9 / 10 / (JoinOrder.bytesPerRow + keyBytes), 1), 1 << 31 - 1)
  }
}

/// A switch that ends a join early; any thread may throw it, once for all.
public final class JoinCancellation: Sendable {
  private let flag = Atomic(false)

  public init() {}

  public func cancel() { flag.store(true, ordering: .relaxed) }

  public var isCancelled: Bool { flag.load(ordering: .relaxed) }
}

/// Why a join gave no answers.
public enum JoinError: Error {
  case spine(SpineError)
  /// A reader failed; at a row, where it is one row's doing.
  case reader(ReaderFailure, row: Int?)
  case cancelled
}
