// Many commits in one run, runs that end in the middle, and views that come later: no row is counted twice
// or left out, wherever a run stopped.
import FeatureModel
import Hindcast
import SliceStore
import TestSupport
import Testing

@Suite("Ingest in pieces")
struct ContinuationTests {
  @Test(
    "A run that breaks off goes on behind its last commit, wherever that was",
    arguments: [200, 1_111, 5_000, 20_000])
  func breaksOff(_ chunkBytes: Int) throws {
    try withTemporaryDirectory { folder in
      // With a byte of memory every chunk ends in a commit.
      let world = try World(folder, loadBytes: 1)
      let rows = Mails.rows(0..<1500)
      let path = world.path("mails.csv")
      var total = 0
      for broken in [1, 40, 41, 700, 1000, 1499] {
        var damaged = rows
        damaged[broken] = "no such row"
        _ = try world.csv("mails.csv", damaged)
        #expect(throws: HindcastError.self) { try world.ingest(path, chunkBytes: chunkBytes) }
        let view = try world.store.store.view("by_sender")
        let stored = try world.store.store.positions(in: view.id).first
        let before = stored.flatMap { FeatureStore.rows(at: $0) } ?? 0
        #expect(before <= broken && before >= total)
        total = before
        // What is stored is exactly the rows before the position.
        let ann = try world.count("ann")
        #expect(ann == World.count("ann", in: Array(rows[..<before])))
      }
      #expect(chunkBytes > 5_000 || total > 0, "no run had a commit before it broke off")
      _ = try world.csv("mails.csv", rows)
      let report = try world.ingest(path, chunkBytes: chunkBytes)
      #expect(report.rowsBefore == total && report.rows == rows.count - total)
      for entity in ["ann", "sender1", "sender7"] {
        #expect(try world.count(entity) == World.count(entity, in: rows))
      }
      #expect(try world.store.store.verify().defects.isEmpty)
    }
  }

  @Test("Bad rows that are set aside move the position too")
  func rejectsInPieces() throws {
    try withTemporaryDirectory { folder in
      let world = try World(folder, loadBytes: 1)
      var rows = Mails.rows(0..<600)
      for index in stride(from: 5, to: 600, by: 50) { rows[index] = "bad,\(index)" }
      let path = try world.csv("mails.csv", Array(rows[..<300]))
      let first = try world.ingest(path, rejects: world.path("bad.csv"), chunkBytes: 500)
      #expect(first.rows == 300 && first.rejected == 6)
      _ = try world.csv("mails.csv", rows)
      let second = try world.ingest(path, rejects: world.path("bad.csv"), chunkBytes: 500)
      #expect(second.rows == 300 && second.rejected == 6 && second.rowsBefore == 300)
      let lines = try world.text("bad.csv").split(separator: "\n").dropFirst().map {
        Int($0.prefix { $0 != "," })!
      }
      #expect(lines.sorted() == stride(from: 7, to: 602, by: 50).map { $0 })
    }
  }

  @Test("A view that comes later catches up, and the others count nothing twice")
  func laterView() throws {
    try withTemporaryDirectory { folder in
      let world = try World(folder)
      let rows = Mails.rows(0..<800)
      let path = try world.csv("mails.csv", Array(rows[..<500]))
      try world.ingest(path)
      let reports = try world.register([Mails.byTopic])
      #expect(reports.map(\.lacksHistory) == [true])
      _ = try world.csv("mails.csv", rows)
      let report = try world.ingest(path)
      #expect(report.rows == 800 && report.rowsBefore == 0)
      #expect(report.views.sorted() == ["by_sender", "by_topic"])
      #expect(try world.count("ann") == World.count("ann", in: rows))
      let topics = Int64(rows.count { $0.hasSuffix(",topic3") })
      #expect(try world.count("topic3", view: "by_topic") == topics)
      #expect(try world.ingest(path).rows == 0)
    }
  }

  @Test("A later view meets a bad row that the others have passed")
  func laterViewBadRow() throws {
    try withTemporaryDirectory { folder in
      let world = try World(folder)
      var rows = Mails.rows(0..<60)
      rows[10] = "bad"
      let path = try world.csv("mails.csv", rows)
      try world.ingest(path, rejects: world.path("bad.csv"))
      _ = try world.register([Mails.byTopic])
      #expect(throws: HindcastError.self) { try world.ingest(path) }
      let report = try world.ingest(path, rejects: world.path("bad.csv"))
      #expect(report.rows == 60 && report.rejected == 1)
      #expect(try world.count("topic1", view: "by_topic") > 0)
      rows.remove(at: 10)
      #expect(try world.count("ann") == World.count("ann", in: rows))
    }
  }
}
