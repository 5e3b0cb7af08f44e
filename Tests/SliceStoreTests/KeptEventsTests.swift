// Views whose history is made of kept events: whatever was registered when, built in one go or in pieces, with
// events coming in between, the answers are those of a view that was there from the first event on.
import FeatureModel
import SliceStore
import Synchronization
import TestSupport
import Testing

@Suite struct KeptEventsTests {
  @Test(arguments: TestRounds.seeds(30))
  func `A view that comes late answers as if it had always been there`(seed: UInt64) throws {
    try withTemporaryDirectory { folder in
      var trial = Trial(seed: seed)
      let target = try trial.keptStore(at: folder + "/store")
      try trial.check(target.store, requests: 60, "built")
      try target.store.compact()
      try target.reopen()
      try trial.check(target.store, requests: 20, "built and opened again")
      #expect(try target.store.verify().defects == [], "seed \(seed)")
      #expect(target.store.building.isEmpty)
      target.close()
    }
  }

  @Test func `Only what stands is built; what a source brings again is not taken twice`() throws {
    try withTemporaryDirectory { folder in
      let target = try TestStore(at: folder + "/store", Self.stream, [])
      let start = Timestamp.at("2024-03-01")
      let rows = (0..<100).map { Fixture.row(start.advanced(by: Int64($0) * 1000), "a") }
      try target.append(rows, position: SourcePosition(source: "file", position: [1]))
      #expect(try target.store.keptEvents(of: "mails")?.events == 100)
      #expect(try target.store.register(Fixture.counts) == .building([]))
      #expect(throws: StoreError.self) { try target.store.reader(of: "counts") }
      try target.append(rows, position: SourcePosition(source: "file", position: [2]))
      try target.store.build("counts")
      let view = try target.store.view("counts")
      #expect(try target.store.position(of: "file", in: view.id) == [2])
      #expect(try target.store.positions(in: view.id).count == 1)
      let values = try target.answer(
        "counts", ["a"], at: start.advanced(by: 86_400_000), .corrected)
      #expect(values[0] == .int(200))
      target.close()
    }
  }

  @Test func `A build that is cut off goes on where it stood`() throws {
    try withTemporaryDirectory { folder in
      let target = try TestStore(at: folder + "/store", Self.stream, [])
      let start = Timestamp.at("2024-03-01")
      for index in 0..<300 { try target.append([Fixture.row(start, index % 2 == 0 ? "a" : "b")]) }
      try target.store.register(Fixture.counts)
      for round in 0..<3 {
        let looks = Atomic<Int>(0)
        try target.store.build(
          "counts", isCancelled: { looks.add(1, ordering: .relaxed).newValue > 1 })
        #expect(target.store.building.count == (round < 2 ? 1 : 0))
        try target.reopen()
      }
      let values = try target.answer(
        "counts", ["a"], at: start.advanced(by: 86_400_000), .corrected)
      #expect(values[0] == .int(150))
      target.close()
    }
  }

