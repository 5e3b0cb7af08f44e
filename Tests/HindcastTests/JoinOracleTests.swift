// Joins of columns against single look-ups and the naive oracle: whatever the views, keys, modes, batches,
// threads and memory, each row's answer is the one that a look-up gives, bit for bit.
import FeatureModel
import Hindcast
import SliceStore
import TestSupport
import Testing

@Suite("Joins of columns against look-ups")
struct JoinOracleTests {
  @Test("Every row gets what a look-up gives", arguments: TestRounds.seeds(24))
  func rows(seed: UInt64) throws {
    try withTemporaryDirectory { folder in
      var trial = try JoinTrial(RandomWorld(seed: seed, at: folder))
      try trial.check()
    }
  }

  @Test("Chunks in, chunks out, with the answers of the whole", arguments: TestRounds.seeds(6))
  func streams(seed: UInt64) throws {
    try withTemporaryDirectory { folder in
      var trial = try JoinTrial(RandomWorld(seed: seed, at: folder))
      try trial.checkStream()
    }
  }
}

/// A spine over a random world, and a request that goes with it.
private struct JoinTrial {
  private var world: RandomWorld
  private var spine = SpineTable([
    "label": .double, "who": .string, "site": .int, "other": .string, "at": .timestamp,
    "known": .timestamp,
  ])
  private var request: JoinRequest

  init(_ world: RandomWorld) throws {
    self.world = world
    request = JoinRequest([], time: "at")
    for _ in 0..<[0, 1, 40, 700, 2500][self.world.random.below(5)] { addRow() }
    ask()
  }

  private mutating func addRow() {
    func name() -> Value {
      if world.random.chance(4) { return .null }
      return .string(world.random.chance(5) ? "nobody" : world.random.pick(world.source.names))
    }
    let site: Value =
      world.random.chance(4) ? .null : .int(world.random.pick([1, 12, -3, .min, 99]))
    spine.rows.append([
      .double(0.5), name(), site, name(), .timestamp(world.instant()), .timestamp(world.instant()),
    ])
  }

  /// Some features of each view; of one of them a second time, at another entity of the row.
  private mutating func ask() {
    for view in world.views {
      let names = view.features.map(\.name).shuffled(using: &world.random)
      let some = Array(names.prefix(1 + world.random.below(names.count)))
      request.selections.append(
        FeatureSelection(view.name, features: some, prefix: "\(view.name)_"))
    }
    let view = world.views[0]
    if view.entity.contains("who") {
      request.selections.append(
        FeatureSelection(view.name, keys: ["who": "other"], prefix: "other_"))
    }
    if world.random.chance(30) {
      request.knownColumn = "known"
    } else {
      request.mode = world.mode()
    }
  }

  private mutating func options() -> JoinOptions {
    var options = JoinOptions()
    options.threads = 1 + world.random.below(4)
    options.memoryBudget = world.random.pick([1, 5000, 60_000, 128 << 20])
    if options.memoryBudget == 1 { spine.rows = Array(spine.rows.prefix(40)) }
    return options
  }

  mutating func check() throws {
    let options = options()
    let batches = world.random.split(spine.rows, most: 300).map { spine.batch($0) }
    let answers = try world.store.join(
      batches.isEmpty ? [spine.batch] : batches, request, options)
    #expect(answers.rows == spine.rows.count, "seed \(world.seed)")
    try check((0..<answers.rows).map { answers.values($0) }, answers.names)
  }

  mutating func checkStream() throws {
    var chunks = world.random.split(spine.rows, most: 90).map { spine.batch($0) }
    let sizes = chunks.map(\.count)
    chunks.reverse()
    let fields = zip(spine.names, spine.types).map { SpineField(name: $0, type: $1) }
    let join = try ColumnJoin(world.store, spine: fields, request)
    let together = world.random.pick([1, 100, 1 << 20])
    let stream = JoinStream(join, options(), rowsTogether: together) { chunks.popLast() }
    var rows: [[Value]] = []
    var found: [Int] = []
    while let chunk = try stream.next() {
      rows += chunk.rows.map { chunk.answers.values($0) }
      found.append(chunk.batch.count)
    }
    if rows.count == sizes.reduce(0, +) { spine.rows = Array(spine.rows.prefix(rows.count)) }
    #expect(found == sizes, "seed \(world.seed)")
    try check(rows, join.columns.map(\.name))
  }

  private mutating func check(_ answers: [[Value]], _ names: [String]) throws {
    var column = 0
    for selection in request.selections {
      let view = world.views.firstIndex { $0.name == selection.view }!
      let features = selection.features ?? world.views[view].features.map(\.name)
      let reader = try world.store.store.reader(of: selection.view, features: features)
      for (row, cells) in spine.rows.enumerated() {
        let values = Array(answers[row][column..<column + features.count])
        let wanted = try lookUp(reader, selection, cells)
        #expect(areSame(values, wanted), "\(place(selection, row)): \(values), look-up \(wanted)")
        if row % 40 == 0 { checkOracle(view, features, selection, row, values) }
      }
      for (place, feature) in features.enumerated() {
        #expect(names[column + place] == selection.prefix + feature)
      }
      column += features.count
    }
    #expect(names.count == column)
  }

  private func place(_ selection: FeatureSelection, _ row: Int) -> String {
    "seed \(world.seed), \(selection.view) at row \(row) of \(spine.rows.count): \(spine.rows[row])"
  }

  /// Nil where a part is null.
  private func entity(_ selection: FeatureSelection, _ cells: [Value]) -> [String]? {
    let view = world.views.first { $0.name == selection.view }!
    let parts = view.entity.compactMap { field -> String? in
      let cell = cells[spine.names.firstIndex(of: selection.keys[field] ?? field)!]
      return cell == .null ? nil : cell.description
    }
    return parts.count == view.entity.count ? parts : nil
  }

  private func mode(_ cells: [Value]) -> ReadMode {
    guard request.knownColumn != nil, case .timestamp(let known) = cells[5] else {
      return request.mode
    }
    return .knownAt(known)
  }

  private func time(_ cells: [Value]) -> Timestamp {
    guard case .timestamp(let time) = cells[4] else { preconditionFailure("a row without a time") }
    return time
  }

  private func lookUp(
    _ reader: FeatureReader, _ selection: FeatureSelection, _ cells: [Value]
  ) throws -> [Value] {
    guard let entity = entity(selection, cells) else {
      try reader.answerEmpty(at: time(cells))
      return reader.values.all
    }
    return try reader.answer(EntityKey(parts: entity), at: time(cells), mode(cells))
  }

  private func checkOracle(
    _ view: Int, _ features: [String], _ selection: FeatureSelection, _ row: Int, _ values: [Value]
  ) {
    let cells = spine.rows[row]
    let declared = world.views[view].features.map(\.name)
    let nobody = world.views[view].entity.map { _ in "\u{1}" }
    let all = world.oracles[view].answer(
      entity(selection, cells) ?? nobody, at: time(cells), mode(cells))
    let wanted = features.map { all[declared.firstIndex(of: $0)!] }
    #expect(areSame(values, wanted), "\(place(selection, row)): \(values), oracle \(wanted)")
  }
}
