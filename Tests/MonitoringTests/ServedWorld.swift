// A store that serves while events come in, in any order and late: a clock that rises, seals that move with it,
// and answers that are recorded as a server records them.
import FeatureModel
import Hindcast
import Monitoring
import RESP
import TestSupport

/// An answer as it went out.
struct Answered {
  let view: ViewDeclaration
  let key: [UInt8]?
  let time: Timestamp
  let features: [String]
  let values: [Value]
}

struct ServedWorld {
  let seed: UInt64
  let store: FeatureStore
  let views: [ViewDeclaration]
  /// Of everything ingested under valid names.
  private(set) var oracles: [NaiveOracle]
  private(set) var answered: [Answered] = []
  var random: SplitMix64
  private var source: RandomStream
  private var seal: Timestamp?
  /// Names that are no UTF-8 occur in events, too.
  let hasRawNames: Bool
  private var recorder: ServedRecorder?

  static let rawNames: [[UInt8]] = [[0xFF, 0xFE], [0xC3], [0x61, 0x80, 0x7C], [0x00, 0xF5]]

  init(seed: UInt64, at folder: String) throws {
    self.seed = seed
    source = RandomStream(seed: seed, rows: 240)
    random = SplitMix64(seed ^ 0x5E_7ED)
    hasRawNames = seed % 2 == 0
    var options = StoreOptions()
    options.cacheBytes = 4 << 20
    store = try FeatureStore.open(folder + "/store", .create, options: options)
    try store.store.register(source.stream)
    views = RandomStream.views(source.stream, count: 2 + random.below(3), &random)
    for view in views { try store.store.register(view) }
    oracles = [NaiveOracle(source.stream, views[0])]
    oracles += views.dropFirst().map { [source] in NaiveOracle(source.stream, $0) }
  }

  func seeded(_ text: String) -> String { "seed \(seed): \(text)" }

  /// Ingests and answers by turns, and ingests what is left.
  mutating func run(_ log: ServedLog, steps: Int = 12) throws {
    let recorder = log.recorder()
    self.recorder = recorder
    let pieces = random.split(source.rows, most: 240 / steps)
    let times = (0..<steps).map { _ in source.instant() }.sorted()
    for (step, time) in times.enumerated() {
      if step < pieces.count { try ingest(pieces[step]) }
      try serve(at: time)
      if random.chance(30) { recorder.flush() }
      if random.chance(10) { try store.store.compact() }
    }
    for piece in pieces.dropFirst(steps) { try ingest(piece) }
    recorder.close()
    self.recorder = nil
    if random.chance(50) { try store.store.compact() }
  }

  private mutating func ingest(_ rows: [[Value]]) throws {
    var batch = EventBatch(source.stream)
    let who = source.stream.index(of: "who")!
    for row in rows {
      let raw = hasRawNames && random.chance(30) ? random.pick(Self.rawNames) : nil
      for index in row.indices {
        if index == who, let raw {
          raw.withUnsafeBytes { batch.columns[index].append(utf8: $0) }
        } else {
          batch.columns[index].append(row[index])
        }
      }
      for index in oracles.indices { oracles[index].events.append((row, seal)) }
    }
    _ = try store.store.append(
      batch, to: "events", durability: .written, refusals: .skipRows)
  }

  /// Seals the slices that the time stands in, and answers some requests.
  private mutating func serve(at time: Timestamp) throws {
    let starts = views.map { $0.slice.start(of: $0.slice.slice(of: time)) }
    let start = max(starts.max()!, seal ?? .earliest)
    try store.store.seal("events", at: start)
    seal = start
    for view in views { for _ in 0..<8 { try answer(view, time) } }
  }

  private mutating func answer(_ view: ViewDeclaration, _ time: Timestamp) throws {
    let all = view.features.map(\.name)
    var features = Array(all.shuffled(using: &random).prefix(1 + random.below(all.count)))
    if random.chance(20) { features.append(random.pick(features)) }
    if random.chance(40) { features = all }
    let key = key(of: view)
    let values = try lookUp(view, features, key, time)
    answered.append(
      Answered(view: view, key: key, time: time, features: features, values: values))
    try record(answered.last!, random.pick(AnswerShape.allCases))
  }

  private func lookUp(
    _ view: ViewDeclaration, _ features: [String], _ key: [UInt8]?, _ time: Timestamp
  ) throws -> [Value] {
    let reader = try store.store.reader(of: view.name, features: features)
    if let key { return try reader.answer(EntityKey(bytes: key), at: time) }
    try reader.answerEmpty(at: time)
    return reader.values.all
  }

  /// Records an answer as it is, or another one in its place.
  mutating func record(
    _ answer: Answered, _ shape: AnswerShape, by other: ServedRecorder? = nil
  ) throws {
    let recorder = other ?? recorder!
    let version = random.pick(ProtocolVersion.allCases)
    let question = recorder.question(
      ServedQuestion(
        try store.store.view(answer.view.name), over: try store.store.stream("events"),
        features: answer.features, shape: shape, version: version))
    var writer = ReplyWriter(version)
    writer.answer(shape, names: answer.features) { answer.values[$0] }
    writer.bytes.withUnsafeBytes { reply in
      if let key = answer.key {
        key.withUnsafeBytes {
          recorder.record(at: answer.time, question: question, entity: $0, reply: reply)
        }
      } else {
        recorder.record(at: answer.time, question: question, entity: nil, reply: reply)
      }
    }
  }

  private mutating func key(of view: ViewDeclaration) -> [UInt8]? {
    if random.chance(4) { return nil }
    var parts: [[UInt8]] = []
    for field in view.entity {
      if random.chance(5) {
        parts.append(Array("nobody".utf8))
      } else if field == "who" {
        let isRaw = random.chance(hasRawNames ? 40 : 10)
        parts.append(isRaw ? random.pick(Self.rawNames) : Array(random.pick(source.names).utf8))
      } else {
        parts.append(Array(String(random.pick([1, 12, -3, Int64.min])).utf8))
      }
    }
    if parts.count == 1 { return parts[0] }
    return parts.flatMap { part in
      [UInt8](repeating: 0, count: 3) + [UInt8(part.count)] + part
    }
  }
}

extension Answered {
  /// Whether it says more than that nothing is there.
  var isInformative: Bool {
    values.contains { ![.null, .int(0), .double(0)].contains($0) }
  }

  /// The same with another value for the first feature.
  var altered: Answered {
    var values = values
    values[0] =
      switch values[0] {
      case .int(let number): .int(number ^ 1)
      case .double(let number): .double(number == 0 ? 1 : -number)
      case .null: .int(7)
      default: .null
      }
    for index in features.indices where features[index] == features[0] { values[index] = values[0] }
    return Answered(view: view, key: key, time: time, features: features, values: values)
  }
}
