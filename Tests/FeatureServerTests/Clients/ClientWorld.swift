// A store with a server over it that tests stop and start, for the Swift client: random streams that were
// taken in before, or mails that come in over the client.
import FeatureModel
import FeatureServer
import Foundation
import Hindcast
import TestSupport

final class ClientWorld {
  let folder: String
  let store: FeatureStore
  let clock: ManualClock
  private var configuration: ServerConfiguration
  private(set) var server: Server?

  static let stream = """
    { "stream": "mails", "fields": { "sender": "string", "at": "timestamp", "size": "int",
      "score": "double", "topic": "string", "spam": "bool" }, "eventTime": "at" }
    """
  static let view = """
    { "view": "by_sender", "stream": "mails", "entity": ["sender"], "slice": "1m", "features": {
      "{window}_N": { "count": true, "windows": ["10m", "1h"] },
      "{window}_SIZE": { "sum": "size", "windows": ["1h"] },
      "{window}_SCORE": { "sum": "score", "windows": ["1h"] },
      "{window}_TOPIC": { "last": "topic", "windows": ["1h"] },
      "{window}_SPAM": { "last": "spam", "windows": ["1h"] },
      "{window}_AT": { "max": "at", "windows": ["1h"] } } }
    """

  init(_ folder: String, _ configure: (inout ServerConfiguration) -> Void = { _ in }) throws {
    self.folder = folder
    clock = ManualClock("2400-01-01T00:00:30Z")
    configuration = ServerConfiguration()
    configuration.port = 0
    configuration.fsync = .off
    configuration.loops = 2
    configuration.cacheBytes = 4 << 20
    configure(&configuration)
    store = try FeatureStore.open(folder + "/store", .create)
  }

  /// The port of the first start is kept.
  func start() throws {
    let log = try Log(level: .error, file: folder + "/server.log")
    let clock = clock
    let server = try Server(store, configuration, log: log, clock: { clock.now })
    if configuration.port == 0 { configuration.port = server.ports[0] }
    self.server = server
  }

  func stop() {
    server?.stop()
    server = nil
  }

  func client(_ configure: (inout Client.Configuration) -> Void = { _ in }) -> Client {
    var wanted = Client.Configuration(port: configuration.port ?? 0)
    // Nothing here waits for so long unless something is wrong, or the machine is very busy.
    wanted.timeout = .seconds(60)
    wanted.connectTimeout = .seconds(60)
    configure(&wanted)
    return Client(wanted)
  }

  /// A world whose server runs.
  static func with(
    isolation: isolated (any Actor)? = #isolation,
    _ configure: (inout ServerConfiguration) -> Void = { _ in },
    _ body: (ClientWorld) async throws -> Void
  ) async throws {
    try await withTemporaryDirectory { folder in
      let world = try ClientWorld(folder, configure)
      try world.start()
      defer { world.stop() }
      try await body(world)
    }
  }

  /// A mail at the clock's time.
  func mail(_ sender: String, size: Int64 = 1, topic: String = "x") -> Client.Fields {
    [
      ("sender", .string(sender)), ("at", .timestamp(clock.now)), ("size", .int(size)),
      ("score", .double(0.1)), ("topic", .string(topic)), ("spam", .bool(size % 2 == 0)),
    ]
  }
}

/// Equal in names, and in values by their bits.
func areSame(_ features: [Client.Feature], _ others: [Client.Feature]) -> Bool {
  features.map(\.name) == others.map(\.name)
    && TestSupport.areSame(features.map(\.value), others.map(\.value))
}
