// Corrections and tables out of columns in memory: equal to the same rows out of files, and refused by all rows
// that are at fault, before anything is changed.
import FeatureModel
import Foundation
import Hindcast
import TestSupport
import Testing

@Suite struct WholeRowsTests {
  private static let declarations = [
    """
    {"stream": "orders", "fields": {"id": "int", "customer": "string", "at": "timestamp", "price": "double"},
     "eventTime": "at", "id": "id", "keep": true}
    """,
    """
    {"view": "by_customer", "stream": "orders", "entity": ["customer"], "slice": "1d", "features": {
     "N": {"count": true, "windows": ["lifetime"]}, "SPENT": {"sum": "price", "windows": ["lifetime"]}}}
    """,
    """
    {"table": "tiers", "key": {"customer": "string", "shop": "int"}, "validFrom": "since",
     "attributes": {"tier": "string", "score": "double"}, "slice": "1d"}
    """,
  ]

  private func makeStore(_ path: String) throws -> FeatureStore {
    let store = try FeatureStore.open(path, .create)
    _ = try store.register(
      Self.declarations.map { DeclarationText(name: "declaration", text: Array($0.utf8)) })
    return store
  }

  private static func day(_ number: Int) -> Timestamp {
    Timestamp(milliseconds: 1_767_225_600_000 + Int64(number) * 86_400_000)!
  }

  private static func order(_ id: Int, _ random: inout SplitMix64) -> [Value] {
    [
      .int(Int64(id)), random.chance(10) ? .null : .string(random.pick(["ann", "bob", "a|b", ""])),
      .timestamp(day(Int(random.below(40)))),
      random.chance(10) ? .null : .double(Double(random.below(1000)) / 8 - 60),
    ]
  }

  /// Rows cut into parts anywhere.
  private static func parts(
    _ rows: [[Value]], _ types: [FieldType], _ random: inout SplitMix64
  ) -> () throws -> EventPart? {
    var parts = random.split(rows, most: 7).map { rows in
      EventPart(count: rows.count) { range, batch in
        for row in range { batch.append(rows[row]) }
        return []
      }
    }
    parts.reverse()
    return { parts.popLast() }
  }

  private static func lines(_ rows: [[Value]], _ names: [String]) -> String {
    rows.map { row in
      JSONValue.object(zip(names, row).map { ($0, JSONValue($1)) }).compact + "\n"
    }.joined()
  }

  @Test(arguments: TestRounds.seeds(10))
  func `Columns in memory do what files do`(seed: UInt64) throws {
    try withTemporaryDirectory { folder in
      var random = SplitMix64(seed)
      let stores = [try makeStore(folder + "/memory"), try makeStore(folder + "/file")]
      let orders = (0..<60).map { Self.order($0, &random) }
      for store in stores {
        var batch = EventBatch(try store.store.stream("orders").declaration)
        for order in orders { batch.append(order) }
        _ = try store.store.append(batch, to: "orders")
      }
      let time = Self.day(90)
      let mended = (0..<20).map { Self.order(Int($0) * 3, &random) }
      let file = folder + "/rows.jsonl"
      try Self.lines(mended, ["id", "customer", "at", "price"]).write(
        toFile: file, atomically: true, encoding: .utf8)
      let types: [FieldType] = [.int, .string, .timestamp, .double]
      let reports = [
        try stores[0].amend("orders", at: time, next: Self.parts(mended, types, &random)),
        try stores[1].amend(rowsIn: file, of: "orders", at: time),
      ]
      #expect(reports[0] == reports[1] && reports[0].retracted == 20, "seed \(seed)")

      var keys: Set<String> = []
      let rows = (0..<50).compactMap { _ -> [Value]? in
        let (customer, shop) = (random.pick(["ann", "b|c", "\\"]), Int64(random.below(3)))
        let since = random.chance(20) ? nil : Self.day(Int(random.below(80)))
        guard keys.insert("\(customer) \(shop) \(since?.description ?? "")").inserted else {
          return nil
        }
        return [
          .string(customer), .int(shop), since.map { .timestamp($0) } ?? .null,
          random.chance(20) ? .null : .string("t\(random.below(5))"),
          random.chance(20) ? .null : .double(Double(random.below(100)) / 4),
        ]
      }
      var options = LoadOptions()
      options.time = time
      for part in [rows, Array(rows.prefix(rows.count / 2))] {
        try Self.lines(part, ["customer", "shop", "since", "tier", "score"]).write(
          toFile: file, atomically: true, encoding: .utf8)
        let types: [FieldType] = [.string, .int, .timestamp, .string, .double]
        let memory = try stores[0].load(
          into: "tiers", options, next: Self.parts(part, types, &random))
        let whole = try stores[1].load(file, into: "tiers", options)
        #expect(memory.change == whole.change && memory.rows == part.count, "seed \(seed)")
      }
      for _ in 0..<60 {
        let at = Self.day(Int(random.below(100)))
        let mode: ReadMode =
          random.pick([.asServed, .corrected, .knownAt(Self.day(Int(random.below(100))))])
        for (view, entity) in [
          ("by_customer", [random.pick(["ann", "bob", "a|b", ""])]),
          ("tiers", [random.pick(["ann", "b|c", "\\"]), "\(random.below(3))"]),
        ] {
          let answers = try stores.map {
            try $0.get(view, entity: entity, at: at, mode).map(\.value)
          }
          #expect(
            areSame(answers[0], answers[1]), "seed \(seed): \(view) \(entity) at \(at), \(mode)")
        }
      }
    }
  }

  @Test func `All rows at fault are named, and nothing is changed`() throws {
    try withTemporaryDirectory { folder in
      let store = try makeStore(folder + "/store")
      let trail = try store.store.auditTrail().count
      let unread = EventPart(count: 3) { _, batch in
        batch.append([.int(1), .string("ann"), .timestamp(Self.day(0)), .double(1)])
        return [
          RefusedEvent(row: 0, field: "id", reason: "is odd"),
          RefusedEvent(row: 2, field: "price", reason: "is even"),
        ]
      }
      func rows(_ body: () throws -> Void) -> [RefusedEvent] {
        do {
          try body()
        } catch HindcastError.rows(let refused, let text) {
          #expect(text.contains("othing was changed"))
          return refused
        } catch { Issue.record("\(error)") }
        return []
      }
      var parts = [unread, unread]
      let amended = rows { _ = try store.amend("orders") { parts.popLast() } }
      #expect(amended.map(\.row) == [0, 2, 3, 5])
      let missing = rows { _ = try store.retract(["7", "x", "8"], from: "orders") }
      #expect(missing.map(\.row) == [1] && missing[0].field == "id")
      #expect(rows { _ = try store.retract(["7", "8"], from: "orders") }.map(\.row) == [0, 1])
      var keyless = [
        EventPart(count: 2) { range, batch in
          for row in range {
            batch.append([.string("ann"), row == 0 ? .null : .int(1), .null, .null, .null])
          }
          return []
        }
      ]
      let loaded = rows { _ = try store.load(into: "tiers") { keyless.popLast() } }
      #expect(loaded == [RefusedEvent(row: 0, field: "shop", reason: "a value is missing")])
      let cancellation = JoinCancellation()
      cancellation.cancel()
      parts = [unread]
      #expect(throws: HindcastError.self) {
        try store.amend("orders", cancellation: cancellation) { parts.popLast() }
      }
      #expect(throws: HindcastError.self) { try store.amend("orders") { nil } }
      #expect(try store.store.auditTrail().count == trail)
      #expect(try store.store.stream("orders").seal == nil)
    }
  }
}
