// Tables into the store: rows are counted under a source's name whatever pieces they come in, wherever a call
// ended, and for each view by itself.
import FeatureModel
import Hindcast
import SliceStore
import TestSupport
import Testing

@Suite("Ingest of tables")
struct TableIngestTests {
  /// The columns of `Mails.stream`.
  static func values(_ row: String) -> [Value] {
    let cells = row.split(separator: ",").map(String.init)
    return [
      .string(cells[0]), Timestamp(parsing: cells[1]).map { .timestamp($0) } ?? .null,
      .timestamp(Timestamp(parsing: cells[2])!), .int(Int64(cells[3])!), .string(cells[4]),
    ]
  }

  /// Rows as a part; a row of "bad" cannot be read.
  static func part(_ rows: [String]) -> EventPart {
    EventPart(count: rows.count) { range, batch in
      var refused: [RefusedEvent] = []
      for row in range {
        if rows[row] == "bad" {
          refused.append(RefusedEvent(row: row, field: "size", reason: "is bad"))
        } else {
          batch.append(values(rows[row]))
        }
      }
      return refused
    }
  }

  struct Broke: Error {}

  /// Takes rows in, in parts of some length; the source breaks after some rows, where it is told to.
  @discardableResult
  static func ingest(
    _ world: World, _ rows: [String], parts: Int = 97, together: Int = 50, from first: Int = 0,
    skips: Bool = false, breaksAt: Int? = nil
  ) throws -> TableReport {
    var options = TableOptions(source: "table")
    options.firstRow = first
    options.skipsRefused = skips
    options.rowsTogether = together
    var start = 0
    return try world.store.ingest(into: "mails", options) {
      if let breaksAt, start >= breaksAt { throw Broke() }
      guard start < rows.count else { return nil }
      defer { start = min(start + parts, rows.count) }
      return part(Array(rows[start..<min(start + parts, rows.count)]))
    }
  }

  static func position(_ world: World, _ view: String = "by_sender") throws -> [UInt8]? {
    try world.store.store.position(of: "table", in: try world.store.store.view(view).id)
  }

  @Test("The position is the same whatever pieces the rows came in", arguments: [1, 7, 200, 5000])
  func pieces(_ length: Int) throws {
    try withTemporaryDirectory { folder in
      var rows = Mails.rows(0..<600)
      for row in [0, 99, 100, 599] { rows[row] = "bad" }
      rows[300] = "ann,none,2026-01-01,1,x"
      let one = try World(folder)
      let whole = try Self.ingest(one, rows, parts: 600, together: 1000, skips: true)
      try withTemporaryDirectory { try compare(one, rows, whole, in: $0, length) }
    }
  }

  private func compare(
    _ one: World, _ rows: [String], _ whole: TableReport, in folder: String, _ length: Int
  ) throws {
    let other = try World(folder, loadBytes: 1)
    let report = try Self.ingest(other, rows, parts: length, together: 64, skips: true)
    #expect(report.rejected == whole.rejected && report.rejectedCount == 5)
    #expect(report.rejected.map(\.row) == [0, 99, 100, 300, 599])
    #expect(try Self.position(one) == Self.position(other))
    #expect(FeatureStore.rows(at: try one.store.store.positions(in: .init(number: 1))[0]) == 600)
    #expect(try one.count("ann") == other.count("ann"))
  }

  @Test("A source that breaks off goes on behind the last commit", arguments: [1, 20, 300])
  func breaksOff(_ together: Int) throws {
    try withTemporaryDirectory { folder in
      // With a byte of memory every round ends in a commit.
      let world = try World(folder, loadBytes: 1)
      let rows = Mails.rows(0..<900)
      var stored = 0
      for broken in [1, 97, 300, 301, 800] {
        #expect(throws: Broke.self) {
          try Self.ingest(world, rows, together: together, breaksAt: broken)
        }
        let before = try Self.position(world).flatMap {
          FeatureStore.rows(at: SourcePosition(source: "table", position: $0))
        }
        #expect(before ?? 0 >= stored)
        stored = before ?? 0
        #expect(try world.count("ann") == World.count("ann", in: Array(rows[..<stored])))
      }
      #expect(stored > 0)
      let report = try Self.ingest(world, rows, parts: 13)
      #expect(report.rowsBefore == stored && report.rows == 900 - stored)
      #expect(try world.count("ann") == World.count("ann", in: rows))
      #expect(try world.store.store.verify().defects.isEmpty)
    }
  }

  @Test("Views that stand at different rows each take what is new to them")
  func views() throws {
    try withTemporaryDirectory { folder in
      let world = try World(folder, loadBytes: 1)
      let rows = Mails.rows(0..<500)
      try Self.ingest(world, Array(rows[..<321]))
      _ = try world.register([Mails.byTopic])
      let report = try Self.ingest(world, rows, parts: 77)
      #expect(report.rowsBefore == 0 && report.rows == 500)
      #expect(report.views.sorted() == ["by_sender", "by_topic"])
      #expect(try world.count("ann") == World.count("ann", in: rows))
      let topics = Int64(rows.count { $0.hasSuffix(",topic3") })
      #expect(try world.count("topic3", view: "by_topic") == topics)
      #expect(try Self.position(world) == Self.position(world, "by_topic"))
      #expect(try Self.ingest(world, rows).rows == 0)
    }
  }

  @Test("Rows that changed, are too few or would leave a gap are refused before anything is stored")
  func refusals() throws {
    try withTemporaryDirectory { folder in
      let world = try World(folder)
      var rows = Mails.rows(0..<400)
      try Self.ingest(world, Array(rows[..<300]))
      let before = try Self.position(world)
      func refusal(_ rows: [String], from first: Int = 0) -> String {
        do {
          try Self.ingest(world, rows, from: first)
          return ""
        } catch { return "\(error)" }
      }
      #expect(refusal(Array(rows[..<299])).contains("has 299 rows, and 300 of it"))
      #expect(refusal(rows, from: 301).contains("the rows between would be lost"))
      rows[17] = rows[18]
      #expect(refusal(rows).contains("are not what they were then"))
      let bad = rows + ["ann,none,2026-01-01,1,x"]
      #expect(refusal(Array(bad.suffix(50)), from: 300).hasPrefix("row 49: field 'at': the event"))
      #expect(try Self.position(world) == before)
      let file = try world.csv("mails.csv", rows)
      #expect(throws: HindcastError.self) { try world.ingest(file, source: "table") }
      try world.ingest(file, source: "file")
      var options = TableOptions(source: "file")
      #expect(throws: HindcastError.self) { try world.store.ingest(into: "mails", options) { nil } }
      options.source = ""
      #expect(throws: HindcastError.self) { try world.store.ingest(into: "mails", options) { nil } }
      options.source = "empty"
      #expect(try world.store.ingest(into: "mails", options) { nil }.rows == 0)
    }
  }
}
