// Which function carries which command out. What takes long is handed to the workers here, and nowhere else.
import FeatureModel
import Monitoring
import RESP

extension EventLoop {
  /// Carries a command out; its reply is appended to `out`, or comes later.
  func perform(
    _ spec: CommandSpec, _ words: RequestWords, _ connection: Connection
  ) throws(LookupError) {
    switch spec.group {
    case .lookup: try performLookup(spec.id, words, connection)
    case .ingest: try performIngest(spec.id, words, connection)
    case .registry: try performRegistry(spec.id, words, connection)
    case .connection: try performConnection(spec.id, words, connection)
    case .transaction:
      switch spec.id {
      case .multi: try begin(connection)
      case .exec: try carryOutTransaction(connection)
      default: try discard(connection)
      }
    case .server: try performServer(spec.id, words, connection)
    }
  }

  /// Hands work to the workers; the connection goes on when its reply is there.
  func handOver(
    _ id: CommandID, _ connection: Connection,
    _ work: @escaping @Sendable (inout ReplyWriter, ServedRecorder?) throws(LookupError) -> Void
  ) {
    handOver(id, connection, Flag(), work)
  }

  /// The same for work that looks at whether it is still wanted.
  func handOver(
    _ id: CommandID, _ connection: Connection, _ isCancelled: Flag,
    _ work: @escaping @Sendable (inout ReplyWriter, ServedRecorder?) throws(LookupError) -> Void
  ) {
    connection.job = (id, Self.steadyNanoseconds)
    context.workers.add(
      WorkerPool.Job(
        loop: number, client: connection.handle, version: connection.version,
        isCancelled: isCancelled, work: work))
  }

  private func performLookup(
    _ id: CommandID, _ words: RequestWords, _ connection: Connection
  ) throws(LookupError) {
    if let clockFailure { throw LookupError(clockFailure) }
    switch id {
    case .hmget: try lookUp(words, .texts)
    case .hgetall: try lookUp(words, .namedTexts)
    case .hget:
      let start = out.count
      try lookUp(words, .texts)
      out.removeHeader(at: start)
    case .fsGet: try get(words)
    case .fsMGet: try getMany(words, connection)
    case .fsVector: try vector(words)
    default: try explain(words, connection)
    }
  }

  private func performIngest(
    _ id: CommandID, _ words: RequestWords, _ connection: Connection
  ) throws(LookupError) {
    switch id {
    case .xadd: break
    case .fsRetract, .fsAmend: return try correct(id, words, connection)
    default: return try describeProducers(id, words, connection)
    }
    do throws(EventStage.Problem) { try stage.add(words, connection) } catch {
      throw LookupError(error.text)
    }
    if connection.pendingReplies == 0 { connection.pendingSince = Self.steadyNanoseconds }
    connection.pendingReplies += 1
    counters.count(.events)
  }
}
