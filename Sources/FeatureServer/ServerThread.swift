// A thread of the server: it has a name, which tools show, and can be waited for.
import CLinux
import Glibc

final class ServerThread: Sendable {
  private let thread: pthread_t

  /// What a thread is started with.
  private final class Start: Sendable {
    let name: String
    let body: @Sendable () -> Void

    init(_ name: String, _ body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }
  }

  /// - Parameter name: at most 15 bytes.
  init(_ name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
    let start = Unmanaged.passRetained(Start(name, body))
    var thread = pthread_t()
    let failure = pthread_create(
      &thread, nil,
      { raw in
        let start = Unmanaged<Start>.fromOpaque(raw!).takeRetainedValue()
        clinux_name_thread(start.name)
        start.body()
        return nil
      }, start.toOpaque())
    guard failure == 0 else {
      start.release()
      throw SystemError("start the thread \(name)", failure)
    }
    self.thread = thread
  }

  /// Waits for its end; once.
  func join() { pthread_join(thread, nil) }
}
