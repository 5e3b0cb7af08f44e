// The way out through a socket: a server over a copy of the store, so that the seals that serving moves are not
// those of the vector, and a client that asks it. Its clock stands at the latest time that is asked about.
import FeatureModel
import FeatureServer
import Hindcast
import SliceStore

/// A server over a store for the time of a body, whose clock stands still, and a client of it.
enum ServedStore {
  static func with<Result>(
    _ store: FeatureStore, at clock: Timestamp, log: String,
    isolation: isolated (any Actor)? = #isolation,
    _ body: (Client) async throws -> Result
  ) async throws -> Result {
    var configuration = ServerConfiguration()
    configuration.port = 0
    configuration.fsync = .off
    configuration.loops = 1
    configuration.cacheBytes = 1 << 20
    let server = try Server(
      store, configuration, log: try Log(level: .error, file: log), clock: { clock })
    defer { server.stop() }
    var address = Client.Configuration(port: server.ports[0])
    address.timeout = .seconds(60)
    address.connectTimeout = .seconds(60)
    let client = Client(address)
    defer { client.close() }
    return try await body(client)
  }
}

enum SocketAsk {
  static func answers(
    _ questions: [Vector.Question], _ store: FeatureStore, step: Int
  ) async throws -> [(question: Vector.Question, outcome: Outcome)] {
    // Nobody can ask a server for a null.
    let questions = questions.filter { !$0.entity.contains(nil) }
    let instants = questions.flatMap { times($0.at, $0.mode) }
    return try await withCopy(of: store, step, instants) { client in
      var answers: [(question: Vector.Question, outcome: Outcome)] = []
      for question in questions { answers.append((question, await answer(question, client))) }
      return answers
    }
  }

  /// The same of feature sets.
  static func answers(
    _ questions: [Vector.SetQuestion], _ store: FeatureStore, step: Int
  ) async throws -> [(question: Vector.SetQuestion, outcome: Outcome)] {
    let questions = questions.filter { !$0.keys.values.contains(nil) }
    let instants = questions.flatMap { times($0.at, $0.mode) }
    return try await withCopy(of: store, step, instants) { client in
      var answers: [(question: Vector.SetQuestion, outcome: Outcome)] = []
      for question in questions { answers.append((question, await answer(question, client))) }
      return answers
    }
  }

  private static func withCopy<Result>(
    of store: FeatureStore, _ step: Int, _ times: [Timestamp],
    isolation: isolated (any Actor)? = #isolation, _ body: (Client) async throws -> Result
  ) async throws -> Result {
    let path = "\(store.store.path).served\(step)"
    try store.store.checkpoint(to: path)
    let copy = try FeatureStore.open(path, .existing)
    defer { copy.store.close() }
    return try await ServedStore.with(
      copy, at: times.max() ?? .earliest, log: path + ".log", body)
  }

  private static func times(_ time: Timestamp, _ mode: ReadMode) -> [Timestamp] {
    if case .knownAt(let known) = mode { return [time, known] }
    return [time]
  }

  private static func answer(_ question: Vector.Question, _ client: Client) async -> Outcome {
    do {
      let found = try await client.features(
        of: question.view, entity: question.entity.compactMap { $0 }, question.features,
        at: question.at, mode: question.mode)
      return .values(found.map(\.value))
    } catch { return failure(error) }
  }

  private static func answer(_ question: Vector.SetQuestion, _ client: Client) async -> Outcome {
    do {
      let found = try await client.vector(
        of: question.set, keys: question.keys.compactMapValues { $0 }, at: question.at,
        mode: question.mode)
      return .values(found.map(\.value))
    } catch { return failure(error) }
  }

  /// The server's words for what the vectors name.
  private static func failure(_ error: ClientError) -> Outcome {
    let text = "\(error)"
    if text.contains("no feature set") { return .error("unknown_set") }
    if text.contains("no view") { return .error("unknown_view") }
    if text.contains("no feature") { return .error("unknown_feature") }
    if text.contains("keeps slices from") { return .error("expired") }
    return .error(text)
  }
}
