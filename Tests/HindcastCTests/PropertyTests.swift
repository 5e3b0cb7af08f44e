// Random events in and random rows joined, all through the C ABI and in any of Arrow's forms: every answer
// is, bit for bit, the single look-up's and the naive oracle's.
import CHindcast
import FeatureModel
import Hindcast
import TestSupport
import Testing

@Suite struct PropertyTests {
  @Test(arguments: TestRounds.seeds(25))
  func `Joins through C answer what single look-ups answer`(seed: UInt64) throws {
    try withTemporaryDirectory { folder in
      let ledger = Ledger()
      var trial = Trial(seed: seed)
      try trial.fill(folder + "/store", ledger)
      for _ in 0..<4 { try trial.check(folder + "/store", ledger) }
      #expect(ledger.live == 0, "seed \(seed): \(ledger.live) of \(ledger.made) are not released")
    }
  }
}

private struct Trial {
  let seed: UInt64
  private var source: RandomStream
  private var random: SplitMix64
  private let views: [ViewDeclaration]
  private let oracles: [NaiveOracle]

  init(seed: UInt64) {
    self.seed = seed
    source = RandomStream(seed: seed, rows: 60 + Int(seed % 5) * 80)
    random = SplitMix64(seed ^ 0xC0FFEE)
    let stream = source.stream
    let rows = source.rows
    views = RandomStream.views(stream, count: 1 + random.below(3), &random)
    oracles = views.map { view in
      var oracle = NaiveOracle(stream, view)
      oracle.events = rows.map { ($0, nil) }
      return oracle
    }
  }

  /// Columns in random forms.
  private mutating func column(_ name: String, _ type: FieldType, _ values: [Value]) -> MadeColumn {
    var column = MadeColumn(
      name: name, format: random.pick(Forms.of(type, values)), values: values)
    column.isDictionary = type != .bool && random.chance(15)
    return column
  }

  /// Batches of random lengths, which lie in memory in random ways.
  private mutating func batches(_ rows: Int, most: Int) -> [(Range<Int>, Layout)?] {
    random.split(Array(0..<rows), most: most).map { part in
      let layout = Layout(
        offset: random.below(3) * random.below(20), rootOffset: random.below(2) * random.below(11),
        omitsValidity: random.chance(50), countsNulls: random.chance(50))
      return (part[0]..<part.last! + 1, layout)
    }
  }

  mutating func fill(_ path: String, _ ledger: Ledger) throws {
    let stream = source.stream
    let rows = source.rows
    let library = try Library(path, "create")
    try library.register(
      [CanonicalForm.text(stream)] + views.map { CanonicalForm.text($0, over: stream) })
    let columns = stream.fields.enumerated().map { index, field in
      column(field.name, field.type, rows.map { $0[index] })
    }
    // Some first, then all of them, of which only the others are new.
    let some = random.below(rows.count)
    let first = MadeStream(columns, batches(some, most: 100), ledger)
    let all = MadeStream(columns, batches(rows.count, most: 100), ledger)
    let options = "{\"source\":\"rows\",\"rejects\":\"collect\"}"
    let reports = try [first, all].map { try library.ingest($0, into: "events", options) }
    #expect(reports[0]["rows"] == .int(Int64(some)), "seed \(seed)")
    #expect(reports[1]["rows_before"] == .int(Int64(some)), "seed \(seed)")
    #expect(reports[1]["rows"] == .int(Int64(rows.count - some)), "seed \(seed)")
    let untimed = rows.dropFirst(some).count { $0[0] == .null }
    #expect(reports[1]["rejected"] == .int(Int64(untimed)), "seed \(seed)")
  }

  mutating func check(_ path: String, _ ledger: Ledger) throws {
    let rows = random.below(120)
    let known = source.instant()
    let spine: [(name: String, type: FieldType, values: [Value])] = [
      ("label", .double, (0..<rows).map { .double(Double($0) / 7) }),
      ("name", .string, (0..<rows).map { _ in name() }),
      ("place", .int, (0..<rows).map { _ in random.pick([.int(1), .int(12), .int(-3), .null]) }),
      ("asked", .timestamp, (0..<rows).map { _ in .timestamp(source.instant()) }),
      ("knew", .timestamp, (0..<rows).map { _ in .timestamp(source.instant()) }),
    ]
    let columns = spine.map { column($0.name, $0.type, $0.values) }
    let (mode, knowledge) = random.pick([
      ("\"mode\":\"as_served\"", ReadMode.asServed), ("\"mode\":\"corrected\"", .corrected),
      ("\"mode\":\"known_at\",\"known_at\":\"\(known)\"", .knownAt(known)),
      ("\"known_column\":\"knew\"", nil),
    ])
    let selections = views.map { "{\"view\":\"\($0.name)\",\"prefix\":\"\($0.name).\"}" }
    let request = """
      {"views":[\(selections.joined(separator: ","))],"time":"asked",\(mode),
       "keys":{\(keys())},"threads":\(1 + random.below(3)),"rows_together":\(1 + random.below(90))}
      """
    let made = MadeStream(columns, batches(rows, most: 40), ledger)
    let table = try Library(path).joined(made, request)
    #expect(Array(table.names.prefix(5)) == spine.map(\.name))
    #expect(table.batches.reduce(0) { $0 + $1.rows } == rows, "seed \(seed)")
    let store = try FeatureStore.open(path, .readOnly)
    for row in 0..<rows {
      guard case .timestamp(let time) = spine[3].values[row],
        case .timestamp(let knew) = spine[4].values[row]
      else { continue }
      try compare(
        table, row, store, at: time, knowledge ?? .knownAt(knew),
        ["who": text(spine[1].values[row]), "site": text(spine[2].values[row])])
    }
  }

  private mutating func name() -> Value {
    random.chance(10) ? .null : .string(random.chance(10) ? "nobody" : random.pick(source.names))
  }

  private func keys() -> String {
    let fields = Set(views.flatMap(\.entity))
    return ["who": "name", "site": "place"].filter { fields.contains($0.key) }
      .map { "\"\($0.key)\":\"\($0.value)\"" }.joined(separator: ",")
  }

  private func text(_ value: Value) -> String? { value == .null ? nil : value.description }

  private func compare(
    _ table: ReadTable, _ row: Int, _ store: FeatureStore, at time: Timestamp, _ mode: ReadMode,
    _ key: [String: String?]
  ) throws {
    for (view, oracle) in zip(views, oracles) {
      let joined = view.features.map { table.values("\(view.name).\($0.name)")[row] }
      let entity = view.entity.map { key[$0]! }
      let looked = try store.get(view.name, entity: entity, at: time, mode)
      let place = "seed \(seed), row \(row): \(view.name) of \(entity) at \(time), \(mode)"
      #expect(areSame(joined, looked.map(\.value)), "\(place)")
      let parts = entity.compactMap { $0 }
      guard parts.count == entity.count else { continue }
      let expected = oracle.answer(parts, at: time, mode)
      #expect(areSame(joined, expected), "\(place): \(joined) is not \(expected)")
    }
  }
}
