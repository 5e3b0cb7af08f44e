// Views that join events of two streams against the naive oracle, which looks at all pairs: whichever came
// first, whatever was corrected on either side, whenever the view was registered and built.
import FeatureModel
import SliceStore
import Synchronization
import TestSupport
import Testing

@Suite struct JoinViewTests {
  @Test(arguments: TestRounds.seeds(60))
  func `A pair counts from when both are known until one of them is taken back`(seed: UInt64)
    throws
  {
    try withTemporaryDirectory { folder in
      var trial = JoinTrial(seed: seed)
      let target = try trial.store(at: folder + "/store")
      try trial.check(target.store, requests: 60, "as it came")
      try target.store.compact()
      try target.reopen()
      try trial.check(target.store, requests: 20, "compacted and opened again")
      #expect(try target.store.verify().defects == [], "seed \(seed)")
      target.close()
    }
  }

  @Test func `The trials are about pairs`() throws {
    try withTemporaryDirectory { folder in
      var pairs = 0
      for seed in UInt64(1)...10 {
        var trial = JoinTrial(seed: seed)
        let target = try trial.store(at: folder + "/store\(seed)")
        pairs += trial.pairs.count
        target.close()
      }
      #expect(pairs > 300, "\(pairs)")
    }
  }

  @Test func `What cannot be joined is refused with the way out`() throws {
    try withTemporaryDirectory { folder in
      let target = try TestStore(at: folder + "/store", JoinTrial.commits(.string), [])
      let store = target.store
      func complaint(_ labels: StreamDeclaration, _ fields: String) throws -> String {
        try store.register(labels)
        let view = Fixture.view(
          """
          {"view": "v", "stream": "\(labels.name)", "entity": ["label"],
           "join": {"stream": "commits", "by": "ref", "fields": {\(fields)}},
           "features": {"1d_N": {"count": true, "windows": ["1d"]}}}
          """, over: labels)
        do {
          try store.register(view)
          return ""
        } catch { return "\(error)" }
      }
      let labels = JoinTrial.labels(.string)
      #expect(try complaint(labels, #""wh": "string""#).contains("no field 'wh'"))
      #expect(try complaint(labels, #""who": "int""#).contains("is string, not int"))
      let loose = labels.named("loose").keeping(nil)
      #expect(try complaint(loose, #""who": "string""#).contains(#"'loose' with "keep": true"#))
      let typed = JoinTrial.labels(.int).named("typed")
      #expect(try complaint(typed, #""who": "string""#).contains("is int, but the id of"))
      #expect(try complaint(labels, #""who": "string""#) == "")
      #expect(throws: StoreError.self) { try store.register(labels.keeping(nil)) }
      #expect(throws: StoreError.self) {
        try store.register(JoinTrial.commits(.string).keeping(.milliseconds(86_400_000)))
      }
      try store.drop(view: "v")
      try store.register(labels.keeping(nil))
      target.close()
    }
  }
}

extension StreamDeclaration {
  fileprivate func named(_ name: String) -> StreamDeclaration {
    StreamDeclaration(
      name: name, fields: fields, eventTime: eventTime, arrivalTime: arrivalTime, id: id,
      keep: keep)
  }
}

/// Commits, labels about them, and views of the pairs.
struct JoinTrial {
  private struct Event {
    let row: [Value]
    /// With its stream's seal.
    let arrival: Timestamp
    var gone: Timestamp?
  }

  let seed: UInt64
  private var source: RandomStream
  private var random: SplitMix64
  private let streams: [StreamDeclaration]
  private let views: [ViewDeclaration]
  /// Of commits, of labels.
  private var events: [[Event]] = [[], []]
  private var seals: [Timestamp?] = [nil, nil]
  private var joins = false
  private var rows: [[Value]]
  private var nextIDs: [Int64] = [0, 0]

  static func commits(_ id: FieldType) -> StreamDeclaration {
    let base = RandomStream.declaration(declaresArrival: true)
    return StreamDeclaration(
      name: "commits", fields: base.fields + [.init(name: "id", type: id)],
      eventTime: base.eventTime, arrivalTime: base.arrivalTime, id: base.fields.count,
      keep: .forever)
  }

  static func labels(_ id: FieldType) -> StreamDeclaration {
    StreamDeclaration(
      name: "labels",
      fields: [
        .init(name: "told", type: .timestamp), .init(name: "heard", type: .timestamp),
        .init(name: "ref", type: id), .init(name: "label", type: .string),
        .init(name: "weight", type: .int), .init(name: "lid", type: .int),
      ], eventTime: 0, arrivalTime: 1, id: 5, keep: .forever)
  }

