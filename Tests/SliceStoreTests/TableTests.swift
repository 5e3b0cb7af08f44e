// Tables in a store: registered, extended, dropped, and kept apart from streams and views; their rows loaded,
// or refused.
import FeatureModel
import SliceStore
import TestSupport
import Testing

@Suite struct TableTests {
  private static let text = """
    {"table": "reputation", "key": {"sender": "string"}, "validFrom": "since",
     "attributes": {"score": "double", "tier": "string"}, "slice": "1h"}
    """
  private static let wider = text.replacing(
    #""tier": "string""#, with: #""tier": "string", "hits": "int""#)

  private static func table(_ text: String = text) throws -> TableDeclaration {
    try Fixture.reader.readTable(text)
  }

  private static func rows(_ table: TableDeclaration, _ rows: [[Value]]) -> EventBatch {
    var file = EventBatch(columns: table.fileFields.map { EventColumn(type: $0.type) })
    for row in rows { file.append(row) }
    return table.events(of: file)
  }

  private static func with(_ body: (Store, String) throws -> Void) throws {
    try withTemporaryDirectory { folder in
      let store = try Store.open(at: folder + "/store", options: testOptions)
      defer { store.close() }
      try body(store, folder)
    }
  }

  @Test func `A table is registered once, and its parts are changed with it alone`() throws {
    try Self.with { store, _ in
      let table = try Self.table()
      #expect(try store.register(table) == .registered)
      #expect(try store.register(table) == .unchanged)
      #expect(store.tables.map(\.declaration) == [table])
      #expect(try store.view("reputation").declaration == table.view)
      let wider = try Self.table(Self.wider)
      #expect(throws: StoreError.self) { try store.register(wider.stream) }
      #expect(throws: StoreError.self) { try store.register(wider.view) }
      #expect(throws: StoreError.self) { try store.drop(view: "reputation") }
      #expect(throws: StoreError.self) {
        try store.append(EventBatch(table.stream), to: "reputation")
      }
      #expect(throws: StoreError.self) {
        try store.register(try Self.table(Self.text.replacing("1h", with: "2h")))
      }
      #expect(try store.register(wider) != .unchanged)
      #expect(store.tables.map(\.declaration) == [wider])
      try store.build("reputation")
      #expect(store.building.isEmpty)
      #expect(try store.view("reputation").declaration == wider.view)
    }
  }

  @Test func `A table that has rows and gets an attribute is built anew from them`() throws {
    try Self.with { store, folder in
      let (table, wider) = (try Self.table(), try Self.table(Self.wider))
      try store.register(table)
      let day = Timestamp.at("2026-01-05")
      let row: [Value] = [.string("a"), .timestamp(day), .double(0.5), .string("x")]
      _ = try store.replaceRows(of: "reputation", by: Self.rows(table, [row]), known: .at(day))
      guard case .building = try store.register(wider) else {
        Issue.record("there is nothing to build")
        return
      }
      try store.build("reputation")
      let ask = { (time: Timestamp) in
        try store.reader(of: "reputation").answer(EntityKey(parts: ["a"]), at: time)
      }
      let later = day.advanced(by: 3_600_000)
      #expect(try ask(later) == [.timestamp(day), .double(0.5), .string("x"), .null])
      let change = try store.replaceRows(
        of: "reputation", by: Self.rows(wider, [row + [.int(7)]]), known: .at(later))
      #expect(change.changed == 1 && change.added == 0)
      #expect(try ask(later)[3] == .null)
      #expect(try ask(later.advanced(by: 3_600_000))[3] == .int(7))
    }
  }

  @Test func `A dropped table leaves nothing behind`() throws {
    try withTemporaryDirectory { folder in
      var store = try Store.open(at: folder + "/store", options: testOptions)
      let table = try Self.table()
      try store.register(table)
      let day = Timestamp.at("2026-01-05")
      let rows = Self.rows(table, [[.string("a"), .timestamp(day), .double(0.5), .null]])
      _ = try store.replaceRows(of: "reputation", by: rows, known: .at(day))
      let set = FeatureSet("s", [.init(view: "reputation", feature: "score")])
      try store.register(set)
      #expect(throws: StoreError.self) { try store.drop(table: "reputation") }
      try store.drop(set: "s")
      try store.drop(table: "reputation")
      #expect(try store.pairs().isEmpty)
      for _ in 0..<2 {
        #expect(store.tables.isEmpty && store.streams.isEmpty && store.views.isEmpty)
        store.close()
        store = try Store.open(at: folder + "/store", .existing, options: testOptions)
      }
      #expect(try store.register(table) == .registered)
      #expect(try store.rowCount(of: "reputation") == 0)
      store.close()
    }
  }

  @Test func `A load of bad rows, or before the seal, changes nothing`() throws {
    try Self.with { store, _ in
      let table = try Self.table()
      try store.register(table)
      let day = Timestamp.at("2026-01-05")
      let row: [Value] = [.string("a"), .timestamp(day), .double(0.5), .null]
      let early = try store.replaceRows(
        of: "reputation", by: Self.rows(table, [row]), known: .at(day.advanced(by: -1)))
      #expect(early.refused.map(\.row) == [0] && early.refused[0].field == "since")
      let bad = try store.replaceRows(
        of: "reputation",
        by: Self.rows(table, [row, [.string("b"), .null, .double(.nan), .null]]), known: .at(day))
      #expect(bad.refused.map(\.field) == ["score"])
      #expect(try store.rowCount(of: "reputation") == 0)
      #expect(try store.stream("reputation").seal == nil)
      let done = try store.replaceRows(
        of: "reputation", by: Self.rows(table, [row]), known: .at(day))
      #expect(done.added == 1 && done.time == day)
      #expect(throws: StoreError.self) {
        try store.replaceRows(
          of: "reputation", by: Self.rows(table, []), known: .at(day.advanced(by: -1)))
      }
      #expect(throws: StoreError.self) {
        try store.replaceRows(
          of: "reputation", by: Self.rows(table, []), known: .fromValid(until: day))
      }
      let before = try store.pairs()
      let same = try store.replaceRows(
        of: "reputation", by: Self.rows(table, [row]), known: .from(day.advanced(by: -1)))
      #expect(!same.isChange && same.unchanged == 1)
      #expect(try store.pairs() == before)
      let emptied = try store.replaceRows(
        of: "reputation", by: Self.rows(table, []), known: .from(day.advanced(by: -1)))
      #expect(emptied.removed == 1 && emptied.time == day)
    }
  }
}
