// One target's answers for one piece of the spine: threads take part after part, ascending, so that each
// thread's readers move forward through the store.
import Dispatch
import FeatureModel
import Synchronization

final class JoinPiece: @unchecked Sendable {
  // Unchecked: parts are taken by one thread each, and rows lie in one part each.
  private let spine: SpineRows
  private let order: JoinOrder
  private let knowledge: SpineKnowledge
  private let target: JoinTarget
  private let progress: JoinProgress
  private let nextPart = Atomic(0)
  private let failure = Mutex<JoinError?>(nil)
  private let hasFailed = Atomic(false)

  init(
    _ spine: SpineRows, _ order: JoinOrder, _ knowledge: SpineKnowledge, _ target: JoinTarget,
    _ progress: JoinProgress
  ) {
    self.spine = spine
    self.order = order
    self.knowledge = knowledge
    self.target = target
    self.progress = progress
  }

  func run(threads: Int) throws(JoinError) {
    DispatchQueue.concurrentPerform(iterations: threads) { thread in
      do throws(JoinError) { try self.work(thread) } catch {
        self.hasFailed.store(true, ordering: .relaxed)
        self.failure.withLock { $0 = $0 ?? error }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }

  private func work(_ thread: Int) throws(JoinError) {
    let readers: [PointInTimeReader]
    do { readers = try target.readers(order.rows.count) } catch { throw .reader(error, row: nil) }
    var worker = JoinWorker(spine, knowledge, readers, target.columns, thread: thread)
    var sorter = PartSorter()
    if thread == 0 {
      try worker.answerEmpty(order.rowsWithoutKey)
      progress.add(order.rowsWithoutKey.count)
    }
    while let parts = takeParts() {
      for part in parts {
        if hasFailed.load(ordering: .relaxed) { return }
        if progress.isCancelled { throw .cancelled }
        let (items, keys) = order.part(part)
        try sorter.withSorted(items, partBits: order.partBits) { items throws(JoinError) in
          try worker.answer(items, keys)
        }
        progress.add(items.count)
      }
    }
    worker.flush()
  }

  /// Some parts that nobody has taken: neighbours, since whoever reads on reads faster; nil when all are
  /// taken.
  private func takeParts() -> Range<Int>? {
    let together = max(1, order.parts / 64)
    let first = nextPart.add(together, ordering: .relaxed).oldValue
    return first < order.parts ? first..<min(first + together, order.parts) : nil
  }
}
