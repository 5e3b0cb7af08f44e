// The one thread that writes events: loops hand submissions over and go on, and what has gathered meanwhile is
// one commit. The longer the disk takes, the more one fsync covers.
import FeatureModel
import Glibc
import Hindcast
import RESP
import Synchronization

/// How late events of a stream were, as they came in.
struct Lateness: Sendable {
  var events: UInt64 = 0
  /// Events of slices that were sealed already: not in the answers about them.
  var late: UInt64 = 0
  /// From event time to when they were stored, summed.
  var milliseconds: UInt64 = 0
}

final class IngestWriter: Sendable {
  struct Figures: Sendable {
    var groups: UInt64 = 0
    var failures: UInt64 = 0
    var streams: [String: Lateness] = [:]
  }

  private struct Queue {
    var submissions: [Submission] = []
    var isStopping = false
  }

  private let store: Store
  private let timekeeper: Timekeeper
  private let fsync: ServerConfiguration.Fsync
  private let interval: Int64
  private let inboxes: [Inbox]
  private let log: Log
  private let queue = Mutex(Queue())
  private let wakeup: Wakeup
  private let figuresNow = Mutex(Figures())

  init(
    _ store: Store, _ timekeeper: Timekeeper, _ configuration: ServerConfiguration,
    inboxes: [Inbox], log: Log
  ) throws(SystemError) {
    self.store = store
    self.timekeeper = timekeeper
    fsync = configuration.fsync
    interval = Int64(configuration.fsyncIntervalMilliseconds)
    self.inboxes = inboxes
    self.log = log
    wakeup = try Wakeup()
  }

  var figures: Figures { figuresNow.withLock { $0 } }

  func submit(_ submission: Submission) {
    queue.withLock { $0.submissions.append(submission) }
    wakeup.signal()
  }

  /// Ends the thread once everything submitted is stored.
  func stop() {
    queue.withLock { $0.isStopping = true }
    wakeup.signal()
  }

  /// The thread's work.
  func run() {
    let (store, timekeeper) = (store, timekeeper)
    var commit = GroupCommit(store, isSynced: fsync == .always) { [self] stream, batch in
      observe(stream, batch)
    }
    var syncDue: Int64?
    while true {
      let (group, isStopping) = queue.withLock { queue in
        defer { queue.submissions = [] }
        return (queue.submissions, queue.isStopping)
      }
      let now = timekeeper.reading.milliseconds
      if !group.isEmpty {
        let outcomes = commit.commit(group, now: now)
        answer(group, outcomes)
        if fsync == .interval, syncDue == nil { syncDue = SteadyClock.milliseconds + interval }
      } else if isStopping {
        break
      }
      if let due = syncDue, SteadyClock.milliseconds >= due {
        sync()
        syncDue = nil
      }
      if group.isEmpty {
        wakeup.wait(syncDue.map { Int32(max(1, $0 - SteadyClock.milliseconds)) } ?? 1000)
      }
    }
    if fsync != .off { sync() }
  }

  private func sync() {
    do throws(StoreError) { try store.sync() } catch {
      log.error("cannot sync", ["reason": .text("\(error)")])
    }
  }

  private func observe(_ stream: StreamDeclaration, _ batch: EventBatch) {
    let now = timekeeper.reading.milliseconds
    let seal = (try? store.stream(stream.name).seal)?.milliseconds ?? .min
    var lateness = Lateness()
    for word in batch.columns[stream.eventTime].words {
      let event = Int64(bitPattern: word)
      lateness.events += 1
      if event < seal { lateness.late += 1 }
      lateness.milliseconds &+= UInt64(max(0, now - event))
    }
    figuresNow.withLock { figures in
      var sum = figures.streams[stream.name] ?? Lateness()
      sum.events += lateness.events
      sum.late += lateness.late
      sum.milliseconds &+= lateness.milliseconds
      figures.streams[stream.name] = sum
    }
  }

  /// Tells the clients; replies of one connection that follow each other go together.
  private func answer(_ group: [Submission], _ outcomes: [[GroupCommit.Outcome]]) {
    var failures = 0
    for (submission, outcomes) in zip(group, outcomes) {
      var messages: [LoopMessage] = []
      var run = ReplyRun()
      for (item, outcome) in zip(submission.items, outcomes) {
        if run.client != item.client { run.close(into: &messages, item.client) }
        if case .failed = outcome { failures += 1 }
        run.add(outcome)
      }
      run.close(into: &messages, nil)
      inboxes[submission.loop].send(messages)
    }
    figuresNow.withLock { figures in
      figures.groups += 1
      figures.failures += UInt64(failures)
    }
    if failures > 0 { log.error("events were not stored", ["events": .int(failures)]) }
  }
}

/// Replies of one connection, end to end.
private struct ReplyRun {
  private(set) var client: ConnectionHandle?
  private var replies = ReplyWriter()
  private var writes = 0
  private var hasFailed = false

  mutating func add(_ outcome: GroupCommit.Outcome) {
    writes += 1
    switch outcome {
    case .stored(let id): replies.bulk(id.description)
    case .refused(let reason): replies.error(reason)
    case .reply(let bytes): replies.append(raw: bytes)
    case .failed(let reason):
      replies.error(reason)
      hasFailed = true
    }
  }

  mutating func close(into messages: inout [LoopMessage], _ next: ConnectionHandle?) {
    if let client, writes > 0 {
      messages.append(
        .replies(client, bytes: replies.bytes, writes: writes, thenClose: hasFailed))
    }
    client = next
    replies.removeAll()
    writes = 0
    hasFailed = false
  }
}
