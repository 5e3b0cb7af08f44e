// A receipt re-runs a training set to the same bytes after any later arrival, and finds what was changed.
import FeatureModel
import Hindcast
import TestSupport
import Testing

@Suite("Receipts")
struct ReceiptTests {
  private let now = Timestamp(parsing: "2026-03-01")!
  private let request = JoinRequest(views: [("by_sender", nil)], time: "when")

  private func world(_ folder: String) throws -> (world: World, spine: String) {
    let world = try World(folder, views: [Mails.bySender, Mails.byTopic])
    try world.ingest(try world.csv("mails.csv", Mails.rows(0..<300)))
    let days = (1...28).map { $0 < 10 ? "0\($0)" : "\($0)" }
    let spine = try world.write(
      "spine.csv",
      ["when,sender"] + days.flatMap { ["2026-01-\($0)T12:00:00Z,ann", "2026-01-\($0),sender7"] })
    return (world, spine)
  }

  private func checked(
    _ world: World, _ receipt: Receipt, _ spine: String
  ) throws -> [String] {
    // As it is read from its file.
    let again = try Receipt(JSONValue.parse(receipt.json.pretty))
    return try world.store.verify(again, spine: spine, to: world.path("again.csv")).mismatches
      .map(\.what)
  }

  @Test(
    "Events that come later, whatever they declare, change no re-run",
    arguments: [ReadMode.asServed, .knownAt(Timestamp(parsing: "2026-02-10")!)])
  func lateData(_ mode: ReadMode) throws {
    try withTemporaryDirectory { folder in
      let (world, spine) = try world(folder)
      var request = request
      request.mode = mode
      let (report, receipt) = try world.store.joinWithReceipt(
        spine, to: world.path("out.csv"), request, now: now)
      let known =
        mode == .asServed ? Timestamp(parsing: "2026-01-28T12:00:00Z")! : now.advanced(days: -19)
      #expect(receipt.known == known && receipt.seals == ["mails": known])
      #expect(try world.store.store.stream("mails").seal == known)
      #expect(receipt.rows == 56 && report.rows == 56)
      // Late, with arrivals that lie before the seal.
      try world.ingest(try world.csv("late.csv", Mails.rows(0..<300).map { $0.dropLast() + "z" }))
      #expect(try world.count("ann") == 2 * World.count("ann", in: Mails.rows(0..<300)))
      #expect(try checked(world, receipt, spine).isEmpty)
      #expect(try world.text("again.csv") == world.text("out.csv"))
      var corrected = self.request
      corrected.mode = .corrected
      _ = try world.store.join(spine, to: world.path("corrected.csv"), corrected)
      #expect(try world.text("corrected.csv") != world.text("out.csv"))
    }
  }

