// Where commands are carried out that would keep a loop from its look-ups: a thread of its own, of lower
// priority. The connection waits, all others go on.
import Glibc
import Monitoring
import RESP
import Synchronization

final class WorkerPool: Sendable {
  struct Job: Sendable {
    let loop: Int
    let client: ConnectionHandle
    let version: ProtocolVersion
    /// Appends the reply.
    let work: @Sendable (inout ReplyWriter, ServedRecorder?) throws(LookupError) -> Void
  }

  private struct State {
    var jobs: [Job] = []
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

  func add(_ job: Job) {
    state.withLock { $0.jobs.append(job) }
    wakeup.signal()
  }

  /// Ends the thread once all jobs are done.
  func stop() {
    state.withLock { $0.isStopping = true }
    wakeup.signal()
  }

  /// The thread's work.
  func run() {
    // Of this thread alone, on Linux: look-ups go first where cores are few.
    setpriority(Int32(PRIO_PROCESS.rawValue), 0, 5)
    let recorder = servedLog?.recorder()
    while true {
      let (job, isStopping) = state.withLock { state in
        (state.jobs.isEmpty ? nil : state.jobs.removeFirst(), state.isStopping)
      }
      guard let job else {
        if isStopping { break }
        wakeup.wait(1000)
        continue
      }
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
