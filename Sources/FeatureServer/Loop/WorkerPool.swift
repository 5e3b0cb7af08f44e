// Where commands are carried out that would keep a loop from its look-ups: threads of their own, of lower
// priority. The connection waits, all others go on.
import CLinux
import Monitoring
import RESP
import Synchronization

/// Says once that something is so; any thread may ask.
final class Flag: Sendable {
  private let state = Atomic<Bool>(false)

  func set() { state.store(true, ordering: .relaxed) }

  var isSet: Bool { state.load(ordering: .relaxed) }
}

final class WorkerPool: Sendable {
  struct Job: Sendable {
    let loop: Int
    let client: ConnectionHandle
    let version: ProtocolVersion
    let isCancelled: Flag
    /// Appends the reply.
    let work: @Sendable (inout ReplyWriter, ServedRecorder?) throws(LookupError) -> Void
  }

  private struct State {
    var jobs: [Job] = []
    /// What is under way, by thread.
    var current: [Job?] = Array(repeating: nil, count: WorkerPool.threads)
    var isStopping = false
  }

  private let state = Mutex(State())
  private let wakeup: Wakeup
  private let inboxes: [Inbox]
  private let servedLog: ServedLog?

  init(inboxes: [Inbox], servedLog: ServedLog?) throws(SystemError) {
    self.inboxes = inboxes
    self.servedLog = servedLog
    wakeup = try Wakeup()
  }

  /// Lets go of the work of a client that has gone, and ends what is under way for it where that can be.
  func cancel(_ client: ConnectionHandle) {
    state.withLock { state in
      for job in state.jobs where job.client == client { job.isCancelled.set() }
      state.jobs.removeAll { $0.client == client }
      for case let job? in state.current where job.client == client { job.isCancelled.set() }
    }
  }

  func add(_ job: Job) {
    state.withLock { $0.jobs.append(job) }
    wakeup.signal()
  }

  /// Ends the thread once all jobs are done.
  func stop() {
    state.withLock { $0.isStopping = true }
    wakeup.signal()
  }

  /// Threads, so that what is short need not wait for what is long.
  static let threads = 2

  /// One thread's work.
  func run(_ thread: Int) {
    // Of this thread alone, on Linux: look-ups go first where cores are few.
    _ = clinux_run_idle()
    let recorder = servedLog?.recorder()
    while true {
      let (job, isStopping) = state.withLock { state in
        let job = state.jobs.isEmpty ? nil : state.jobs.removeFirst()
        state.current[thread] = job
        return (job, state.isStopping)
      }
      guard let job else {
        if isStopping {
          // The others may be waiting for the same signal.
          wakeup.signal()
          break
        }
        // Its segment may have to end.
        recorder?.flush()
        wakeup.wait(1000)
        continue
      }
      recorder?.forgetOldQuestions()
      var reply = ReplyWriter(job.version)
      do throws(LookupError) { try job.work(&reply, recorder) } catch {
        reply.removeAll()
        reply.error(error.text)
      }
      recorder?.flush()
      inboxes[job.loop].send(
        .replies(job.client, bytes: reply.bytes, writes: 0, thenClose: false))
    }
    recorder?.close()
  }
}
