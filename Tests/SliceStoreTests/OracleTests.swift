// The store against the naive oracle: whatever was ingested, in whatever way, all answers are equal in
// their bits, and stores that took the same events in hold the same bytes.
import FeatureModel
import SliceStore
import TestSupport
import Testing

@Suite struct OracleTests {
  @Test(arguments: TestRounds.seeds(30))
  func `Answers and stored bytes depend on the events alone`(seed: UInt64) throws {
    try withTemporaryDirectory { folder in
      var trial = Trial(seed: seed)
      let one = try trial.store(at: folder + "/one", permutes: false)
      try trial.check(one.store, requests: 60, "as ingested")
      let other = try trial.store(at: folder + "/other", permutes: true)
      try trial.check(other.store, requests: 20, "ingested in another order")
      try trial.checkCheckpoint(of: one, at: folder + "/copy")
      try one.store.compact()
      try other.store.compact()
      #expect(try one.store.pairs() == other.store.pairs(), "seed \(seed): stored bytes differ")
      try trial.check(one.store, requests: 20, "compacted")
      #expect(try one.store.verify().defects == [], "seed \(seed)")
      one.close()
      other.close()
    }
  }
}

extension OracleTests {
  @Test func `The questions are about something`() {
    let trials = (1...10).map { Trial(seed: $0) }
    let shares = trials.map { trial in
      var trial = trial
      return Double(trial.informativeAnswers(of: 40)) / Double(40 * trial.viewCount)
    }
    let mean = shares.reduce(0, +) / Double(shares.count)
    #expect(mean > 0.25, "\(shares)")
  }
}

/// A stream, its views, its oracles, and questions about them.
struct Trial {
  let seed: UInt64
  var source: RandomStream
  var random: SplitMix64
  let views: [ViewDeclaration]
  var viewCount: Int { views.count }
  let phases: [Phase]
  private var oracles: [NaiveOracle]

  init(seed: UInt64) {
    self.seed = seed
    source = RandomStream(seed: seed, rows: 40 + Int(seed % 5) * 80)
    random = SplitMix64(seed ^ 0x5EED)
    let stream = source.stream
    let views = RandomStream.views(stream, count: 1 + random.below(3), &random)
    let phases = Self.phases(&source, &random)
    self.views = views
    self.phases = phases
    oracles = views.map { view in
      var oracle = NaiveOracle(stream, view)
      for phase in phases { for row in phase.rows { oracle.events.append((row, phase.seal)) } }
      return oracle
    }
  }

  private static func phases(_ source: inout RandomStream, _ random: inout SplitMix64) -> [Phase] {
    let seals = (0..<random.below(4)).map { _ in source.instant() }.sorted()
    let rows = random.split(source.rows, most: 1 + 2 * source.rows.count / (seals.count + 1))
    return rows.enumerated().map { index, rows in
      Phase(seal: seals.isEmpty ? nil : seals[min(index, seals.count - 1)], rows: rows)
    }
  }

  mutating func store(at path: String, permutes: Bool) throws -> TestStore {
    let target = try TestStore(at: path, source.stream, views)
    var feeding = RandomFeeding(random: SplitMix64(random.next()), permutes: permutes)
    try feeding.feed(phases, to: target)
    return target
  }

  /// A checkpoint answers as the store did, whatever the store takes in afterwards.
  mutating func checkCheckpoint(of target: TestStore, at path: String) throws {
    try target.store.checkpoint(to: path)
    let copy = try Store.open(at: path, .readOnly, options: testOptions)
    try check(copy, requests: 10, "from a checkpoint")
    copy.close()
  }

  /// Lets the oracles forget events.
  mutating func remove(where isRemoved: ([Value]) -> Bool) {
    for index in oracles.indices { oracles[index].events.removeAll { isRemoved($0.row) } }
  }