  @Test("A join into the other format is made again; one that cannot be seals nothing")
  func otherFormat() throws {
    try withTemporaryDirectory { folder in
      let (world, spine) = try world(folder)
      var request = request
      request.outputFormat = .jsonLines
      let bad = try world.write("twice.csv", ["when,sender,x,x", "2026-01-02,ann,1,2"])
      let late = try world.write(
        "late.jsonl",
        [#"{"when":"2026-01-02","sender":"a"}"#, #"{"when":"2026-01-02","sender":"a","x":1}"#])
      for (file, format) in [(bad, RowFormat.jsonLines), (late, .csv)] {
        for mode in [ReadMode.asServed, .knownAt(Timestamp(parsing: "2026-02-01")!)] {
          var request = request
          request.outputFormat = format
          request.mode = mode
          #expect(throws: HindcastError.self) {
            try world.store.joinWithReceipt(file, to: world.path("x"), request, now: now)
          }
          #expect(try world.store.store.stream("mails").seal == nil)
        }
      }
      let (_, receipt) = try world.store.joinWithReceipt(
        spine, to: world.path("out.jsonl"), request, now: now)
      try world.ingest(try world.csv("late.csv", Mails.rows(0..<300).map { $0.dropLast() + "z" }))
      #expect(try checked(world, receipt, spine).isEmpty)
      #expect(try world.text("again.csv") == world.text("out.jsonl"))
      #expect(try world.text("again.csv").hasPrefix(#"{"when":"2026-01-01T12:00:00Z","sender""#))
    }
  }

  @Test("A receipt keeps each row's own knowledge, and keys and prefixes of its selections")
  func perRow() throws {
    try withTemporaryDirectory { folder in
      let (world, _) = try world(folder)
      let spine = try world.write(
        "own.csv",
        [
          "when,known,sender,to", "2026-01-20,2026-01-05,ann,sender7",
          "2026-01-20,2026-02-01,ann,ann",
        ])
      var request = JoinRequest(
        [
          FeatureSelection("by_sender", features: ["30d_N"]),
          FeatureSelection("by_sender", features: ["30d_N"], keys: ["sender": "to"], prefix: "to_"),
        ], time: "when")
      request.knownColumn = "known"
      let (_, receipt) = try world.store.joinWithReceipt(
        spine, to: world.path("out.csv"), request, now: now)
      #expect(receipt.mode == .knownPerRow("known"))
      #expect(receipt.known == Timestamp(parsing: "2026-02-01"))
      let lines = try world.text("out.csv").split(separator: "\n")
      #expect(lines[0] == "when,known,sender,to,30d_N,to_30d_N")
      let counts = lines.dropFirst().map { $0.split(separator: ",").compactMap { Int($0) } }
      // Of one day's events, fewer were known on the fifth; in the second row both ask about the same.
      #expect(counts[0][0] < counts[1][0] && counts[1][0] == counts[1][1])
      #expect(try checked(world, receipt, spine).isEmpty)
    }
  }

  @Test("A changed spine, a tampered answer and a changed declaration are found")
  func changes() throws {
    try withTemporaryDirectory { folder in
      let (world, spine) = try world(folder)
      var (_, receipt) = try world.store.joinWithReceipt(
        spine, to: world.path("out.csv"), request, now: now)
      let lines = try world.text("spine.csv").split(separator: "\n").map(String.init)
      let shorter = try world.write("shorter.csv", Array(lines.dropLast()))
      #expect(try checked(world, receipt, shorter) == ["rows", "spine", "answer"])
      let other = try world.write(
        "other.csv", lines.map { $0.replacing("sender7", with: "nobody") })
      #expect(try checked(world, receipt, other) == ["spine", "answer"])
      let answer = receipt.answerDigest
      receipt.answerDigest = Digest(of: "other bytes")
      #expect(try checked(world, receipt, spine) == ["answer"])
      receipt.answerDigest = answer
      #expect(try checked(world, receipt, spine).isEmpty)
      _ = try world.register([Mails.bySender.replacing(#""1d", "30d""#, with: #""1d","7d","30d""#)])
      #expect(try checked(world, receipt, spine) == ["view by_sender"])
    }
  }

  @Test("What cannot be made again, or lies ahead of the clock, gets no receipt and seals nothing")
  func refusals() throws {
    try withTemporaryDirectory { folder in
      let (world, spine) = try world(folder)
      func told(_ mode: ReadMode, _ spine: String, now: Timestamp) -> String {
        var request = request
        request.mode = mode
        return message {
          _ = try world.store.joinWithReceipt(
            spine, to: world.path("out.csv"), request, now: now)
        } ?? "nothing"
      }
      #expect(told(.corrected, spine, now: now).contains("--known-at"))
      #expect(told(.fresh, spine, now: now).contains("--known-at"))
      #expect(told(.asServed, spine, now: now.advanced(days: -40)).contains("ahead of the clock"))
      #expect(told(.knownAt(now.advanced(days: 1)), spine, now: now).contains("ahead of the clock"))
      #expect(told(.asServed, "-", now: now).contains("as a file"))
      let empty = try world.write("empty.csv", ["when,sender"])
      #expect(told(.asServed, empty, now: now).contains("no rows"))
      for (name, lines) in [
        ("bad.csv", ["when,sender", "soon,ann"]), ("twice.csv", ["when,sender,1d_N", "0,ann,1"]),
      ] {
        let bad = try world.write(name, lines)
        #expect(told(.asServed, bad, now: now) != "nothing")
        #expect(told(.knownAt(now), bad, now: now) != "nothing")
      }
      #expect(try world.store.store.stream("mails").seal == nil)
    }
  }

  @Test("A receipt of two streams' views seals both, and a seal that stands further stays")
  func severalStreams() throws {
    try withTemporaryDirectory { folder in
      let (world, _) = try world(folder)
      _ = try world.register([
        Mails.stream.replacing("mails", with: "posts"),
        Mails.bySender.replacing("mails", with: "posts").replacing("by_sender", with: "posts_by"),
      ])
      let ahead = Timestamp(parsing: "2026-02-20")!
      try world.store.store.seal("posts", at: ahead)
      let spine = try world.write("two.csv", ["when,sender", "2026-01-20,ann"])
      let request = JoinRequest(views: [("by_sender", nil), ("posts_by", ["1d_N"])], time: "when")
      let (_, receipt) = try world.store.joinWithReceipt(
        spine, to: world.path("out.csv"), request, now: now)
      let known = Timestamp(parsing: "2026-01-20")!
      #expect(receipt.seals == ["mails": known, "posts": ahead])
      #expect(try world.store.store.stream("posts").seal == ahead)
      #expect(try checked(world, receipt, spine).isEmpty)
    }
  }

  @Test(
    "What is no receipt is refused by its member",
    arguments: [
      ("receipt", "2"), ("mode", #""corrected""#), ("known", #""soon""#),
      ("seals", "{\"a\": \"b\"}"),
      ("views", "3"), ("rows", #""many""#), ("spine", #""xxh128:1""#), ("format", #""parquet""#),
    ])
  func malformed(_ member: String, _ value: String) throws {
    try withTemporaryDirectory { folder in
      let (world, spine) = try world(folder)
      let (_, receipt) = try world.store.joinWithReceipt(
        spine, to: world.path("out.csv"), request, now: now)
      guard case .object(let members) = receipt.json.content else { return }
      let changed = JSONValue.object(
        try members.map { ($0.name, $0.name == member ? try JSONValue.parse(value) : $0.value) })
      #expect(message { _ = try Receipt(changed) }?.contains("'\(member)'") == true)
      let missing = JSONValue.object(
        members.filter { $0.name != member }.map { ($0.name, $0.value) })
      #expect(message { _ = try Receipt(missing) }?.contains("'\(member)'") == true)
    }
  }
}

extension Timestamp {
  func advanced(days: Int64) -> Timestamp {
    Timestamp(milliseconds: milliseconds + days * 86_400_000)!
  }
}
