// One thread that serves connections: it waits for what is ready, reads, answers, and sends once for all that a
// connection had asked. Nothing here waits for anything but the next event: writes go to the writer, what takes
// long to the workers, and both come back through the inbox.
import FeatureModel
import Glibc
import Hindcast
import Monitoring
import RESP

/// A loop and all that belongs to it. Made and run by one thread.
final class EventLoop {
  let number: Int
  let context: ServerContext
  let counters: LoopCounters
  let inbox: Inbox
  let listeners: [Listener]
  #if TLS
    let tls: TLSContext?
  #endif
  var poller: Poller
  /// By descriptor.
  var connections: [Connection?] = []
  private var nextGeneration: UInt32 = 1
  /// What is read from a socket in one go.
  let readBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 64)
  /// What is sent to the connection in hand.
  var out = ReplyWriter()
  /// A parser between two commands.
  var spareParser: RequestParser?
  var lookups: Lookups
  let stage: EventStage
  /// The instant that the events in hand are answered for.
  var now: Timestamp
  /// Why nothing can be answered; nil where it can.
  var clockFailure: String?
  private var generation: UInt64 = 0
  /// How often the store had forgotten an entity when this loop last let go of everything.
  private var forgets: UInt64 = 0
  /// Connections that have commands left which nothing outside will wake the loop for.
  var unfinished: [ConnectionHandle] = []
  /// Milliseconds of a clock that never jumps, as this round began.
  var steadyNow: Int64 = 0
  /// The command that came last, by its name as it was written.
  var latestCommand: (name: [UInt8], spec: CommandSpec)?
  /// Bytes of `out` that stay allocated between two rounds.
  static let keptOutput = 1 << 20
  var isStopping = false
  private var listenersPaused = false
  private var lastTick: Int64 = 0
  private var lastIdleCheck: Int64 = 0

  init(_ context: ServerContext, number: Int, listeners: [Listener]) throws {
    self.context = context
    self.number = number
    self.listeners = listeners
    counters = context.counters[number]
    inbox = context.inboxes[number]
    poller = try Poller()
    #if TLS
      let settings = context.configuration.tls
      if settings.port != nil, let certificate = settings.certificate, let key = settings.key {
        tls = try TLSContext(certificate: certificate, key: key, clientCA: settings.clientCA)
      } else {
        tls = nil
      }
    #endif
    stage = EventStage(context.store.store, loop: number)
    lookups = Lookups(
      context.store, context.timekeeper, recorder: context.servedLog?.recorder(),
      cacheBytes: context.configuration.cacheBytes / context.configuration.loops,
      rowCacheBytes: context.configuration.rowCacheBytes / context.configuration.loops)
    now = context.timekeeper.reading
    try poller.add(inbox.wakeup.number, generation: 0, .read)
    for listener in listeners { try poller.add(listener.number, generation: 0, .read) }
  }

  deinit { readBuffer.deallocate() }

  /// Serves until it is told to stop and owes nobody anything, or the time for that is over.
  func run() {
    var deadline = Int64.max
    while true {
      let count = poller.wait(unfinished.isEmpty ? 100 : 0)
      steadyNow = SteadyClock.milliseconds
      refresh()
      // Orders first: who was killed before a command of theirs was sent is not answered.
      for message in inbox.takeAll() { take(message) }
      for index in 0..<count { handle(poller[index]) }
      goOn()
      if !stage.submission.isEmpty { context.writer.submit(stage.take()) }
      tick()
      if isStopping {
        if deadline == .max {
          deadline =
            SteadyClock.milliseconds
            + Int64(context.configuration.shutdownTimeoutSeconds) * 1000
        }
        if isSettled || SteadyClock.milliseconds >= deadline { break }
      }
    }
    for connection in connections { if let connection { close(connection) } }
    lookups.recorder?.close()
    giveAway()
  }

  /// What was noted beside the answers, to those who see to it.
  private func giveAway() {
    if let batch = lookups.silent.take() { context.silentLog?.submit(batch) }
    let uses = lookups.takeUses()
    if !uses.isEmpty { context.uses.add(uses, at: now) }
  }

  private var isSettled: Bool { connections.allSatisfy { $0 == nil } }

  /// Reads the clock, and lets go of what declarations have made stale.
  private func refresh() {
    noticeDeclarations()
    do throws(StoreError) {
      now = try context.timekeeper.now()
      clockFailure = nil
    } catch {
      now = context.timekeeper.reading
      if clockFailure == nil {
        context.log.error("cannot move a seal", ["reason": .text("\(error)")])
      }
      clockFailure = "MISCONF a slice has ended and could not be sealed: \(error)"
    }
  }

  /// Lets go of what declarations have made stale, once the events that were read by them are handed over.
  func noticeDeclarations() {
    let generation = context.store.store.generation
    guard generation != self.generation else { return }
    self.generation = generation
    if !stage.submission.isEmpty { context.writer.submit(stage.take()) }
    let forgets = context.store.store.forgets
    if forgets == self.forgets { lookups.forgetPlans() } else { lookups.wipe() }
    self.forgets = forgets
    stage.forgetDeclarations()
    context.timekeeper.invalidate()
    context.forgetMarks[number].note(forgets)
  }

  /// Goes on with connections whose answers were too many for one round.
  private func goOn() {
    guard !unfinished.isEmpty else { return }
    let handles = unfinished
    unfinished.removeAll(keepingCapacity: true)
    for handle in handles {
      if let connection = connection(handle.descriptor, handle.generation) { resume(connection) }
    }
  }

  private func handle(_ ready: Poller.Ready) {
    if ready.generation == 0 {
      if ready.number == inbox.wakeup.number {
        inbox.wakeup.clear()
      } else if let listener = listeners.first(where: { $0.number == ready.number }) {
        accept(from: listener)
      }
      return
    }
    // A connection that was closed in this round may have left an event behind.
    guard let connection = connection(ready.number, ready.generation) else { return }
    if ready.interest.contains(.write) { send(connection) }
    if connection.interest.contains(.read), ready.interest.contains(.read) || ready.isBroken {
      read(connection)
    } else if ready.isBroken {
      close(connection)
    }
  }

  func connection(_ descriptor: Int32, _ generation: UInt32) -> Connection? {
    guard Int(descriptor) < connections.count, let found = connections[Int(descriptor)],
      found.generation == generation
    else { return nil }
    return found
  }

  private func take(_ message: LoopMessage) {
    switch message {
    case .accepted(let descriptor, let peer, let isTLS): adopt(descriptor, peer, isTLS: isTLS)
    case .replies(let handle, let bytes, let writes, let thenClose):
      guard let connection = connection(handle.descriptor, handle.generation) else { return }
      deliver(bytes, to: connection, writes: writes, thenClose: thenClose)
    case .kill(let handle):
      if let connection = connection(handle.descriptor, handle.generation) { close(connection) }
    case .stop:
      isStopping = true
      for listener in listeners { poller.remove(listener.number) }
      for connection in connections {
        if let connection, !connection.isClosing { finish(connection) }
      }
    }
  }

  static var steadyNanoseconds: UInt64 { UInt64(bitPattern: SteadyClock.now) }
}

