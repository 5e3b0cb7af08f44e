// The way out through a socket: a server over a copy of the store, so that the seals that serving moves are not
// those of the vector, and a client that asks it. Its clock stands at the latest time that is asked about.
import FeatureModel
import FeatureServer
import Hindcast
import SliceStore

enum SocketAsk {
  static func answers(
    _ questions: [Vector.Question], _ store: FeatureStore, step: Int
  ) async throws -> [(question: Vector.Question, outcome: Outcome)] {
    let path = "\(store.store.path).served\(step)"
    try store.store.checkpoint(to: path)
    let copy = try FeatureStore.open(path, .existing)
    var configuration = ServerConfiguration()
    configuration.port = 0
    configuration.fsync = .off
    configuration.loops = 1
    configuration.cacheBytes = 1 << 20
    let latest = questions.flatMap(times).max() ?? .earliest
    let log = try Log(level: .error, file: path + ".log")
    let server = try Server(copy, configuration, log: log, clock: { latest })
    defer {
      server.stop()
      copy.store.close()
    }
    var address = Client.Configuration(port: server.ports[0])
    address.timeout = .seconds(60)
    address.connectTimeout = .seconds(60)
    let client = Client(address)
    defer { client.close() }
    var answers: [(question: Vector.Question, outcome: Outcome)] = []
    // Nobody can ask a server for a null.
    for question in questions where !question.entity.contains(nil) {
      answers.append((question, await answer(question, client)))
    }
    return answers
  }

  private static func times(_ question: Vector.Question) -> [Timestamp] {
    if case .knownAt(let known) = question.mode { return [question.at, known] }
    return [question.at]
  }

  private static func answer(_ question: Vector.Question, _ client: Client) async -> Outcome {
    do {
      let found = try await client.features(
        of: question.view, entity: question.entity.compactMap { $0 }, question.features,
        at: question.at, mode: question.mode)
      return .values(found.map(\.value))
    } catch { return failure(error) }
  }

  /// The server's words for what the vectors name.
  private static func failure(_ error: ClientError) -> Outcome {
    let text = "\(error)"
    if text.contains("no view") { return .error("unknown_view") }
    if text.contains("no feature") { return .error("unknown_feature") }
    if text.contains("keeps slices from") { return .error("expired") }
    return .error(text)
  }
}
