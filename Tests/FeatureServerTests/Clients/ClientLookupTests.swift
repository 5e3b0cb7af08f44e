// What the Swift client reads is what the store answers in the process: names, types and bits.
import FeatureModel
import Hindcast
import TestSupport
import Testing

@Suite struct ClientLookupTests {
  /// A world over a random stream.
  private static func with(
    seed: UInt64,
    _ body: (ClientWorld, inout RandomStream, inout SplitMix64, [ViewDeclaration]) async throws ->
      Void
  ) async throws {
    try await withTemporaryDirectory { folder in
      var source = RandomStream(seed: seed, rows: 300)
      var random = SplitMix64(seed ^ 0xC11E_27)
      let world = try ClientWorld(folder)
      try world.store.store.register(source.stream)
      let views = RandomStream.views(source.stream, count: 4, &random)
      for view in views { try world.store.store.register(view) }
      var members: [FeatureSet.Member] = []
      for view in views {
        members += view.features.map { FeatureSet.Member(view: view.name, feature: $0.name) }
      }
      try world.store.store.register(FeatureSet("all", members.shuffled(using: &random)))
      try world.store.store.register(RandomSets.set("model", over: views, &random))
      var batch = EventBatch(source.stream)
      for row in source.rows { batch.append(row) }
      _ = try world.store.store.append(
        batch, to: "events", durability: .written, refusals: .skipRows)
      try world.start()
      defer { world.stop() }
      try await body(world, &source, &random, views)
    }
  }

  private static func mode(_ random: inout SplitMix64, _ source: inout RandomStream) -> ReadMode {
    switch random.below(4) {
    case 0: .asServed
    case 1: .corrected
    case 2: .fresh
    default: .knownAt(source.instant())
    }
  }

  private static func part(
    _ field: String, _ source: RandomStream, _ random: inout SplitMix64
  ) -> String {
    if random.chance(5) { return #"no|bo\dy"# }
    if field == "site" { return String(random.pick([1, 12, -3, Int64.min])) }
    return random.pick(source.names)
  }

  @Test(arguments: 1...6)
  func `One entity's features are those of the store, in every type and mode`(
    seed: UInt64
  ) async throws {
    try await Self.with(seed: seed) { world, source, random, views in
      let client = world.client()
      var types: Set<FieldType> = []
      for round in 0..<200 {
        let view = random.pick(views)
        let entity = view.entity.map { Self.part($0, source, &random) }
        let (time, mode) = (source.instant(), Self.mode(&random, &source))
        let all = view.features.map(\.name)
        let names = random.chance(50) ? nil : Array(all.shuffled(using: &random).prefix(3))
        let found = try await client.features(
          of: view.name, entity: entity, names, at: time, mode: mode)
        let wanted = try world.store.get(
          view.name, entity: entity, at: time, mode, features: names)
        for (feature, answer) in zip(found, wanted) where feature.value != .null {
          types.insert(answer.type)
        }
        #expect(
          areSame(found, wanted.map { ($0.name, $0.value) }),
          "seed \(seed), round \(round): \(view.name) of \(entity) at \(time), \(mode)")
      }
      #expect(types.count >= 3)
    }
  }

  @Test(arguments: 7...9)
  func `Many entities at once, and the vector of a set, are the same`(seed: UInt64) async throws {
    try await Self.with(seed: seed) { world, source, random, views in
      let client = world.client()
      for _ in 0..<20 {
        let view = random.pick(views)
        let entities = (0..<1 + random.below(150)).map { _ in
          view.entity.map { Self.part($0, source, &random) }
        }
        let (time, mode) = (source.instant(), Self.mode(&random, &source))
        let names = random.chance(50) ? nil : Array(view.features.map(\.name).suffix(2))
        let rows = try await client.features(
          of: view.name, entities: entities, names, at: time, mode: mode)
        #expect(rows.count == entities.count)
        for (entity, row) in zip(entities, rows) {
          let wanted = try world.store.get(
            view.name, entity: entity, at: time, mode, features: names)
          #expect(areSame(row, wanted.map { ($0.name, $0.value) }), "seed \(seed)")
        }
        let keys = Dictionary(
          uniqueKeysWithValues: Set(views.flatMap(\.entity)).map {
            ($0, Self.part($0, source, &random))
          })
        let vector = try await client.vector(of: "all", keys: keys, at: time, mode: mode)
        var wanted: [Client.Feature] = []
        for member in try world.store.store.set("all").declaration.members.compactMap(\.feature) {
          let view = views.first { $0.name == member.view }!
          let answer = try world.store.get(
            view.name, entity: view.entity.map { keys[$0]! }, at: time, mode,
            features: [member.feature])
          wanted.append(("\(member)", answer[0].value))
        }
        #expect(areSame(vector, wanted), "seed \(seed)")
        try await checkComputed(client, world.store, keys, at: time, mode, "seed \(seed)")
      }
    }
  }