  init(seed: UInt64) {
    self.seed = seed
    source = RandomStream(seed: seed, rows: 150)
    random = SplitMix64(seed ^ 0x1ABE1)
    let type: FieldType = seed % 2 == 0 ? .int : .string
    streams = [Self.commits(type), Self.labels(type)]
    rows = source.rows
    views = ["1d", "1h", "7d"].prefix(1 + random.below(3)).enumerated().map { index, slice in
      let entity = ["\"who\"", "\"who\", \"site\"", "\"label\", \"who\""][index]
      let filter = ["", "\"where\": \"label <> 'good'\",", "\"where\": \"small > 0 or flag\","][
        (index + Int(seed)) % 3]
      let windows = slice == "1h" ? "\"1h\", \"30d\"" : "\"7d\", \"357d\", \"lifetime\""
      return Fixture.view(
        """
        {"view": "v\(index)", "stream": "labels", "entity": [\(entity)], "slice": "\(slice)",
         "join": {"stream": "commits", "by": "ref",
           "fields": {"who": "string", "site": "int", "small": "int", "text": "string",
             "flag": "bool", "wild": "double"}}, \(filter)
         "derive": {"both": "weight + small"},
         "features": {
          "{window}_N": {"count": true, "windows": [\(windows)]},
          "{window}_W": {"sum": "weight", "windows": [\(windows)]},
          "{window}_B": {"sum": "both", "windows": [\(windows)]},
          "{window}_X": {"max": "wild", "windows": [\(windows)]},
          "{window}_T": {"min": "text", "windows": [\(windows)]},
          "{window}_L": {"last": "small", "windows": [\(windows)]},
          "{window}_D": {"distinct": "text", "windows": [\(windows)]}}}
        """, over: Self.labels(type))
    }
  }

