// Corrections against the naive oracle: whatever was taken back and came in its place, whenever views were
// registered and built, what was answered before a correction stays, and after it all modes agree.
import FeatureModel
import SliceStore
import Synchronization
import TestSupport
import Testing

@Suite struct CorrectionTests {
  @Test(arguments: TestRounds.seeds(60))
  func `What was served before a correction stays, and after it all modes agree`(seed: UInt64)
    throws
  {
    try withTemporaryDirectory { folder in
      var trial = CorrectionTrial(seed: seed)
      let target = try trial.store(at: folder + "/store")
      try trial.check(target.store, requests: 60, "as corrected")
      try target.store.compact()
      try target.reopen()
      try trial.check(target.store, requests: 30, "compacted and opened again")
      #expect(try target.store.verify().defects == [], "seed \(seed)")
      target.close()
    }
  }

  @Test(arguments: TestRounds.seeds(20))
  func `What was corrected does not bring a forgotten entity back`(seed: UInt64) throws {
    try withTemporaryDirectory { folder in
      var trial = CorrectionTrial(seed: seed)
      let target = try trial.store(at: folder + "/store")
      try trial.forget(target)
      try trial.check(target.store, requests: 60, "built without it")
      #expect(try target.store.verify().defects == [], "seed \(seed)")
      target.close()
    }
  }

  @Test func `The trials are about corrections`() throws {
    try withTemporaryDirectory { folder in
      var corrections = 0
      for seed in UInt64(1)...10 {
        var trial = CorrectionTrial(seed: seed)
        let target = try trial.store(at: folder + "/store\(seed)")
        corrections += trial.retractedCount
        target.close()
      }
      #expect(corrections > 100, "\(corrections)")
    }
  }
}

extension CorrectionTests {
  @Test func `What cannot be corrected is named, and nothing is changed`() throws {
    try withTemporaryDirectory { folder in
      let target = try TestStore(at: folder + "/store", Self.stream, [Self.counts])
      let start = Timestamp.at("2024-03-01")
      try target.append([Self.row("m1", start, "a"), Self.row("m2", start, "b")])
      let before = try target.store.pairs()
      let noon = start.advanced(by: 43_200_000)
      let report = try target.store.correct(
        "mails", retracting: Self.ids([.string("m1"), .string("m9"), .null, .string("m1")]),
        at: noon)
      #expect(report.isRefused && report.missing.map(\.row) == [1, 2, 3])
      #expect(report.missing[0].field == "id" && report.missing[0].reason.contains("'m9'"))
      #expect(report.missing[1].reason == "the id is null")
      #expect(report.missing[2].reason == "'m1' is given twice")
      let early = try target.store.correct(
        "mails", retracting: Self.ids([.string("m1")]), at: start.advanced(by: -1))
      #expect(early.missing.first?.reason.contains("after the correction") == true)
      var bad = EventBatch(Self.stream)
      bad.append([.string("m1"), .null, .string("a"), .int(1)])
      let refused = try target.store.correct(
        "mails", retracting: bad.columns[0], appending: bad, at: noon)
      #expect(refused.refused.map(\.reason) == ["the event time is null"])
      #expect(try target.store.pairs() == before)
      #expect(try target.store.stream("mails").seal == nil)

      let done = try target.store.correct("mails", retracting: bad.columns[0], at: noon)
      #expect(done.retracted == 1 && done.slices == 1 && !done.isRefused)
      #expect(try target.store.stream("mails").seal == noon)
      let again = try target.store.correct("mails", retracting: bad.columns[0], at: noon)
      #expect(again.missing.first?.reason.contains("taken back already") == true)
      #expect(throws: StoreError.self) {
        try target.store.correct("mails", retracting: bad.columns[0], at: start)
      }
      let trail = try target.store.auditTrail().last
      #expect(trail?.action == "corrected" && trail?.lines.first?.hasPrefix("1 taken") == true)
      target.close()
    }
  }

  @Test func `A stream without an id, or without all of its events, says what it lacks`() throws {
    try withTemporaryDirectory { folder in
      let target = try TestStore(at: folder + "/a", Fixture.stream.keeping(.forever), [])
      #expect(throws: StoreError.self) {
        try target.store.correct("mails", retracting: EventColumn(type: .string))
      }
      target.close()
      let other = try TestStore(at: folder + "/b", Self.stream.keeping(nil), [])
      #expect(throws: StoreError.self) {
        try other.store.correct("mails", retracting: EventColumn(type: .string))
      }
      other.close()
    }
  }

  static let stream = StreamDeclaration(
    name: "mails",
    fields: [
      .init(name: "id", type: .string), .init(name: "at", type: .timestamp),
      .init(name: "sender", type: .string), .init(name: "bytes", type: .int),
    ], eventTime: 1, arrivalTime: nil, id: 0, keep: .forever)

  static let counts = Fixture.view(
    """
    {"view": "counts", "stream": "mails", "entity": ["sender"],
     "features": {"1d_N": {"count": true, "windows": ["1d"]}}}
    """, over: stream)

  static func row(_ id: String, _ at: Timestamp, _ sender: String) -> [Value] {
    [.string(id), .timestamp(at), .string(sender), .int(1)]
  }

  static func ids(_ values: [Value]) -> EventColumn {
    var column = EventColumn(type: .string)
    for value in values { column.append(value) }
    return column
  }
}

