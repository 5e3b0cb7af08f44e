// Joins of columns: what a request may ask, and what is said of spines that cannot be joined.
import FeatureModel
import Hindcast
import SliceStore
import Synchronization
import TestSupport
import Testing

@Suite("Joins of columns")
struct ColumnJoinTests {
  /// Ann has ten mails on the first ten days, topics t0 and t1 in turns; bob has one on the fifth.
  private func world(_ folder: String) throws -> World {
    let world = try World(folder, views: [Mails.bySender, Mails.byTopic])
    let rows = (1...10).map { day in
      let date = "2026-01-\(day < 10 ? "0" : "")\(day)"
      return "ann,\(date)T10:00:00Z,\(date)T10:00:00Z,\(day),t\(day % 2)"
    }
    let bob = "bob,2026-01-05T10:00:00Z,2026-01-05T10:00:00Z,100,t0"
    try world.ingest(try world.csv("mails.csv", rows + [bob]))
    return world
  }

  private func spine(_ rows: [(String?, String?, String)]) -> SpineTable {
    var spine = SpineTable(["sender": .string, "to": .string, "when": .timestamp])
    spine.rows = rows.map { sender, to, time in
      [
        sender.map { .string($0) } ?? .null, to.map { .string($0) } ?? .null,
        .timestamp(Timestamp(parsing: time)!),
      ]
    }
    return spine
  }

  @Test("One view at two entities of a row, each under its prefix")
  func twoEntities() throws {
    try withTemporaryDirectory { folder in
      let world = try world(folder)
      let request = JoinRequest(
        [
          FeatureSelection("by_sender", features: ["30d_N"], prefix: "from_"),
          FeatureSelection(
            "by_sender", features: ["30d_SIZE", "30d_N"], keys: ["sender": "to"], prefix: "to_"),
        ], time: "when")
      let spine = spine([
        ("ann", "bob", "2026-01-11"), ("bob", "ann", "2026-01-06"), (nil, "x", "2026-01-06"),
      ])
      let answers = try world.store.join([spine.batch], request)
      #expect(answers.names == ["from_30d_N", "to_30d_SIZE", "to_30d_N"])
      #expect(answers.values(0) == [.int(10), .int(100), .int(1)])
      #expect(answers.values(1) == [.int(1), .int(15), .int(5)])
      #expect(answers.values(2) == [.int(0), .int(0), .int(0)])
      #expect(answers.rowsWithoutKey == ["by_sender": 1])
    }
  }

  @Test("A feature set's columns stand in its order, whatever views they are of")
  func sets() throws {
    try withTemporaryDirectory { folder in
      let world = try world(folder)
      let set = FeatureSet(
        "model",
        [
          .init(view: "by_sender", feature: "30d_SIZE"), .init(view: "by_topic", feature: "30d_N"),
          .init(view: "by_sender", feature: "1d_N"),
        ])
      var request = JoinRequest(sets: [set], time: "when")
      request.keys = ["topic": "to"]
      let answers = try world.store.join([spine([("ann", "t0", "2026-01-11")]).batch], request)
      #expect(answers.names == ["30d_SIZE", "30d_N", "1d_N"])
      #expect(answers.values(0) == [.int(55), .int(6), .int(1)])
    }
  }

  @Test("Whole numbers are times in milliseconds, and a batch may be empty")
  func wholeTimes() throws {
    try withTemporaryDirectory { folder in
      let world = try world(folder)
      var spine = SpineTable(["when": .int, "sender": .string])
      let request = JoinRequest(views: [("by_sender", ["30d_N"])], time: "when")
      #expect(try world.store.join([spine.batch], request).rows == 0)
      spine.rows = [[.int(1_768_089_600_000), .string("ann")]]
      let answers = try world.store.join([spine.batch([]), spine.batch, spine.batch([])], request)
      #expect(answers.values(0) == [.int(10)])
    }
  }

