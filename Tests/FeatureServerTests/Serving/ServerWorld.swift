// A server over a small store, in this process: mails with a score, counted by sender, by pair and by day part.
import FeatureModel
import FeatureServer
import Foundation
import Hindcast
import TestSupport

final class ServerWorld {
  let folder: String
  let clock: ManualClock
  private(set) var store: FeatureStore
  private(set) var server: Server
  let configuration: ServerConfiguration

  static let stream = """
    { "stream": "mails", "fields": { "sender": "string", "recipient": "string", "at": "timestamp",
        "score": "double", "size": "int", "flagged": "bool" }, "eventTime": "at" }
    """
  /// The same, and its events are kept.
  static let keptStream = stream.replacing(
    #""eventTime": "at""#, with: #""eventTime": "at", "keep": true"#)
  static let views = [
    """
    { "view": "by_sender", "stream": "mails", "entity": ["sender"], "slice": "1m", "features": {
      "{window}_N": { "count": true, "windows": ["1m", "10m", "1h"] },
      "{window}_SCORE": { "sum": "score", "windows": ["10m"] },
      "{window}_TO": { "distinct": "recipient", "windows": ["1h"] } } }
    """,
    """
    { "view": "by_pair", "stream": "mails", "entity": ["sender", "recipient"], "slice": "5m", "features": {
      "{window}_N": { "count": true, "windows": ["5m", "1h"] },
      "{window}_SIZE": { "max": "size", "windows": ["1h"] } } }
    """,
    """
    { "set": "risk", "features": ["by_sender.10m_N", "by_pair.1h_N", "by_sender.10m_SCORE"] }
    """,
    """
    { "set": "shares", "features": [{ "feature": "by_sender.10m_SCORE", "default": -0.5 },
      { "name": "SHARE", "derive": "by_pair.1h_N / by_sender.1h_N", "default": 0 },
      { "name": "MUCH", "derive": "SHARE > 0.5 and by_pair.1h_SIZE > 100" }] }
    """,
  ]

  /// - Parameters:
  ///   - start: the clock's first time.
  ///   - servesLog: keep what is answered in `served`.
  init(
    at folder: String, from start: String = "2026-03-01T12:00:30Z",
    _ settings: ServerConfiguration = ServerConfiguration(), servesLog: Bool = false,
    options: StoreOptions = StoreOptions()
  ) throws {
    self.folder = folder
    clock = ManualClock(start)
    var configuration = settings
    configuration.port = 0
    configuration.fsync = .off
    configuration.loops = 2
    configuration.cacheBytes = min(settings.cacheBytes, 4 << 20)
    configuration.log.level = .error
    configuration.log.file = folder + "/server.log"
    if servesLog { configuration.servedLog.folder = folder + "/served" }
    self.configuration = configuration
    store = try FeatureStore.open(folder + "/store", .create, options: options)
    let texts = ([Self.stream] + Self.views).enumerated().map { index, text in
      DeclarationText(name: "declaration \(index)", text: Array(text.utf8))
    }
    _ = try store.register(texts)
    server = try Self.start(store, configuration, clock)
  }

  private static func start(
    _ store: FeatureStore, _ configuration: ServerConfiguration, _ clock: ManualClock
  ) throws -> Server {
    let log = try Log(level: configuration.log.level, file: configuration.log.file)
    return try Server(store, configuration, log: log, clock: { clock.now })
  }

  var port: UInt16 { server.ports[0] }

  func client() throws -> WireClient { try WireClient(port: port) }

  /// Stops the server, and starts another over the store of a folder; the one that was there goes.
  func restart(from copy: String? = nil) throws {
    server.stop()
    store.store.close()
    let path = folder + "/store"
    if let copy {
      try FileManager.default.removeItem(atPath: path)
      try FileManager.default.moveItem(atPath: copy, toPath: path)
    }
    store = try FeatureStore.open(path)
    server = try Self.start(store, configuration, clock)
  }

  static func with(
    from start: String = "2026-03-01T12:00:30Z",
    _ settings: ServerConfiguration = ServerConfiguration(), servesLog: Bool = false,
    _ body: (ServerWorld) throws -> Void
  ) throws {
    try withTemporaryDirectory { folder in
      let world = try ServerWorld(at: folder, from: start, settings, servesLog: servesLog)
      defer { world.server.stop() }
      try body(world)
    }
  }

  /// XADD of one mail.
  static func mail(
    _ sender: String, to recipient: String = "bob", at time: Timestamp, score: Double = 1,
    size: Int = 10, id: String = "*", producer: String = ""
  ) -> [String] {
    [
      "XADD", producer.isEmpty ? "mails" : "mails:\(producer)", id, "sender", sender, "recipient",
      recipient, "at", time.description, "score", "\(score)", "size", "\(size)", "flagged", "true",
    ]
  }
}