/// A stream whose events are taken back and amended, its views, and its oracles.
struct CorrectionTrial {
  let seed: UInt64
  private var source: RandomStream
  private var random: SplitMix64
  private let stream: StreamDeclaration
  private let views: [ViewDeclaration]
  /// All events in the order of their ingestion.
  private var events: [(row: [Value], seal: Timestamp?)] = []
  private var retracted: [Int: Timestamp] = [:]
  private var seal: Timestamp?
  private var rows: [[Value]]
  private var nextID: Int64 = 0

  var retractedCount: Int { retracted.count }

  init(seed: UInt64) {
    self.seed = seed
    source = RandomStream(seed: seed, rows: 60 + Int(seed % 4) * 60)
    random = SplitMix64(seed ^ 0xC0FFEE)
    let base = source.stream
    stream = StreamDeclaration(
      name: base.name,
      fields: base.fields + [.init(name: "id", type: seed % 2 == 0 ? .int : .string)],
      eventTime: base.eventTime, arrivalTime: base.arrivalTime, id: base.fields.count,
      keep: .forever)
    views = RandomStream.views(base, count: 1 + random.below(3), &random)
    rows = source.rows
  }

  mutating func store(at path: String) throws -> TestStore {
    let target = try TestStore(at: path, stream, [], loadBytes: memory(seed: seed))
    var late = views.shuffled(using: &random)
    while !rows.isEmpty {
      if random.chance(35), let view = late.popLast() { try target.store.register(view) }
      try step(target)
      if random.chance(30), let waiting = target.store.building.first {
        let looks = Atomic<Int>(0)
        let most = random.below(3)
        try target.store.build(
          waiting.view.declaration.name, threads: 1 + random.below(3),
          isCancelled: { looks.add(1, ordering: .relaxed).newValue > most })
      }
    }
    while let view = late.popLast() { try target.store.register(view) }
    for waiting in target.store.building {
      try target.store.build(waiting.view.declaration.name)
    }
    return target
  }

  /// Forgets an entity, in the store and here, and has all views built again.
  mutating func forget(_ target: TestStore) throws {
    let name = random.pick(source.names)
    #expect(try target.store.forget([EntityPart("who", name)]).left == 0, "seed \(seed)")
    for index in events.indices {
      guard case .string(let who) = events[index].row[2], who.utf8.elementsEqual(name.utf8) else {
        continue
      }
      events[index].row[stream.eventTime] = .null
    }
    for view in views {
      try target.store.drop(view: view.name)
      try target.store.register(view)
      try target.store.build(view.name)
    }
  }

  private mutating func step(_ target: TestStore) throws {
    switch random.below(10) {
    case 0...3: try append(target)
    case 4...6: try correct(target)
    case 7:
      let time = source.instant()
      if time >= seal ?? .earliest {
        try target.store.seal(stream.name, at: time)
        seal = time
      }
    case 8: random.chance(50) ? try target.store.flush() : try target.store.compact()
    default: try target.reopen()
    }
  }

