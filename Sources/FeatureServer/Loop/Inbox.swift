// What other threads have for a loop: connections to take, replies that were waited for, orders.
import Synchronization

/// A connection as others know it.
package struct ConnectionHandle: Hashable, Sendable {
  let descriptor: Int32
  let generation: UInt32

  package init(descriptor: Int32, generation: UInt32) {
    self.descriptor = descriptor
    self.generation = generation
  }
}

enum LoopMessage: Sendable {
  case accepted(descriptor: Int32, peer: String, isTLS: Bool)
  /// Replies to so many writes, or to one command that was carried out elsewhere (`writes` is 0).
  case replies(ConnectionHandle, bytes: [UInt8], writes: Int, thenClose: Bool)
  case kill(ConnectionHandle)
  /// Take no more commands, finish what is owed, and end.
  case stop
}

/// Messages for one loop; any thread may send.
final class Inbox: Sendable {
  private let messages = Mutex<[LoopMessage]>([])
  let wakeup: Wakeup

  init() throws(SystemError) { wakeup = try Wakeup() }

  func send(_ message: LoopMessage) { send([message]) }

  func send(_ new: [LoopMessage]) {
    let wasEmpty = messages.withLock { messages in
      let wasEmpty = messages.isEmpty
      messages += new
      return wasEmpty
    }
    if wasEmpty { wakeup.signal() }
  }

  func takeAll() -> [LoopMessage] {
    messages.withLock { messages in
      let all = messages
      messages = []
      return all
    }
  }
}