  mutating func store(at path: String) throws -> TestStore {
    let target = try TestStore(at: path, streams[0], [], loadBytes: memory(seed: seed))
    try target.store.register(streams[1])
    var late = views.shuffled(using: &random)
    var steps = 14 + random.below(20)
    while steps > 0 {
      steps -= 1
      if random.chance(25), let view = late.popLast() { try come(view, target) }
      try step(target)
      if random.chance(30), let waiting = target.store.building.first {
        let looks = Atomic<Int>(0)
        let most = random.below(3)
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
    try target.store.register(view)
    joins = true
    // Labels don't come before a correction of what they are joined to.
    if let corrected = events[0].compactMap(\.gone).max() {
      seals[1] = max(seals[1] ?? .earliest, corrected)
    }
    raiseSeal()
  }

  /// What is joined is sealed with what joins it.
  private mutating func raiseSeal() {
    guard joins, let seal = seals[1] else { return }
    seals[0] = max(seals[0] ?? .earliest, seal)
  }

  private mutating func step(_ target: TestStore) throws {
    let side = random.below(2)
    switch random.below(10) {
    case 0...4: try append(side, target)
    case 5, 6: try correct(side, target)
    case 7:
      let time = source.instant()
      guard time >= seals[side] ?? .earliest else { return }
      try target.store.seal(streams[side].name, at: time)
      seals[side] = time
      raiseSeal()
    case 8: random.chance(50) ? try target.store.flush() : try target.store.compact()
    default: try target.reopen()
    }
  }

  private mutating func row(_ side: Int) -> [Value] {
    let type = streams[0].fields.last!.type
    let own = { (number: Int64) in type == .int ? Value.int(number) : .string("c\(number)") }
    if side == 0 {
      var row = rows.popLast() ?? random.pick(source.rows)
      if row[0] == .null { row[0] = .timestamp(source.instant()) }
      if !random.chance(8) { nextIDs[0] += 1 }
      return row + [own(nextIDs[0])]
    }
    nextIDs[1] += 1
    let told = source.instant()
    let named = Int64(random.below(Int(nextIDs[0]) + 12))
    return [
      .timestamp(told), random.chance(50) ? .null : .timestamp(source.instant()),
      random.chance(5) ? .null : own(named), .string(random.pick(["good", "bad", ""])),
      .int(Int64(random.below(9)) - 4), .int(nextIDs[1]),
    ]
  }

  private mutating func append(_ side: Int, _ target: TestStore) throws {
    let taken = (0..<1 + random.below(20)).map { _ in row(side) }
    var batch = EventBatch(streams[side])
    for row in taken { batch.append(row) }
    let name = streams[side].name
    if random.chance(30) {
      let loader = try target.store.bulkLoader(for: name, workers: 1)
      _ = loader.add(batch, worker: 0)
      try loader.commit(positions: [])
    } else {
      _ = try target.store.append(batch, to: name, durability: .written)
    }
    for row in taken { note(row, side) }
  }

  private mutating func note(_ row: [Value], _ side: Int) {
    guard case .timestamp(var arrival) = row[0] else { return }
    if case .timestamp(let seen) = row[1] { arrival = max(arrival, seen) }
    events[side].append(Event(row: row, arrival: max(arrival, seals[side] ?? .earliest)))
  }

  private mutating func correct(_ side: Int, _ target: TestStore) throws {
    // Of labels the own stream alone, of commits that of the labels, too.
    var time = max(source.instant(), seals[side] ?? .earliest)
    if side == 0, joins { time = max(time, seals[1] ?? .earliest) }
    let id = streams[side].id!
    let standing = Dictionary(
      grouping: events[side].indices.filter { events[side][$0].gone == nil },
      by: { events[side][$0].row[id] })
    let known = standing.values.filter { $0.allSatisfy { events[side][$0].arrival <= time } }
      .sorted { $0[0] < $1[0] }.shuffled(using: &random).prefix(random.below(6))
    if joins { time = max(time, lastMeeting(of: known.flatMap { $0 }, side)) }
    var ids = EventColumn(type: streams[side].fields[id].type)
    var batch = EventBatch(streams[side])
    var coming: [[Value]] = []
    for group in known {
      ids.append(events[side][group[0]].row[id])
      guard random.chance(50) else { continue }
      var other = row(side)
      other[id] = events[side][group[0]].row[id]
      coming.append(other)
    }
    for row in coming { batch.append(row) }
    let report = try target.store.correct(
      streams[side].name, retracting: ids, appending: batch, at: time)
    #expect(!report.isRefused, "seed \(seed): \(report)")
    for index in known.joined() { events[side][index].gone = time }
    seals[side] = time
    if joins { seals[1 - side] = max(seals[1 - side] ?? .earliest, time) }
    for row in coming { note(row, side) }
  }

  /// When the last of those arrives that some events meet: no correction is before that.
  private func lastMeeting(of indices: [Int], _ side: Int) -> Timestamp {
    let place = side == 0 ? streams[0].id! : 2
    let other = side == 0 ? 2 : streams[0].id!
    let met = indices.flatMap { index in
      events[1 - side].filter { $0.row[other] == events[side][index].row[place] }
    }
    return met.map(\.arrival).max() ?? .earliest
  }

  /// Rows of pairs, when each arrived and when it went.
  var pairs: [(row: [Value], arrival: Timestamp, gone: Timestamp?)] {
    var found: [(row: [Value], arrival: Timestamp, gone: Timestamp?)] = []
    let fields = views[0].join!.fields.map { streams[0].index(of: $0.name)! }
    for label in events[1] {
      for commit in events[0] where commit.row.last! == label.row[2] {
        let arrival = max(label.arrival, commit.arrival)
        let gone = [label.gone, commit.gone].compactMap { $0 }.min()
        if let gone, gone <= arrival { continue }
        found.append((label.row + fields.map { commit.row[$0] }, arrival, gone))
      }
    }
    return found
  }

  mutating func check(_ store: Store, requests: Int, _ state: String) throws {
    let pairs = pairs
    for view in views {
      var oracle = NaiveOracle(view.joined(streams[1]), unjoined(view))
      for (index, pair) in pairs.enumerated() {
        oracle.events.append((pair.row, pair.arrival))
        oracle.retracted[index] = pair.gone
      }
      let reader = try store.reader(of: view.name)
      for _ in 0..<requests {
        let entity = view.entity.map { field in
          switch field {
          case "who": random.pick(source.names)
          case "label": random.pick(["good", "bad", ""])
          default: String(random.pick([1, 12, -3, Int64.min]))
          }
        }
        let time = source.instant()
        let mode: ReadMode = random.pick([
          .asServed, .asServed, .corrected, .fresh, .knownAt(source.instant()),
        ])
        let wanted = oracle.answer(entity, at: time, mode)
        let values = try reader.answer(EntityKey(parts: entity), at: time, mode)
        guard !areSame(values, wanted) else { continue }
        Issue.record(
          """
          seed \(seed), \(state): \(view.name) of \(entity) at \(time), \(mode)
          \(zip(view.features.map(\.name), zip(values, wanted))
            .map { "\($0): \($1.0), oracle \($1.1 ?? .null)" })
          """)
        return
      }
    }
  }

  /// The same view over events that have the joined fields.
  private func unjoined(_ view: ViewDeclaration) -> ViewDeclaration {
    ViewDeclaration(
      name: view.name, stream: view.stream, entity: view.entity, slice: view.slice,
      filter: view.filter, retention: nil, features: view.features, derived: view.derived)
  }
}