  @Test("What cannot be joined is refused with row and column")
  func badRows() throws {
    try withTemporaryDirectory { folder in
      let world = try world(folder)
      var spine = spine([("ann", nil, "2026-01-11"), ("ann", nil, "2026-01-11")])
      let request = JoinRequest(views: [("by_sender", nil)], time: "when")
      func told(_ request: JoinRequest, _ batches: [SpineBatch]) -> String {
        message { _ = try world.store.join(batches, request) } ?? "nothing"
      }
      spine.rows[1][2] = .null
      #expect(told(request, [spine.batch]).hasPrefix("row 1: column 'when' is null"))
      #expect(
        told(request, [spine.batch(spine.rows[..<1]), spine.batch]).hasPrefix("row 2: column"))
      var far = SpineTable(["when": .int, "sender": .string])
      far.rows = [[.int(.max), .string("ann")]]
      #expect(told(request, [far.batch]).contains("row 0: column 'when' is 9223372036854775807 ms"))
      #expect(
        told(JoinRequest(views: [("by_sender", nil)], time: "wen"), [spine.batch]).contains(
          "'when'"))
      #expect(
        told(JoinRequest(views: [("by_topic", nil)], time: "when"), [spine.batch]).contains(
          "no column 'topic'"))
      #expect(
        told(JoinRequest(views: [("by_sender", nil)], time: "to"), [spine.batch]).contains(
          "is string"))
      #expect(
        told(JoinRequest(views: [("by_sender", ["x"])], time: "when"), [spine.batch]).contains(
          "'x'"))
      #expect(told(request, [spine.batch, far.batch]).contains("other columns"))
      var taken = SpineTable(["when": .timestamp, "sender": .string, "30d_N": .int])
      taken.rows = [[.timestamp(.earliest), .string("ann"), .int(1)]]
      #expect(told(request, [taken.batch]).contains("'30d_N' already"))
    }
  }

  @Test("A row below a view's floor is refused: the first of them, whatever the threads")
  func expired() throws {
    try withTemporaryDirectory { folder in
      let world = try world(folder)
      try world.store.store.expire("by_sender", before: Timestamp(parsing: "2026-01-05")!)
      let rows = (0..<3000).map { row -> (String?, String?, String) in
        ("user\(row % 700)", nil, row >= 1234 && row % 2 == 0 ? "2026-01-04" : "2026-03-01")
      }
      let request = JoinRequest(views: [("by_sender", nil)], time: "when")
      let text = message { _ = try world.store.join([spine(rows).batch], request) }
      #expect(text?.hasPrefix("row 1234: column 'when': the window begins at") == true)
    }
  }

  @Test("A stream counts its rows from the first chunk, also in its errors")
  func streamErrors() throws {
    try withTemporaryDirectory { folder in
      let world = try world(folder)
      var spine = spine(Array(repeating: ("ann", nil, "2026-01-11"), count: 30))
      spine.rows[25][2] = .null
      var chunks = stride(from: 0, to: 30, by: 10).map { spine.batch(spine.rows[$0..<$0 + 10]) }
      let fields = zip(spine.names, spine.types).map { SpineField(name: $0, type: $1) }
      let request = JoinRequest(views: [("by_sender", nil)], time: "when")
      let join = try ColumnJoin(world.store, spine: fields, request)
      let stream = JoinStream(join, rowsTogether: 10) {
        chunks.isEmpty ? nil : chunks.removeFirst()
      }
      #expect(try stream.next()?.rows == 0..<10)
      #expect(try stream.next()?.rows == 0..<10)
      #expect(message { _ = try stream.next() }?.hasPrefix("row 25: column 'when' is null") == true)
      #expect(try stream.next() == nil)
    }
  }

  @Test("A join can be watched and ended from outside")
  func cancellation() throws {
    try withTemporaryDirectory { folder in
      let world = try world(folder)
      let rows = (0..<50_000).map { ("user\($0)", nil, "2026-01-11") as (String?, String?, String) }
      let request = JoinRequest(views: [("by_sender", nil)], time: "when")
      let seen = Seen()
      var options = JoinOptions()
      options.progress = { seen.note($0) }
      _ = try world.store.join([spine(rows).batch], request, options)
      #expect(seen.most == rows.count)
      let cancellation = JoinCancellation()
      options.cancellation = cancellation
      options.progress = { _ in cancellation.cancel() }
      let text = message { _ = try world.store.join([spine(rows).batch], request, options) }
      #expect(text == "cancelled before the end")
    }
  }
}

/// The most that was reported; from any thread.
private final class Seen: Sendable {
  private let rows = Atomic(0)

  func note(_ count: Int) { rows.max(count, ordering: .relaxed) }

  var most: Int { rows.load(ordering: .relaxed) }
}
