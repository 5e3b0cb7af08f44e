// Files into views: formats, positions, growth, moves, and what becomes of rows that cannot be taken.
import Dispatch
import FeatureModel
import Foundation
import Hindcast
import SliceStore
import Synchronization
import TestSupport
import Testing

@Suite("Ingest of row files")
struct IngestTests {
  @Test(
    "CSV and JSON Lines, plain and gzip'd, give the same counts",
    arguments: ["mails.csv", "mails.csv.gz", "mails.jsonl", "mails.jsonl.gz", "mails.ndjson"])
  func formats(_ name: String) throws {
    try withTemporaryDirectory { folder in
      let world = try World(folder)
      let rows = Mails.rows(0..<500)
      let path =
        name.contains("csv")
        ? try world.csv(name, rows) : try world.write(name, rows.map(Mails.json))
      let report = try world.ingest(path)
      #expect(report.rows == 500 && report.rejected == 0 && report.rowsBefore == 0)
      #expect(report.views == ["by_sender"])
      for entity in ["ann", "sender1", "sender49"] {
        #expect(try world.count(entity) == World.count(entity, in: rows))
      }
      let again = try world.ingest(path)
      #expect(again.rows == 0 && again.rowsBefore == 500 && again.views.isEmpty)
      #expect(try world.count("ann") == World.count("ann", in: rows))
    }
  }

  @Test("A file that has grown is continued, as often as it grows", arguments: ["csv", "csv.gz"])
  func growth(_ ending: String) throws {
    try withTemporaryDirectory { folder in
      let world = try World(folder)
      var size = 0
      for next in [10, 11, 300, 301, 5000] {
        let path = try world.csv("mails.\(ending)", Mails.rows(0..<next))
        let report = try world.ingest(path)
        #expect(report.rows == next - size && report.rowsBefore == size)
        size = next
      }
      #expect(try world.count("ann") == World.count("ann", in: Mails.rows(0..<size)))
    }
  }

  @Test("A file that two take in at once is counted once, and one of them is told")
  func twoAtOnce() throws {
    try withTemporaryDirectory { folder in
      let world = try World(folder)
      let rows = Mails.rows(0..<5000)
      let path = try world.csv("mails.csv", rows)
      let store = world.store
      let said = Mutex<[String]>([])
      DispatchQueue.concurrentPerform(iterations: 4) { _ in
        do throws(HindcastError) { _ = try store.ingest(path, into: "mails") } catch {
          said.withLock { $0.append("\(error)") }
        }
      }
      #expect(said.withLock { $0.allSatisfy { $0.contains("is being taken into stream") } })
      #expect(try world.count("ann") == World.count("ann", in: rows))
    }
  }

  @Test(
    "The same rows under another path, or gzip'd, or longer, are known again",
    arguments: ["moved.csv", "moved.csv.gz"])
  func moved(_ name: String) throws {
    try withTemporaryDirectory { folder in
      let world = try World(folder)
      try world.ingest(try world.csv("mails.csv", Mails.rows(0..<400)))
      let same = try world.ingest(try world.csv(name, Mails.rows(0..<400)))
      #expect(same.rows == 0 && same.rowsBefore == 400)
      let longer = try world.ingest(try world.csv("longer." + name, Mails.rows(0..<450)))
      #expect(longer.rows == 50 && longer.rowsBefore == 400)
      #expect(try world.count("ann") == World.count("ann", in: Mails.rows(0..<450)))
    }
  }

  @Test("A file reached by a link or a relative path is the same source")
  func links() throws {
    try withTemporaryDirectory { folder in
      let world = try World(folder)
      let path = try world.csv("mails.csv", Mails.rows(0..<30))
      let first = try world.ingest(path)
      try FileManager.default.createSymbolicLink(
        atPath: world.path("link.csv"), withDestinationPath: path)
      let second = try world.ingest(world.path("link.csv"))
      #expect(second.source == first.source && second.rows == 0)
      #expect(try world.ingest(folder + "/./mails.csv").rows == 0)
    }
  }

  @Test("The same rows under permuted columns are other data")
  func permutedHeader() throws {
    try withTemporaryDirectory { folder in
      let world = try World(folder, views: [Mails.bySender, Mails.byTopic])
      let row = "a,2026-01-05,2026-01-05,1,b"
      try world.ingest(try world.write("one.csv", ["sender,at,seen,size,topic", row]))
      let other = try world.write("two.csv", ["topic,at,seen,size,sender", row])
      #expect(try world.ingest(other).rows == 1)
      #expect(try world.count("b") == 1)
    }
  }

  @Test("Changed content is refused, and the message says what to do")
  func changed() throws {
    try withTemporaryDirectory { folder in
      let world = try World(folder)
      let rows = Mails.rows(0..<100)
      try world.ingest(try world.csv("mails.csv", rows))
      let other = try world.csv("mails.csv", ["x,2026-01-02,2026-01-02,1,t"] + rows)
      let text = message { try world.ingest(other) }
      #expect(text?.contains("--source NAME") == true)
      #expect(try world.count("x") == 0)
      // The way out works.
      #expect(try world.ingest(other, source: "second").rows == 101)
      #expect(try world.count("x") == 1)
      let shorter = try world.csv("mails.csv", Mails.rows(0..<50))
      #expect(message { try world.ingest(shorter) }?.contains("shorter") == true)
    }
  }

