// One request of one task on its way through a connection: bytes out, as many replies in, and somebody who
// waits. A call ends once, whoever comes first: its last reply, its deadline, the end of the connection or of
// the task.
import Glibc
import RESP
import Synchronization

final class ClientCall: Sendable {
  /// What came of a call. With a failure `replies` are those that came before it.
  struct Outcome: Sendable {
    var replies: [RESPValue] = []
    var failure: ClientError?
  }

  /// Commands, end to end.
  let bytes: [UInt8]
  /// Replies that they have.
  let replyCount: Int
  /// On the steady clock.
  let start: Int64
  let deadline: Int64

  private enum State {
    case open
    case awaited(CheckedContinuation<Outcome, Never>)
    case ended(Outcome)
  }

  private let state = Mutex(State.open)

  init(_ bytes: [UInt8], replies: Int, timeout: Int64) {
    self.bytes = bytes
    replyCount = replies
    start = SteadyClock.now
    deadline = start + timeout
  }

  var isEnded: Bool {
    state.withLock { if case .ended = $0 { true } else { false } }
  }

  /// Ends the call, unless it has ended.
  func end(_ outcome: Outcome) {
    let waiting: CheckedContinuation<Outcome, Never>? = state.withLock { state in
      switch state {
      case .open:
        state = .ended(outcome)
        return nil
      case .awaited(let continuation):
        state = .ended(outcome)
        return continuation
      case .ended: return nil
      }
    }
    waiting?.resume(returning: outcome)
  }

  func fail(_ error: ClientError, replies: [RESPValue] = []) {
    end(Outcome(replies: replies, failure: error))
  }

  /// Waits for the end; once.
  func wait() async -> Outcome {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let outcome: Outcome? = state.withLock { state in
          if case .ended(let outcome) = state { return outcome }
          state = .awaited(continuation)
          return nil
        }
        if let outcome { continuation.resume(returning: outcome) }
      }
    } onCancel: {
      fail(.cancelled)
    }
  }
}