  @Test func `A view that is dropped while it is built leaves nothing behind`() throws {
    try withTemporaryDirectory { folder in
      let target = try TestStore(at: folder + "/store", Self.stream, [])
      let start = Timestamp.at("2024-03-01")
      for _ in 0..<200 { try target.append([Fixture.row(start, "a")]) }
      try target.store.register(Fixture.counts)
      let store = target.store
      #expect(throws: StoreError.self) {
        try store.build(
          "counts",
          isCancelled: {
            _ = try? store.drop(view: "counts")
            return false
          })
      }
      #expect(store.building.isEmpty && store.views.isEmpty)
      #expect(try store.pairs().allSatisfy { viewOfKey($0[0]) == nil })
      #expect(try store.verify().defects == [])
      #expect(throws: StoreError.self) { try store.drop(view: "counts") }
      target.close()
    }
  }

  @Test
  func `Events go when they are older than the stream keeps them, and views begin behind that`()
    throws
  {
    try withTemporaryDirectory { folder in
      let stream = Fixture.stream.keeping(.milliseconds(10 * 86_400_000))
      let target = try TestStore(at: folder + "/store", stream, [])
      let start = Timestamp.at("2024-03-01")
      for day in 0..<40 {
        try target.append([Fixture.row(start.advanced(by: Int64(day) * 86_400_000 + 5), "a")])
      }
      try target.store.seal("mails", at: Timestamp.at("2024-04-10"))
      let kept = try #require(try target.store.keptEvents(of: "mails"))
      #expect(kept.events == 10 && kept.start! == Timestamp.at("2024-03-30T00:00:00.006Z"))
      try target.store.register(Fixture.counts)
      try target.store.build("counts")
      let window = { (day: String) in
        try target.store.reader(of: "counts", features: ["30d_COUNT"])
          .answer(EntityKey(parts: ["a"]), at: .at(day), .corrected)
      }
      #expect(throws: StoreError.self) { try window("2024-04-05") }
      #expect(try window("2024-04-30")[0] == .int(10))
      try target.reopen()
      #expect(throws: StoreError.self) { try window("2024-04-05") }
      let again = try #require(try target.store.keptEvents(of: "mails"))
      #expect(again.events == kept.events && again.start == kept.start)
      target.close()
    }
  }

  @Test func `Where events came before they were kept, a view needs the files`() throws {
    try withTemporaryDirectory { folder in
      let target = try TestStore(at: folder + "/store", Fixture.stream, [Fixture.counts])
      let start = Timestamp.at("2024-03-01")
      try target.append(
        [Fixture.row(start, "a")], position: SourcePosition(source: "s", position: [1]))
      try target.store.register(Self.stream)
      try target.append([Fixture.row(start, "a")])
      #expect(try target.store.keptEvents(of: "mails")?.isWhole == false)
      let other = Fixture.counts.named("other")
      #expect(try target.store.change(to: other, over: Self.stream) == .new(.files))
      #expect(try target.store.register(other) == .registered)
      try target.store.register(Fixture.stream)
      #expect(try target.store.keptEvents(of: "mails") == nil)
      target.close()
    }
  }

  @Test func `Another meaning is built while the present one serves, where that is asked for`()
    throws
  {
    try withTemporaryDirectory { folder in
      let target = try TestStore(at: folder + "/store", Self.stream, [Fixture.counts])
      let start = Timestamp.at("2024-03-01")
      for index in 0..<50 { try target.append([Fixture.row(start, "a", bytes: Int64(index))]) }
      let filtered = Fixture.counts.filtered(
        .compare(field: Fixture.stream.index(of: "bytes")!, .less, .int(10)))
      #expect(throws: StoreError.self) { try target.store.register(filtered) }
      guard case .building(let lines) = try target.store.register(filtered, replacing: true) else {
        Issue.record("nothing is built")
        return
      }
      #expect(lines.contains { $0.hasPrefix("where:") })
      let later = start.advanced(by: 86_400_000)
      #expect(try target.answer("counts", ["a"], at: later, .corrected)[0] == .int(50))
      let old = try target.store.view("counts").id
      try target.store.build("counts")
      #expect(try target.answer("counts", ["a"], at: later, .corrected)[0] == .int(10))
      let keys = try target.store.pairs().compactMap { viewOfKey($0[0]) }
      #expect(!keys.contains(old))
      let trail = try target.store.auditTrail().map { "\($0.action) \($0.subject)" }
      #expect(
        trail == [
          "registered stream 'mails'", "registered view 'counts'", "replaced view 'counts'",
        ])
      try target.store.drop(view: "counts")
      #expect(try target.store.pairs().allSatisfy { viewOfKey($0[0]) == nil })
      #expect(target.store.views.isEmpty)
      target.close()
    }
  }

  static let stream = Fixture.stream.keeping(.forever)
}

/// The view of a block's key; nil for other keys.
private func viewOfKey(_ key: [UInt8]) -> ViewID? {
  key.withUnsafeBytes { bytes in ParsedSliceKey(bytes)?.view }
}

extension StreamDeclaration {
  func keeping(_ keep: Keeping?) -> StreamDeclaration {
    StreamDeclaration(
      name: name, fields: fields, eventTime: eventTime, arrivalTime: arrivalTime, id: id,
      keep: keep)
  }
}

extension ViewDeclaration {
  func filtered(_ filter: Filter) -> ViewDeclaration {
    ViewDeclaration(
      name: name, stream: stream, entity: entity, slice: slice, filter: filter,
      retention: retention, features: features)
  }
}

extension Trial {
  /// A store whose stream keeps its events, and whose views come at any time, some of them after another of
  /// their name.
  mutating func keptStore(at path: String, loadBytes: Int? = nil) throws -> TestStore {
    let target = try TestStore(
      at: path, source.stream.keeping(.forever), [], loadBytes: loadBytes ?? memory(seed: seed))
    var late = views.shuffled(using: &random)
    var feeding = RandomFeeding(random: SplitMix64(random.next()), permutes: false)
    for phase in phases {
      if random.chance(60), let view = late.popLast() { try come(view, target) }
      try feeding.feed([phase], to: target)
      if random.chance(50), let waiting = target.store.building.first {
        let looks = Atomic<Int>(0)
        let most = random.below(4)
        try target.store.build(
          waiting.view.declaration.name, threads: 1 + random.below(3),
          isCancelled: { looks.add(1, ordering: .relaxed).newValue > most })
      }
    }
    while let view = late.popLast() { try come(view, target) }
    for waiting in target.store.building {
      try target.store.build(waiting.view.declaration.name)
    }
    return target
  }

  private mutating func come(_ view: ViewDeclaration, _ target: TestStore) throws {
    if random.chance(30) {
      let draft = ViewDeclaration(
        name: view.name, stream: view.stream, entity: ["site"], slice: view.slice, filter: nil,
        retention: nil, features: [view.features.first { $0.derivation == nil }!],
        derived: view.derived)
      try target.store.register(draft)
      try target.store.build(view.name)
    }
    try target.store.register(view, replacing: true)
  }
}