  mutating func check(
    _ store: Store, requests: Int, _ state: String,
    of isWanted: (ViewDeclaration) -> Bool = { _ in true }
  ) throws {
    for oracle in oracles where isWanted(oracle.view) {
      let names = oracle.view.features.map(\.name)
      let order = Array(names.indices).shuffled(using: &random)
      let chosen = Array(order.prefix(1 + random.below(order.count)))
      let snapshot = random.chance(30) ? store.snapshot() : nil
      let reader = try store.reader(
        of: oracle.view.name, features: chosen.map { names[$0] }, snapshot: snapshot)
      for _ in 0..<requests {
        let (entity, time, mode) = (entity(oracle.view), time(oracle.view), mode())
        let all = oracle.answer(entity, at: time, mode)
        let wanted = chosen.map { all[$0] }
        let values = try reader.answer(EntityKey(parts: entity), at: time, mode)
        if !areSame(values, wanted) {
          report(oracle.view, chosen, entity, time, mode, values, wanted, state)
          return
        }
        if random.chance(20) {
          try checkParts(reader, random.below(chosen.count), values, entity, time, mode)
        }
      }
    }
  }

  /// The entries behind a value add up to it; looked at where adding up is all there is to it.
  private func checkParts(
    _ reader: FeatureReader, _ place: Int, _ values: [Value], _ entity: [String],
    _ time: Timestamp, _ mode: ReadMode
  ) throws {
    let feature = reader.plan.features[reader.features[place]].declaration
    if feature.derivation != nil { return }
    let parts = try reader.explain(place, EntityKey(parts: entity), at: time, mode)
    let aggregation = feature.aggregation
    guard aggregation.function == "count" || aggregation.field == "small",
      ["count", "sum"].contains(aggregation.function), case .int(let whole) = values[place]
    else { return }
    let sum = parts.reduce(Int64(0)) { if case .int(let part) = $1.value { $0 + part } else { $0 } }
    #expect(sum == whole, "seed \(seed): \(entity) at \(time), \(mode): \(parts)")
  }

  /// How many of so many answers say more than that nothing is there.
  mutating func informativeAnswers(of requests: Int) -> Int {
    var informative = 0
    for oracle in oracles {
      for _ in 0..<requests {
        let values = oracle.answer(entity(oracle.view), at: time(oracle.view), mode())
        if values.contains(where: { ![.null, .int(0), .double(0)].contains($0 ?? .null) }) {
          informative += 1
        }
      }
    }
    return informative
  }

  private func report(
    _ view: ViewDeclaration, _ chosen: [Int], _ entity: [String], _ time: Timestamp,
    _ mode: ReadMode, _ values: [Value], _ wanted: [Value?], _ state: String
  ) {
    let lines = chosen.indices.map { place in
      let feature = view.features[chosen[place]]
      let agrees = wanted[place].map(values[place].isSame) ?? true
      return
        "\(agrees ? "  " : "! ")\(feature.aggregation.function)(\(feature.aggregation.field ?? ""))"
        + " over \(feature.window.slices): \(values[place]), oracle \(wanted[place] ?? .null)"
    }
    Issue.record(
      """
      seed \(seed), \(state): \(view.name) of \(entity), slice \(view.slice.milliseconds / 60_000) min, \
      at \(time), \(mode), filter \(String(describing: view.filter))
      \(lines.joined(separator: "\n"))
      """)
  }

  private mutating func entity(_ view: ViewDeclaration) -> [String] {
    view.entity.map { field in
      if random.chance(3) { return "nobody" }
      return field == "who"
        ? random.pick(source.names) : String(random.pick([1, 12, -3, Int64.min]))
    }
  }

  /// Near the events, or as far behind them as a window may reach.
  private mutating func time(_ view: ViewDeclaration) -> Timestamp {
    let near = source.instant()
    if random.chance(60) { return near }
    let window = random.pick(view.features).window
    // A lifetime goes on for ever: some blocks behind the events will do.
    let slices = (window.isLifetime ? 20_000 : window.slices) + Int64(random.below(3)) - 1
    return near.advanced(by: slices * view.slice.milliseconds)
  }

  private mutating func mode() -> ReadMode {
    switch random.below(4) {
    case 0: .asServed
    case 1: .corrected
    case 2: .knownAt(source.instant())
    default: .fresh
    }
  }
}
