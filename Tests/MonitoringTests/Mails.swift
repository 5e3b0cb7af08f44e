// A small store with known figures that serves and records, for tests that look at single answers.
import FeatureModel
import Hindcast
import Monitoring
import RESP
import TestSupport

/// `by_sender` counts 1d_N and sums 7d_SCORE; ann has one mail of 1.5 on 2026-01-05.
struct Mails {
  let folder: String
  let store: FeatureStore
  let log: ServedLog
  let recorder: ServedRecorder

  static let stream = """
    { "stream": "mails", "fields": { "sender": "string", "at": "timestamp", "score": "double" },
      "eventTime": "at" }
    """
  static let view = """
    { "view": "by_sender", "stream": "mails", "entity": ["sender"], "slice": "1d", "features": {
      "{window}_N": { "count": true, "windows": ["1d"] },
      "{window}_SCORE": { "sum": "score", "windows": ["7d"] } } }
    """

  static func with(
    oneIn: UInt32 = 1, maxBytes: Int = 1 << 30, segmentBytes: Int? = nil,
    bufferBytes: Int = 2 << 20,
    disk: (@Sendable (Int32, UnsafeRawBufferPointer) -> Int)? = nil, _ body: (Mails) throws -> Void
  ) throws {
    try withTemporaryDirectory { folder in
      var options = ServedLogOptions(folder: folder + "/served")
      options.oneIn = oneIn
      options.maxBytes = maxBytes
      options.segmentBytes = segmentBytes
      options.bufferBytes = bufferBytes
      if let disk { options.write = disk }
      try body(Mails(at: folder, options))
    }
  }

  private init(at folder: String, _ options: ServedLogOptions) throws {
    self.folder = folder
    store = try FeatureStore.open(folder + "/store", .create)
    log = try ServedLog(options)
    recorder = log.recorder()
    try register(Self.stream)
    try register(Self.view)
    try ingest("ann", at: "2026-01-05T08:00:00Z")
    try seal("2026-01-20")
  }

  func register(_ text: String) throws { try Self.register(text, in: store) }

  private static func register(_ text: String, in store: FeatureStore) throws {
    switch try FeatureStore.declarations.read(text)[0] {
    case .stream(let stream): try store.store.register(stream)
    case .view(let view):
      let stream = try store.store.stream("mails").declaration
      try store.store.register(FeatureStore.declarations.resolve(view, against: stream))
    case .table(let table): try store.store.register(table)
    case .set(let set):
      let views = store.store.views.map(\.declaration)
      try store.store.register(FeatureStore.declarations.resolve(set, against: views))
    }
  }

  /// Another store of the same stream.
  func store(with view: String) throws -> FeatureStore {
    let other = try FeatureStore.open("\(folder)/other-\(Digest(of: view))", .create)
    try Self.register(Self.stream, in: other)
    try Self.register(view, in: other)
    return other
  }

  func ingest(_ sender: String, at time: String) throws {
    var batch = EventBatch(try store.store.stream("mails").declaration)
    batch.append([.string(sender), .timestamp(Timestamp(parsing: time)!), .double(1.5)])
    _ = try store.store.append(batch, to: "mails", durability: .written)
  }

  func seal(_ time: String) throws {
    try store.store.seal("mails", at: Timestamp(parsing: time)!)
  }

  static let features = ["1d_N", "7d_SCORE"]

  func question(_ shape: AnswerShape, _ version: ProtocolVersion) throws -> ServedQuestion {
    ServedQuestion(
      try store.store.view("by_sender"), over: try store.store.stream("mails"),
      features: Self.features, shape: shape, version: version)
  }

  /// Answers and records; other values than the right ones where they are given.
  func answer(
    _ sender: String, at time: String, _ shape: AnswerShape = .values,
    _ version: ProtocolVersion = .resp2, as wrong: [Value]? = nil, sealing: Bool = false
  ) throws {
    if sealing { try seal(time) }
    let key = EntityKey(parts: [sender])
    let at = Timestamp(parsing: time)!
    let reader = try store.store.reader(of: "by_sender", features: Self.features)
    let values = try wrong ?? reader.answer(key, at: at)
    var writer = ReplyWriter(version)
    writer.answer(shape, names: Self.features) { values[$0] }
    let question = recorder.question(try question(shape, version))
    key.bytes.withUnsafeBytes { key in
      writer.bytes.withUnsafeBytes {
        recorder.record(at: at, question: question, entity: key, reply: $0)
      }
    }
  }

  func verify(against other: FeatureStore? = nil) throws -> ServedReport {
    recorder.flush()
    return try ServedReplay(folder + "/served").verify(other ?? store)
  }

  static func words(_ difference: ServedMismatch.Difference) -> [String] {
    [difference.feature, difference.served, difference.joined]
  }

  func checkpoint() throws { try store.store.checkpoint(to: folder + "/copy") }

  func openCheckpoint() throws -> FeatureStore {
    try FeatureStore.open(folder + "/copy", .readOnly)
  }
}