  private mutating func append(_ target: TestStore) throws {
    let count = min(rows.count, 1 + random.below(30))
    let taken = rows.suffix(count).map { identified($0) }
    rows.removeLast(count)
    if random.chance(30) {
      let loader = try target.store.bulkLoader(for: stream.name, workers: 1)
      var batch = EventBatch(stream)
      for row in taken { batch.append(row) }
      _ = loader.add(batch, worker: 0)
      try loader.commit(positions: [])
    } else {
      try target.append(taken)
    }
    for row in taken where row[0] != .null { events.append((row, seal)) }
  }

  /// Now and then an id has two events.
  private mutating func identified(_ row: [Value]) -> [Value] {
    if nextID == 0 || !random.chance(5) { nextID += 1 }
    return row + [stream.fields.last!.type == .int ? .int(nextID) : .string("e\(nextID)")]
  }

  private mutating func correct(_ target: TestStore) throws {
    let time = max(source.instant(), seal ?? .earliest)
    let standing = Dictionary(
      grouping: events.indices.filter { retracted[$0] == nil }, by: { events[$0].row.last! })
    let known = standing.values.filter { $0.allSatisfy { arrival($0) <= time } }
      .sorted { $0[0] < $1[0] }.shuffled(using: &random).prefix(random.below(6))
    var ids = EventColumn(type: stream.fields.last!.type)
    var batch = EventBatch(stream)
    var coming: [[Value]] = []
    for group in known {
      ids.append(events[group[0]].row.last!)
      if random.chance(50) { coming.append(amended(events[group[0]].row)) }
    }
    if random.chance(20), let row = rows.popLast(), row[0] != .null {
      coming.append(identified(row))
    }
    for row in coming { batch.append(row) }
    let report = try target.store.correct(
      stream.name, retracting: ids, appending: random.chance(80) || !coming.isEmpty ? batch : nil,
      at: time)
    #expect(!report.isRefused, "seed \(seed): \(report)")
    #expect(report.retracted == known.reduce(0) { $0 + $1.count }, "seed \(seed)")
    for index in known.joined() { retracted[index] = time }
    seal = time
    for row in coming { events.append((row, seal)) }
  }

  /// Another row with the same id: of another entity, at another time, or with other values.
  private mutating func amended(_ row: [Value]) -> [Value] {
    var other = random.pick(source.rows)
    if other[0] == .null { other[0] = row[0] }
    if random.chance(40) { for field in 0..<4 { other[field] = row[field] } }
    return other + [row.last!]
  }

  private func arrival(_ index: Int) -> Timestamp {
    guard case .timestamp(var time) = events[index].row[0] else { return .earliest }
    if let field = stream.arrivalTime, case .timestamp(let seen) = events[index].row[field] {
      time = max(time, seen)
    }
    return max(time, events[index].seal ?? .earliest)
  }

  mutating func check(_ store: Store, requests: Int, _ state: String) throws {
    for view in views {
      var oracle = NaiveOracle(stream, view)
      oracle.events = events
      oracle.retracted = retracted
      let reader = try store.reader(of: view.name)
      for _ in 0..<requests {
        let entity = view.entity.map { field in
          field == "who"
            ? random.pick(source.names) : String(random.pick([1, 12, -3, Int64.min]))
        }
        let time = source.instant()
        let mode: ReadMode = random.pick([
          .asServed, .asServed, .corrected, .fresh, .knownAt(source.instant()),
        ])
        let wanted = oracle.answer(entity, at: time, mode)
        let values = try reader.answer(EntityKey(parts: entity), at: time, mode)
        guard !areSame(values, wanted) else { continue }
        let names = view.features.map { "\($0.aggregation.function) \($0.aggregation.field ?? "")" }
        Issue.record(
          """
          seed \(seed), \(state): \(view.name) of \(entity), slice \(view.slice.milliseconds / 60_000) min, \
          at \(time), \(mode)
          \(zip(names, zip(values, wanted)).map { "\($0): \($1.0), oracle \($1.1 ?? .null)" })
          """)
        return
      }
    }
  }
}
