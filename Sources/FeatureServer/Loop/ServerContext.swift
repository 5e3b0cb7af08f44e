// What all loops share: the store, who is connected, the clock, the other threads.
import FeatureModel
import Hindcast
import Monitoring
import Synchronization

final class ServerContext: Sendable {
  let store: FeatureStore
  let configuration: ServerConfiguration
  let timekeeper: Timekeeper
  let clients: Clients
  let log: Log
  let inboxes: [Inbox]
  let counters: [LoopCounters]
  /// By loop.
  let forgetMarks: [ForgetMark]
  let writer: IngestWriter
  let workers: WorkerPool
  let builder: HistoryBuilder
  let servedLog: ServedLog?
  /// Nil where nothing is logged.
  let silentLog: SilentLog?
  let uses = DeprecatedUses()
  let slowLog: SlowLog
  let started: Timestamp
  /// For connections: whose turn it is.
  let nextLoop = Atomic<Int>(0)
  /// Answers are given: false while starting and stopping.
  let isReady = Atomic<Bool>(false)
  /// The loops have ended; so have all others to.
  let isEnding = Atomic<Bool>(false)
  /// Tells the server's owner to stop it.
  let requestStop: @Sendable () -> Void

  init(
    store: FeatureStore, configuration: ServerConfiguration, timekeeper: Timekeeper, log: Log,
    servedLog: ServedLog?, requestStop: @escaping @Sendable () -> Void
  ) throws(SystemError) {
    self.store = store
    self.configuration = configuration
    self.timekeeper = timekeeper
    self.log = log
    self.servedLog = servedLog
    self.requestStop = requestStop
    clients = Clients(limit: configuration.maxClients)
    var inboxes: [Inbox] = []
    for _ in 0..<configuration.loops { inboxes.append(try Inbox()) }
    self.inboxes = inboxes
    forgetMarks = inboxes.map { _ in ForgetMark() }
    counters = inboxes.map { _ in LoopCounters(commands: CommandID.allCases.count) }
    writer = try IngestWriter(
      store.store, timekeeper, configuration, inboxes: inboxes, log: log)
    workers = try WorkerPool(inboxes: inboxes, servedLog: servedLog)
    if let servedLog { silentLog = try SilentLog(store, servedLog) } else { silentLog = nil }
    builder = try HistoryBuilder(store, log, uses)
    slowLog = SlowLog(limit: configuration.slowlogLength)
    started = timekeeper.reading
  }

  /// The sum over all loops.
  func total(_ what: LoopCounters.Count) -> UInt64 { counters.reduce(0) { $0 + $1[what] } }
}

/// Commands that took long: their names and sizes, never what was asked or answered.
final class SlowLog: Sendable {
  struct Entry: Sendable {
    let id: Int
    let time: Timestamp
    let microseconds: Int
    let command: String
    let words: Int
    let peer: String
    let name: String
  }

  private let state = Mutex<(entries: [Entry], next: Int)>(([], 0))
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  func add(
    _ command: String, words: Int, microseconds: Int, at time: Timestamp, _ client: ClientRecord
  ) {
    let name = client.profile.withLock { $0.name }
    state.withLock { state in
      state.entries.append(
        Entry(
          id: state.next, time: time, microseconds: microseconds, command: command, words: words,
          peer: client.peer, name: name))
      state.next += 1
      if state.entries.count > limit { state.entries.removeFirst() }
    }
  }

  /// The newest first.
  var entries: [Entry] { state.withLock { $0.entries.reversed() } }

  func reset() { state.withLock { $0.entries = [] } }
}