  @Test("A last row without a line end is taken, and refused once it has grown")
  func openLastRow() throws {
    try withTemporaryDirectory { folder in
      let world = try World(folder)
      let open = ["ann,2026-01-05,2026-01-05,1,t", "ann,2026-01-06,2026-01-06,2,to"]
      #expect(try world.ingest(try world.csv("mails.csv", open, isOpen: true)).rows == 2)
      var grown = open
      grown[1] += "pic"
      let text = message { try world.ingest(try world.csv("mails.csv", grown)) }
      #expect(text?.contains("no line end") == true)
      // Closed by its line end, with rows behind it, it goes on.
      let closed = try world.csv("mails.csv", open + ["ann,2026-01-07,2026-01-07,3,t"])
      #expect(try world.ingest(closed).rows == 1)
      #expect(try world.count("ann") == 3)
    }
  }

  @Test(
    "The first bad row ends the run with its line, field and reason; nothing of the file is stored")
  func badRow() throws {
    try withTemporaryDirectory { folder in
      let world = try World(folder)
      var rows = Mails.rows(0..<200)
      rows[120] = "ann,2026-01-05,2026-01-05,many,t"
      rows[150] = "ann,yesterday,2026-01-05,1,t"
      let path = try world.csv("mails.csv", rows)
      #expect {
        try world.ingest(path)
      } throws: { error in
        guard case HindcastError.row(let file, let rejection, _) = error else { return false }
        return file == path && rejection.line == 122 && rejection.field == "size"
          && "\(error)".contains("line 122: field 'size': not an integer: 'many'")
          && "\(error)".contains("--rejects FILE")
      }
      #expect(try world.count("ann") == 0)
      #expect(try world.store.store.positions(in: world.store.store.view("by_sender").id).isEmpty)
    }
  }

  @Test("Bad rows go to the rejects file once, with line, field, reason and the row itself")
  func rejects() throws {
    try withTemporaryDirectory { folder in
      let world = try World(folder, views: [Mails.bySender, Mails.byTopic])
      var rows = Mails.rows(0..<50)
      rows[3] = "ann,2026-01-05,2026-01-05,\"a \"\"lot\"\"\",t"
      rows[9] = "ann,,2026-01-05,1,t"
      rows[12] = "too,few"
      let path = try world.csv("mails.csv", rows)
      let report = try world.ingest(path, rejects: world.path("rejects.csv"))
      #expect(report.rows == 50 && report.rejected == 3)
      let expected = #"""
        line,field,reason,row
        5,size,"not an integer: 'a ""lot""'","ann,2026-01-05,2026-01-05,""a """"lot"""""",t"
        11,at,a value is missing,"ann,,2026-01-05,1,t"
        14,,2 cells instead of 5,"too,few"

        """#
      #expect(try world.text("rejects.csv") == expected)
      let good = rows.enumerated().filter { ![3, 9, 12].contains($0.offset) }.map(\.element)
      #expect(try world.count("ann") == World.count("ann", in: good))
      #expect(try world.ingest(path, rejects: world.path("rejects.csv")).rows == 0)
      #expect(try world.text("rejects.csv") == expected)
    }
  }

  @Test(
    "A stream without views, an unknown stream, a missing file and a folder are errors that help")
  func mistakes() throws {
    try withTemporaryDirectory { folder in
      let world = try World(folder)
      let path = try world.csv("mails.csv", Mails.rows(0..<3))
      #expect(
        message { _ = try world.store.ingest(path, into: "mail") }?.contains("mean 'mails'") == true
      )
      #expect(message { try world.ingest(folder + "/none.csv") }?.contains("No such file") == true)
      #expect(message { try world.ingest(folder + "/none") }?.contains("state the format") == true)
      try FileManager.default.createDirectory(
        atPath: folder + "/d.csv", withIntermediateDirectories: true)
      #expect(message { try world.ingest(folder + "/d.csv") }?.contains("directory") == true)
      #expect(message { try world.ingest("-") }?.contains("--source") == true)
      let typo = try world.write("typo.csv", ["sender,at,seen,siez,topic", "a,1,1,1,t"])
      #expect(message { try world.ingest(typo) }?.contains("nearest is 'siez'") == true)
      let lonely = Mails.stream.replacing("mails", with: "lonely")
      _ = try world.register([lonely])
      #expect(
        message { _ = try world.store.ingest(path, into: "lonely") }?.contains("no view") == true)
    }
  }

  @Test("A source of another producer is not touched")
  func foreignPosition() throws {
    try withTemporaryDirectory { folder in
      let world = try World(folder)
      let stream = try world.store.store.stream("mails").declaration
      _ = try world.store.store.append(
        EventBatch(stream), to: "mails",
        position: SourcePosition(source: "queue", position: [1, 2, 3]))
      let path = try world.csv("mails.csv", Mails.rows(0..<3))
      let text = message { try world.ingest(path, source: "queue") }
      #expect(text?.contains("--source") == true)
      #expect(try world.count("ann") == 0)
    }
  }
}
