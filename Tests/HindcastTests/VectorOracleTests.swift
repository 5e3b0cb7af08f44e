// Vectors of random sets against the naive oracle: looked up, joined in memory, whatever is derived from what,
// with the same bits.
import FeatureModel
import Hindcast
import SliceStore
import TestSupport
import Testing

@Suite("Vectors of random sets")
struct VectorOracleTests {
  @Test("A look-up and a join of a set are what the oracle says", arguments: TestRounds.seeds(16))
  func vectors(seed: UInt64) throws {
    try withTemporaryDirectory { folder in
      var trial = try VectorTrial(RandomWorld(seed: seed, at: folder))
      try trial.check()
    }
  }
}

private struct VectorTrial {
  private var world: RandomWorld
  private var set: FeatureSet
  private var spine = SpineTable(["who": .string, "site": .int, "when": .timestamp])

  init(_ world: RandomWorld) throws {
    self.world = world
    set = RandomSets.set("model", over: world.views, &self.world.random)
    try self.world.store.store.register(set)
    // Canonical, as it was registered.
    set = try self.world.store.store.set("model").declaration
    for _ in 0..<[1, 60, 1500, 2600][self.world.random.below(4)] { addRow() }
  }

  private mutating func addRow() {
    let who: Value =
      world.random.chance(4) ? .null : .string(world.random.pick(world.source.names + ["nobody"]))
    let site: Value =
      world.random.chance(4) ? .null : .int(world.random.pick([1, 12, -3, .min, 99]))
    spine.rows.append([who, site, .timestamp(world.instant())])
  }

  mutating func check() throws {
    let what = "seed \(world.seed), \(CanonicalForm.text(set))"
    #expect(try world.store.store.register(set) == .unchanged, "\(what)")
    let mode = world.mode()
    var request = JoinRequest(sets: [set], time: "when")
    request.mode = mode
    var options = JoinOptions()
    options.threads = 1 + world.random.below(4)
    let batches = world.random.split(spine.rows, most: 700).map { spine.batch($0) }
    let answers = try world.store.join(batches, request, options)
    #expect(answers.columns.count == set.members.count, "\(what)")
    for (row, cells) in spine.rows.enumerated() where row % 7 == 0 {
      let joined = answers.values(row)
      guard case .timestamp(let time) = cells[2] else { continue }
      var keys: [String: String?] = [:]
      for field in try world.store.keyFields(of: set) {
        let cell = cells[field == "who" ? 0 : 1]
        keys.updateValue(cell == .null ? nil : cell.description, forKey: field)
      }
      let found = try world.store.vector("model", keys: keys, at: time, mode)
      #expect(areSame(found.map(\.value), joined), "\(what), row \(row): \(found), join \(joined)")
      if row % 35 == 0 {
        let naive = vector(keys, at: time, mode)
        #expect(found.map(\.type) == naive.memberTypes, "\(what)")
        #expect(
          areSame(joined, naive.values), "\(what), row \(row): \(joined), oracle \(naive.values)")
      }
    }
  }

  private func vector(
    _ keys: [String: String?], at time: Timestamp, _ mode: ReadMode
  ) -> NaiveVector {
    var types: [ViewFeature: FieldType] = [:]
    var values: [ViewFeature: Value] = [:]
    for (view, oracle) in zip(world.views, world.oracles) {
      let isRead = set.views.contains(view.name)
      let parts = view.entity.compactMap { keys[$0] ?? nil }
      let entity = parts.count == view.entity.count ? parts : view.entity.map { _ in "\u{1}" }
      let answer = isRead ? oracle.answer(entity, at: time, mode) : view.features.map { _ in nil }
      for (feature, value) in zip(view.features, answer) {
        let name = ViewFeature(view: view.name, feature: feature.name)
        types[name] = feature.type
        values[name] = value
      }
    }
    return NaiveVector(set, types: types, answers: values)
  }
}
