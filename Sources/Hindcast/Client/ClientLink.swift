// One of a client's connections: calls of any task go in, and a thread of its own makes the connection when
// there are some, writes them in their order and ends them. What the thread has in hand is `ClientSession`'s.
import Glibc
import Synchronization

final class ClientLink: Sendable {
  private struct Inbox {
    var calls: [ClientCall] = []
    var isRunning = false
    var isClosed = false
  }

  let configuration: Client.Configuration
  let wakeup = ClientWakeup()
  /// Calls under way.
  let load = Atomic<Int>(0)
  private let inbox = Mutex(Inbox())
  private let noteConnection: @Sendable () -> Void

  /// - Parameter noteConnection: called by the link's thread whenever it has logged in.
  init(_ configuration: Client.Configuration, noteConnection: @escaping @Sendable () -> Void) {
    self.configuration = configuration
    self.noteConnection = noteConnection
  }

  /// Takes a call in; it will end.
  func add(_ call: ClientCall) {
    load.add(1, ordering: .relaxed)
    let (isClosed, isNew, isFirst) = inbox.withLock { inbox in
      defer {
        if !inbox.isClosed {
          inbox.isRunning = true
          inbox.calls.append(call)
        }
      }
      return (inbox.isClosed, !inbox.isRunning, inbox.calls.isEmpty)
    }
    if isClosed {
      drop(call, .closed)
    } else if isNew {
      start()
    } else if isFirst {
      wakeup.signal()
    }
  }

  /// Ends the connection, and all calls under way.
  func close() {
    inbox.withLock { $0.isClosed = true }
    wakeup.signal()
  }

  var isClosed: Bool { inbox.withLock { $0.isClosed } }

  /// The calls that nobody has sent yet.
  func take() -> [ClientCall] {
    inbox.withLock { inbox in
      defer { inbox.calls.removeAll() }
      return inbox.calls
    }
  }

  func drop(_ call: ClientCall, _ error: ClientError) {
    load.subtract(1, ordering: .relaxed)
    call.fail(error)
  }

  /// Ends calls that waited for a connection for too long.
  /// - Returns: when the next one will have; nil where none waits.
  func expireWaiting() -> Int64? {
    let now = SteadyClock.now
    let (expired, next) = inbox.withLock { inbox in
      let expired = inbox.calls.filter { $0.deadline <= now || $0.isEnded }
      inbox.calls.removeAll { $0.deadline <= now || $0.isEnded }
      return (expired, inbox.calls.map(\.deadline).min())
    }
    for call in expired { drop(call, .timedOut) }
    return next
  }
}

// The thread.
extension ClientLink {
  private func start() {
    var failure = wakeup.failure
    if failure == nil {
      let link = Unmanaged.passRetained(self)
      var thread = pthread_t()
      let code = pthread_create(
        &thread, nil,
        { raw in
          Unmanaged<ClientLink>.fromOpaque(raw!).takeRetainedValue().run()
          return nil
        }, link.toOpaque())
      if code == 0 {
        _ = pthread_detach(thread)
        return
      }
      link.release()
      failure = ClientFailure(code)
    }
    // The next call tries again.
    inbox.withLock { $0.isRunning = false }
    failWaiting(
      .cannotConnect(
        to: "\(configuration.address)", reason: failure.map(\.reason) ?? "no thread"))
  }

  private func run() {
    while waitForCall() {
      do throws(ClientError) {
        var session = try ClientSession.open(self)
        noteConnection()
        session.serve()
      } catch { failWaiting(error) }
    }
    failWaiting(.closed)
  }

  /// False where the link was closed.
  private func waitForCall() -> Bool {
    while true {
      let (isClosed, hasCalls) = inbox.withLock { ($0.isClosed, !$0.calls.isEmpty) }
      if isClosed { return false }
      if hasCalls { return true }
      _ = wakeup.wait()
    }
  }

  private func failWaiting(_ error: ClientError) {
    for call in take() { drop(call, error) }
  }
}