// Connections that come, and what is done from time to time.
extension EventLoop {
  private func accept(from listener: Listener) {
    // Others have their turn between two rounds.
    for _ in 0..<64 {
      do throws(SystemError) {
        guard let (descriptor, peer) = try listener.accept() else { return }
        let turn = context.nextLoop.add(1, ordering: .relaxed).oldValue
        let loop = turn % context.inboxes.count
        if loop == number {
          adopt(descriptor, peer, isTLS: listener.isTLS)
        } else {
          context.inboxes[loop].send(
            .accepted(descriptor: descriptor, peer: peer, isTLS: listener.isTLS))
        }
      } catch {
        // Out of descriptors, mostly: leave them waiting for a moment instead of asking all the time.
        context.log.warning("cannot accept connections", ["reason": .text("\(error)")])
        for listener in listeners { poller.remove(listener.number) }
        listenersPaused = true
        return
      }
    }
  }

  private func adopt(_ descriptor: Int32, _ peer: String, isTLS: Bool) {
    let client = context.clients.add(
      peer: peer, loop: number, descriptor: descriptor, generation: nextGeneration, since: now)
    guard let client, !isStopping else {
      if let client { context.clients.remove(client) }
      counters.count(.rejected)
      let refusal = "-ERR max number of clients reached\r\n"
      if !isTLS { _ = refusal.withCString { Glibc.send(descriptor, $0, strlen($0), flags) } }
      Glibc.close(descriptor)
      return
    }
    let connection = Connection(
      descriptor: descriptor, generation: nextGeneration, client: client,
      role: context.configuration.users.roleOfStrangers)
    nextGeneration = nextGeneration == .max ? 1 : nextGeneration + 1
    connection.lastSteady = steadyNow
    while connections.count <= Int(descriptor) { connections.append(nil) }
    do {
      #if TLS
        if isTLS, let tls { connection.tls = try TLSSession(tls) }
      #endif
      try poller.add(descriptor, generation: connection.generation, .read)
    } catch {
      context.log.warning("cannot take a connection", ["reason": .text("\(error)")])
      context.clients.remove(client)
      Glibc.close(descriptor)
      return
    }
    connections[Int(descriptor)] = connection
    counters.count(.accepted)
  }

  private var flags: Int32 { Int32(MSG_NOSIGNAL) }

  private func tick() {
    let time = SteadyClock.milliseconds
    guard time - lastTick >= 100 || lookups.recorder?.needsFlush == true else { return }
    lastTick = time
    lookups.recorder?.flush()
    giveAway()
    let (hits, misses) = lookups.takeCounts()
    counters.count(.cacheHits, hits)
    counters.count(.cacheMisses, misses)
    let rows = lookups.takeRowCounts()
    counters.count(.rowHits, rows.hits)
    counters.count(.rowMisses, rows.misses)
    counters.set(.rowCacheBytes, lookups.rowCacheBytes)
    counters.set(.cacheBytes, lookups.cacheBytes)
    counters.set(.cacheEntries, lookups.cacheEntries)
    if listenersPaused, !isStopping {
      listenersPaused = false
      for listener in listeners { try? poller.add(listener.number, generation: 0, .read) }
    }
    guard time - lastIdleCheck >= 1000 else { return }
    lastIdleCheck = time
    closeIdle()
  }

  private func closeIdle() {
    let limit = Int64(context.configuration.idleTimeoutSeconds) * 1000
    for connection in connections {
      guard let connection else { continue }
      connection.client.lastActive.store(connection.lastActive, ordering: .relaxed)
      if limit > 0, connection.isSettled, steadyNow - connection.lastSteady > limit {
        close(connection)
      }
    }
  }
}
