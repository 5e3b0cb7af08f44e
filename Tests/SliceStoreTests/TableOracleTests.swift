// Random tables, loaded again and again, against the naive table: in every mode, at random times of knowledge,
// before and after the store is compacted and opened again.
import FeatureModel
import SliceStore
import TestSupport
import Testing

@Suite struct TableOracleTests {
  @Test(arguments: TestRounds.seeds(60))
  func `A table answers with the newest valid row of the last load that is known`(seed: UInt64)
    throws
  {
    try withTemporaryDirectory { folder in
      var trial = TableTrial(seed: seed)
      var store = try Store.open(at: folder + "/store", options: testOptions)
      try store.register(trial.table)
      for load in 0..<2 + Int(seed % 6) {
        try trial.load(into: store)
        try trial.check(store, requests: 30, "after load \(load)")
      }
      try store.compact()
      store.close()
      store = try Store.open(at: folder + "/store", .existing, options: testOptions)
      try trial.check(store, requests: 60, "opened again")
      #expect(try store.verify().defects == [], "seed \(seed)")
      store.close()
    }
  }
}

/// A table, what was loaded into it, and what is to come of it.
private struct TableTrial {
  let table: TableDeclaration
  private let seed: UInt64
  private var random: SplitMix64
  private var naive: NaiveTable
  private var rows: [[Value]] = []
  private var clock: Int64

  init(seed: UInt64) {
    self.seed = seed
    random = SplitMix64(seed &* 0x9E37)
    let lengths: [Int64] = [60_000, 900_000, 3_600_000, 86_400_000, 7 * 86_400_000]
    let types: [(String, FieldType)] = [
      ("text", .string), ("whole", .int), ("number", .double), ("flag", .bool),
      ("time", .timestamp),
    ]
    let key: [(String, FieldType)] =
      random.chance(50) ? [("who", .string)] : [("who", .string), ("site", .int)]
    let attributes = types.shuffled(using: &random).prefix(random.below(6))
    table = TableDeclaration(
      name: "table", key: key.map { .init(name: $0.0, type: $0.1) },
      validFrom: random.chance(80) ? "since" : nil,
      attributes: attributes.map { .init(name: $0.0, type: $0.1) },
      slice: SliceLength(milliseconds: random.pick(lengths))!)
    naive = NaiveTable(table)
    clock =
      Timestamp(parsing: random.pick(["2026-01-05T10:20:30Z", "1970-01-01", "0102-03-04"]))!
      .milliseconds
  }

  private mutating func pause() -> Int64 {
    let length = table.slice.milliseconds
    return random.chance(30)
      ? Int64(random.below(3)) : Int64.random(in: 0...2 * length, using: &random)
  }

  private var names: [String] { ["", "a", "a|b", "é", "\u{0}"] }

  private mutating func value(_ type: FieldType) -> Value {
    if random.chance(30) { return .null }
    return switch type {
    case .string: .string(random.pick(["", "x", "yy", String(repeating: "z", count: 300)]))
    case .int: .int(random.pick([0, -1, .max, .min, 7]))
    case .double: .double(random.pick([0, -0.0, 0.5, -1e300]))
    case .bool: .bool(random.chance(50))
    case .timestamp: .timestamp(Timestamp(milliseconds: Int64(random.below(1000)))!)
    }
  }

  private mutating func newRow() -> [Value] {
    let key: [Value] = table.key.map {
      $0.type == .string ? .string(random.pick(names)) : .int(Int64(random.below(2)))
    }
    let length = table.slice.milliseconds
    let time = clock - Int64.random(in: 0...5 * length, using: &random)
    let since: [Value] =
      table.validFrom == nil
      ? [] : [random.chance(25) ? .null : .timestamp(Timestamp(milliseconds: time)!)]
    return key + since + table.attributes.map { value($0.type) }
  }

  private func identity(_ row: [Value]) -> [Value] {
    Array(row.prefix(table.key.count + (table.validFrom == nil ? 0 : 1)))
  }

  mutating func load(into store: Store) throws {
    clock += pause()
    rows = rows.filter { _ in random.chance(70) }.map { row in
      random.chance(70) ? row : identity(row) + table.attributes.map { value($0.type) }
    }
    for _ in 0..<random.below(8) {
      let row = newRow()
      if !rows.contains(where: { identity($0) == identity(row) }) { rows.append(row) }
    }
    rows.shuffle(using: &random)
    var file = EventBatch(columns: table.fileFields.map { EventColumn(type: $0.type) })
    for row in rows { file.append(row) }
    let time = Timestamp(milliseconds: clock)!
    let isHistory = naive.loads.isEmpty && random.chance(50)
    let report = try store.replaceRows(
      of: "table", by: table.events(of: file),
      known: isHistory ? .fromValid(until: time) : .at(time))
    #expect(report.refused.isEmpty, "seed \(seed)")
    #expect(report.added + report.changed + report.unchanged == rows.count, "seed \(seed)")
    naive.loads.append((isHistory ? nil : time, rows.map(naiveRow)))
    let again = try store.replaceRows(
      of: "table", by: table.events(of: file), known: .from(time))
    #expect(!again.isChange && again.unchanged == rows.count, "seed \(seed)")
  }

  private func naiveRow(_ row: [Value]) -> NaiveTable.Row {
    let keys = table.key.count
    var valid = Timestamp.earliest
    if table.validFrom != nil, case .timestamp(let time) = row[keys] { valid = time }
    return NaiveTable.Row(
      key: row[..<keys].map(\.description), valid: valid,
      values: Array(row.suffix(table.attributes.count)))
  }

  private mutating func instant() -> Timestamp {
    let length = table.slice.milliseconds
    var time = clock + Int64.random(in: -8 * length...3 * length, using: &random)
    if random.chance(40) {
      time -= ((time % length) + length) % length
      time += Int64(random.below(3)) - 1
    }
    return Timestamp(milliseconds: time)!
  }

  mutating func check(_ store: Store, requests: Int, _ when: String) throws {
    let reader = try store.reader(of: "table")
    for _ in 0..<requests {
      let key = [random.pick(names)] + (table.key.count > 1 ? [String(random.below(2))] : [])
      let time = instant()
      let known = ReadMode.knownAt(instant())
      let mode = random.pick([ReadMode.asServed, .corrected, .fresh, known])
      let wanted = naive.answer(key, at: time, mode)
      let found = try reader.answer(EntityKey(parts: key), at: time, mode)
      #expect(
        areSame(found, wanted),
        "seed \(seed) \(when): \(key) at \(time) \(mode): \(found), not \(wanted)")
    }
  }
}