  /// A set with derived members and defaults; asked twice, so that kept vectors are answered too.
  private func checkComputed(
    _ client: Client, _ store: FeatureStore, _ keys: [String: String], at time: Timestamp,
    _ mode: ReadMode, _ seed: String
  ) async throws {
    let set = try store.store.set("model").declaration
    let own = Dictionary(
      uniqueKeysWithValues: try store.keyFields(of: set).map { ($0, keys[$0]!) })
    let wanted = try store.vector("model", keys: own.mapValues { $0 }, at: time, mode)
    for _ in 0..<2 {
      let found = try await client.vector(of: "model", keys: own, at: time, mode: mode)
      #expect(
        areSame(found, wanted.map { ($0.name, $0.value) }),
        "\(seed), \(CanonicalForm.text(set)) of \(own) at \(time), \(mode): \(found), not \(wanted)"
      )
    }
    let now = try await client.vector(of: "model", keys: own)
    let kept = try await client.vector(of: "model", keys: own)
    #expect(areSame(kept, now), "\(seed)")
  }

  @Test func `A number or a time in a text stays a text`() async throws {
    try await ClientWorld.with { world in
      let client = world.client()
      try await client.register(declarations: [ClientWorld.stream, ClientWorld.view])
      for text in ["12", "1.5", "true", "2026-11-22T13:17:02Z", "", "null", "nan", "é\r\n$1"] {
        _ = try await client.add(world.mail("ann", topic: text), to: "mails")
        world.clock.advance(60_000)
        let found = try await client.features(of: "by_sender", entity: ["ann"])
        #expect(found.first { $0.name == "1h_TOPIC" }?.value == .string(text))
        let wanted = try world.store.get("by_sender", entity: ["ann"], at: world.clock.now)
        #expect(areSame(found, wanted.map { ($0.name, $0.value) }))
        #expect(Set(wanted.map(\.type)) == [.int, .double, .string, .bool, .timestamp])
      }
    }
  }

  @Test func `Keys and names that do not fit are told, and a view that grows is seen to`()
    async throws
  {
    try await ClientWorld.with { world in
      let client = world.client()
      try await client.register(declarations: [ClientWorld.stream, ClientWorld.view])
      await #expect(throws: ClientError.self) {
        _ = try await client.features(of: "by_sender", entity: ["ann", "bob"])
      }
      await #expect(throws: ClientError.usage("'mails' is a stream, not a view")) {
        _ = try await client.features(of: "mails", entity: ["ann"])
      }
      do throws(ClientError) {
        _ = try await client.features(of: "by_sender", entity: ["ann"], ["10m_M"])
        Issue.record("an unknown feature was answered")
      } catch {
        #expect(error.code == "ERR" && "\(error)".contains("10m_N"), "\(error)")
      }
      // Another client registers more; this one has the old types in mind.
      #expect(try await client.features(of: "by_sender", entity: ["ann"]).count == 7)
      let larger = ClientWorld.view.replacing(#"["10m", "1h"]"#, with: #"["10m", "1h", "2h"]"#)
      let reports = try await world.client().register(declarations: [larger])
      #expect(reports.map(\.outcome) == ["extended"] && reports[0].differences.count == 1)
      #expect(try await client.features(of: "by_sender", entity: ["ann"]).count == 8)
      #expect(
        try await client.features(of: "by_sender", entities: [["ann"], ["bob"]])[1].count == 8)
    }
  }

  @Test func `Hundreds of tasks share a few connections`() async throws {
    try await Self.with(seed: 10) { world, source, random, views in
      let client = world.client()
      let view = views[0]
      let (store, name, time) = (world.store, view.name, source.instant())
      let asked = (0..<500).map { _ in view.entity.map { Self.part($0, source, &random) } }
      try await withThrowingTaskGroup(of: Bool.self) { group in
        for entity in asked {
          group.addTask {
            let found = try await client.features(of: name, entity: entity, at: time)
            let wanted = try store.get(name, entity: entity, at: time)
            return areSame(found, wanted.map { ($0.name, $0.value) })
          }
        }
        for try await isSame in group { #expect(isSame) }
      }
      let clients = try await client.send(["CLIENT", "LIST"]).text ?? ""
      let lines = clients.split(separator: "\n")
      #expect((1...2).contains(lines.count), "\(clients)")
      #expect(lines.allSatisfy { $0.contains("lib-name=hindcast-swift") }, "\(clients)")
    }
  }
}
