// A server in this process: sockets, event loops, the writer, the workers and the thread that moves seals,
// around one store. It is ready when all streams are sealed up to the slice that the clock is in.
import FeatureModel
import Glibc
import Hindcast
import Monitoring
import Synchronization

/// A running server. Ends with `stop`; the store stays the caller's.
public final class Server: Sendable {
  private let context: ServerContext
  private let stopRequest: Wakeup
  /// TCP and TLS ports that it listens on, in the order of the addresses; ports of 0 are real ones here.
  public let ports: [UInt16]
  public let tlsPorts: [UInt16]

  private struct Threads {
    var loops: [ServerThread] = []
    var writer: ServerThread?
    var workers: [ServerThread] = []
    var sealer: ServerThread?
    var builder: ServerThread?
    var silent: ServerThread?
    var isStopped = false
  }

  private let threads = Mutex(Threads())
  private let sealerWakeup: Wakeup

  /// Starts a server; it answers when this returns.
  /// - Parameters:
  ///   - store: open for writing.
  ///   - clock: the time that answers are given for; no time is ever taken from elsewhere.
  /// - Throws: what cannot be listened on, made or read; nothing runs then.
  public convenience init(
    _ store: FeatureStore, _ configuration: ServerConfiguration = ServerConfiguration(), log: Log,
    clock: @escaping @Sendable () -> Timestamp = Server.systemClock
  ) throws {
    let servedLog = try Self.servedLog(configuration.servedLog)
    try self.init(store, configuration, log: log, servedLog: servedLog, clock: clock)
  }

  private init(
    _ store: FeatureStore, _ configuration: ServerConfiguration, log: Log, servedLog: ServedLog?,
    clock: @escaping @Sendable () -> Timestamp
  ) throws {
    let stopRequest = try Wakeup()
    self.stopRequest = stopRequest
    sealerWakeup = try Wakeup()
    let timekeeper = Timekeeper(store.store, clock: clock)
    context = try ServerContext(
      store: store, configuration: configuration, timekeeper: timekeeper, log: log,
      servedLog: servedLog, requestStop: { stopRequest.signal() })
    let listeners = try Self.listen(configuration)
    ports = listeners.filter { !$0.isTLS && $0.port != 0 }.map(\.port)
    tlsPorts = listeners.filter(\.isTLS).map(\.port)
    // Whatever an earlier server said about the time until now stands.
    _ = try timekeeper.now()
    try start(listeners)
    context.isReady.store(true, ordering: .releasing)
    let addresses = listeners.map { $0.port == 0 ? $0.address : "\($0.address):\($0.port)" }
    log.info(
      "ready",
      [
        "listen": .text(addresses.joined(separator: " ")),
        "loops": .int(configuration.loops), "views": .int(store.store.views.count),
        "fsync": .text(configuration.fsync.rawValue),
      ])
  }

  deinit { stop() }

  /// The system's wall clock.
  public static let systemClock: @Sendable () -> Timestamp = { .now }

  private static func servedLog(
    _ settings: ServerConfiguration.ServedLogSettings
  ) throws(HindcastError) -> ServedLog? {
    guard let folder = settings.folder else { return nil }
    var options = ServedLogOptions(folder: folder)
    options.oneIn = UInt32(settings.sample)
    options.maxBytes = settings.maxBytes
    return try ServedLog(options)
  }

  private static func listen(
    _ configuration: ServerConfiguration
  ) throws(SystemError) -> [Listener] {
    var listeners: [Listener] = []
    for address in configuration.bind {
      if let port = configuration.port {
        listeners.append(try Listener(address, port: port, isTLS: false))
      }
      if let port = configuration.tls.port {
        listeners.append(try Listener(address, port: port, isTLS: true))
      }
    }
    if let path = configuration.unixSocket {
      listeners.append(try Listener(path: path, mode: configuration.unixSocketMode))
    }
    return listeners
  }
}

// Threads.
extension Server {
  private func start(_ listeners: [Listener]) throws {
    do {
      let context = context
      try threads.withLock { threads in
        threads.writer = try ServerThread("hindcast-write") { context.writer.run() }
        for number in 0..<WorkerPool.threads {
          threads.workers.append(
            try ServerThread("hindcast-work\(number)") { context.workers.run(number) })
        }
        let (wakeup, lead) = (sealerWakeup, Self.sealLead)
        threads.sealer = try ServerThread("hindcast-seal") { Self.seal(context, wakeup, lead) }
        threads.builder = try ServerThread("hindcast-build") { context.builder.run() }
        if let silentLog = context.silentLog {
          threads.silent = try ServerThread("hindcast-silent") { silentLog.run() }
        }
        for number in 0..<context.configuration.loops {
          threads.loops.append(try Self.startLoop(context, number, number == 0 ? listeners : []))
        }
      }
    } catch {
      stop()
      throw error
    }
  }

  /// The loop is made by its own thread; what fails there is told here.
  private static func startLoop(
    _ context: ServerContext, _ number: Int, _ listeners: [Listener]
  ) throws -> ServerThread {
    let started = try Wakeup()
    let report = LoopStart(started)
    let thread = try ServerThread("hindcast-loop\(number)") {
      do {
        let loop = try EventLoop(context, number: number, listeners: listeners)
        report.tell(nil)
        loop.run()
      } catch { report.tell(error) }
    }
    started.wait(-1)
    if let error = report.error {
      thread.join()
      throw error
    }
    return thread
  }

  /// How a loop's start ended.
  private final class LoopStart: Sendable {
    private let outcome = Mutex<(any Error)?>(nil)
    private let started: Wakeup

    init(_ started: Wakeup) { self.started = started }

    var error: (any Error)? { outcome.withLock { $0 } }

    func tell(_ error: (any Error)?) {
      outcome.withLock { $0 = error }
      started.signal()
    }
  }

  /// Milliseconds that a seal moves before its slice ends.
  private static let sealLead: Int64 = 50

  private static func seal(_ context: ServerContext, _ wakeup: Wakeup, _ lead: Int64) {
    while !context.isEnding.load(ordering: .acquiring) {
      context.log.flush()
      do throws(StoreError) {
        let left = try context.timekeeper.sealAhead(within: lead) ?? 1000
        if left > lead { wakeup.wait(Int32(min(1000, left - lead))) }
      } catch {
        // The look-ups will meet it and say so; until then there is time to try again.
        context.log.warning("cannot seal ahead", ["reason": .text("\(error)")])
        wakeup.wait(20)
      }
    }
  }

  /// Waits until a client or `requestStop` asks for the end.
  public func waitForStopRequest() { stopRequest.wait(-1) }

  /// Makes `waitForStopRequest` return; may be called by any thread.
  public func requestStop() { stopRequest.signal() }

  /// Ends the server: what came is answered and stored, connections are closed. Safe to call twice.
  public func stop() {
    let threads = threads.withLock { threads in
      defer {
        threads = Threads()
        threads.isStopped = true
      }
      return threads
    }
    guard !threads.isStopped else { return }
    context.isReady.store(false, ordering: .releasing)
    for inbox in context.inboxes { inbox.send(.stop) }
    for loop in threads.loops { loop.join() }
    context.builder.stop()
    threads.builder?.join()
    context.workers.stop()
    for worker in threads.workers { worker.join() }
    context.silentLog?.stop()
    threads.silent?.join()
    context.writer.stop()
    threads.writer?.join()
    context.isEnding.store(true, ordering: .releasing)
    sealerWakeup.signal()
    threads.sealer?.join()
    context.log.info("stopped")
    context.log.flush()
  }
}
