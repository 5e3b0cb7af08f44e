// What silent versions would have answered. The loops note which entities were asked for and when, with a copy
// of the key; a thread of the lowest priority reads the silent versions as served at those moments, which are
// over, and records that in the served log as answers of theirs. What is too much is left out, and counted.
import CLinux
import FeatureModel
import Hindcast
import Monitoring
import RESP
import Synchronization

/// Look-ups that silent versions are still to answer; filled by one thread.
struct SilentBatch: Sendable {
  struct Row: Sendable {
    let time: Timestamp
    let question: SilentQuestion
    let key: Range<Int>
  }

  /// More than a loop should ask for between two of its ticks.
  static let rowLimit = 1 << 16
  private(set) var rows: [Row] = []
  private(set) var keys: [UInt8] = []
  private(set) var dropped = 0

  var isEmpty: Bool { rows.isEmpty && dropped == 0 }

  mutating func add(_ questions: [SilentQuestion], _ key: [UInt8], at time: Timestamp) {
    guard rows.count + questions.count <= Self.rowLimit else {
      dropped += questions.count
      return
    }
    let start = keys.count
    keys.append(contentsOf: key)
    for question in questions {
      rows.append(Row(time: time, question: question, key: start..<keys.count))
    }
  }

  /// What was gathered since the last time.
  mutating func take() -> SilentBatch? {
    if isEmpty { return nil }
    defer { self = SilentBatch() }
    return self
  }
}

/// The thread that answers them.
final class SilentLog: Sendable {
  /// Rows that wait at most.
  private static let limit = 1 << 18
  private let store: FeatureStore
  private let log: ServedLog
  private let wakeup: Wakeup
  private let state = Mutex(State())
  private let answered = Atomic<Int>(0)

  private struct State {
    var batches: [SilentBatch] = []
    var rows = 0
    var dropped = 0
    var isStopping = false
  }

  init(_ store: FeatureStore, _ log: ServedLog) throws(SystemError) {
    self.store = store
    self.log = log
    wakeup = try Wakeup()
  }

  /// Answers of silent versions that were recorded, and those that were too many.
  var counts: (answers: Int, dropped: Int) {
    (answered.load(ordering: .relaxed), state.withLock { $0.dropped })
  }

  func submit(_ batch: SilentBatch) {
    state.withLock { state in
      state.dropped += batch.dropped
      if state.rows + batch.rows.count > Self.limit {
        state.dropped += batch.rows.count
      } else {
        state.rows += batch.rows.count
        state.batches.append(batch)
      }
    }
    wakeup.signal()
  }

  /// Ends the thread once all that waits is recorded.
  func stop() {
    state.withLock { $0.isStopping = true }
    wakeup.signal()
  }

  /// The thread's work.
  func run() {
    // Of this thread alone, on Linux: look-ups go first where cores are few.
    _ = clinux_run_idle()
    var readers = SilentReaders(store, log.recorder())
    while true {
      let (batch, isStopping) = state.withLock { state in
        let batch = state.batches.isEmpty ? nil : state.batches.removeFirst()
        state.rows -= batch?.rows.count ?? 0
        return (batch, state.isStopping)
      }
      guard let batch else {
        if isStopping { break }
        // Nothing waits any more that was asked before: the segment may end, if it has to.
        readers.recorder.flush()
        wakeup.wait(1000)
        continue
      }
      let count = readers.answer(batch)
      answered.add(count, ordering: .relaxed)
      let failed = batch.rows.count - count
      if failed > 0 { state.withLock { $0.dropped += failed } }
    }
    readers.recorder.close()
  }
}

/// The plans of silent versions, for as long as declarations stay as they are.
private struct SilentReaders {
  let recorder: ServedRecorder
  private let store: FeatureStore
  private var generation: UInt64 = 0
  /// By question, which is held so that no other takes its place in memory.
  private var plans: [ObjectIdentifier: (question: SilentQuestion, plan: ReadPlan?)] = [:]
  private var reply = ReplyWriter()
  private static let limit = 1024

  init(_ store: FeatureStore, _ recorder: ServedRecorder) {
    self.store = store
    self.recorder = recorder
  }

  /// - Returns: how many rows were answered and recorded; the others' versions are gone, or keep less.
  mutating func answer(_ batch: SilentBatch) -> Int {
    let generation = store.store.generation
    if generation != self.generation || plans.count > Self.limit {
      self.generation = generation
      plans.removeAll()
      recorder.forgetQuestions()
    }
    var answered = 0
    var key: [UInt8] = []
    for row in batch.rows {
      guard let plan = plan(row.question) else { continue }
      key.removeAll(keepingCapacity: true)
      key.append(contentsOf: batch.keys[row.key])
      let hash = key.withUnsafeBytes { EntityHash.of($0) }
      reply.removeAll()
      reply.version = plan.version
      do throws(StoreError) {
        try plan.read(hash: hash, key, at: row.time, .asServed, into: &reply)
      } catch { continue }
      plan.record(to: recorder, hash, key, at: row.time, reply, from: 0)
      if recorder.needsFlush { recorder.flush(mayEnd: false) }
      answered += 1
    }
    recorder.flush(mayEnd: false)
    return answered
  }

  private mutating func plan(_ question: SilentQuestion) -> ReadPlan? {
    if let known = plans[ObjectIdentifier(question)] { return known.plan }
    let plan = try? make(question)
    plans[ObjectIdentifier(question)] = (question, plan)
    return plan
  }

  private func make(_ question: SilentQuestion) throws(StoreError) -> ReadPlan {
    let view = try store.store.view(question.view)
    let stream = try store.store.stream(view.declaration.stream)
    let number = recorder.question(
      ServedQuestion(
        view, over: stream, features: question.features, shape: question.shape,
        version: question.version))
    return ReadPlan(
      number: 0, view: view, features: question.features, shape: question.shape,
      version: question.version,
      reader: try store.store.reader(of: question.view, features: question.features),
      question: number)
  }
}
