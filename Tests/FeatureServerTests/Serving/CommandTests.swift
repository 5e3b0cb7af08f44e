// What each command answers, over a real socket in both versions of the protocol.
import FeatureModel
import Foundation
import RESP
import Testing

@Suite struct ServedCommandTests {
  private static let before = Timestamp(parsing: "2026-03-01T11:59:50Z")!

  /// A world in which ann has sent two mails, ten and twenty seconds before the slice that the clock is in.
  private func filled(_ body: (ServerWorld, WireClient) throws -> Void) throws {
    try ServerWorld.with { world in
      let client = try world.client()
      let replies = try client.pipeline([
        ServerWorld.mail("ann", at: Self.before, score: 0.1, size: 7),
        ServerWorld.mail("ann", to: "cid", at: Self.before, score: 0.2, size: 9),
      ])
      #expect(replies.allSatisfy { $0.errorText == nil })
      world.clock.advance(60_000 * 5)
      try body(world, client)
    }
  }

  @Test func lookUpsOfNow() throws {
    try filled { _, client in
      let sum = 0.1 + 0.2
      #expect(
        try client.ask("HMGET", "by_sender:ann", "10m_N", "10m_SCORE", "1m_N", "1h_TO")
          == .array([
            .bulk(Array("2".utf8)), .bulk(Array("\(sum)".utf8)), .bulk(Array("0".utf8)),
            .bulk(Array("2".utf8)),
          ]))
      #expect(try client.ask("hget", "by_sender:ann", "10m_N") == .bulk(Array("2".utf8)))
      #expect(try client.ask("HGET", "by_pair:ann|cid", "1h_SIZE") == .bulk(Array("9".utf8)))
      #expect(try client.ask("HGET", "by_pair:ann|dan", "1h_SIZE") == .null)
      let all = try client.ask("HGETALL", "by_pair:ann|bob")
      #expect(all["1h_SIZE"]?.text == "7")
      #expect(all["1h_N"]?.text == "1")
    }
  }

  @Test func typedLookUps() throws {
    try filled { _, client in
      #expect(try client.ask("HELLO", "3")["proto"] == .integer(3))
      let answer = try client.ask("FS.GET", "by_sender", "ann")
      #expect(answer["10m_N"] == .integer(2))
      #expect(answer["10m_SCORE"] == .double(0.1 + 0.2))
      let many = try client.ask("FS.MGET", "by_sender", "2", "ann", "eve", "FEATURES", "1", "10m_N")
      #expect(many == .array([.array([.integer(2)]), .array([.integer(0)])]))
      let vector = try client.ask("FS.VECTOR", "risk", "sender=ann", "recipient=bob")
      #expect(vector == .array([.integer(2), .integer(1), .double(0.1 + 0.2)]))
      let early = try client.ask(
        "FS.VECTOR", "risk", "recipient=bob", "sender=ann", "ASOF", "2026-03-01T12:00:10Z")
      #expect(early == .array([.integer(0), .integer(0), .double(0)]))
    }
  }

  @Test func otherMoments() throws {
    try filled { world, client in
      let get = ["FS.GET", "by_sender", "ann"]
      let features = ["FEATURES", "1", "10m_N"]
      let early = "2026-03-01T12:00:20Z"
      // The mails came in the slice of 12:00 and count as arriving there.
      #expect(try client.ask(get + ["ASOF", early] + features)["10m_N"]?.integer == 0)
      #expect(try client.ask(get + ["ASOF", early, "CORRECTED"] + features)["10m_N"]?.integer == 2)
      #expect(
        try client.ask(get + ["ASOF", early, "KNOWN", world.clock.now.description] + features)[
          "10m_N"]?.integer == 2)
      let ahead = try client.ask(get + ["ASOF", "2026-03-01T13:00:00Z"])
      #expect(ahead.errorText?.contains("lies ahead of the clock") == true)
      #expect(try client.ask(ServerWorld.mail("ann", at: world.clock.now)).errorText == nil)
      #expect(try client.ask(get + features)["10m_N"]?.integer == 2)
      #expect(try client.ask(get + ["FRESH"] + features)["10m_N"]?.integer == 3)
    }
  }

  @Test func explained() throws {
    try filled { _, client in
      let answer = try client.ask("FS.EXPLAIN", "by_sender", "ann", "10m_N")
      #expect(answer["value"] == .integer(2))
      let slice = try #require(answer["slices"]?.items?.first)
      #expect(slice["slice"]?.text == "2026-03-01T11:59:00Z")
      #expect(slice["arrival"]?.text == "2026-03-01T12:00:00Z")
    }
  }

  @Test func manyEntitiesAtOnce() throws {
    try filled { _, client in
      let entities = (0..<5000).map { $0 == 4321 ? "ann" : "nobody\($0)" }
      let answer = try client.ask(
        ["FS.MGET", "by_sender", "5000"] + entities + ["FEATURES", "1", "10m_N"])
      let rows = try #require(answer.items)
      #expect(rows.count == 5000)
      for (index, row) in rows.enumerated() {
        #expect(row == .array([.integer(index == 4321 ? 2 : 0)]))
      }
    }
  }

  @Test func registeredWhileServing() throws {
    try filled { _, client in
      let wider = ServerWorld.views[1].replacing("\"1h\"] },", with: "\"1h\", \"2h\"] },")
      #expect(try client.ask("FS.CHECK", wider) == .array([]))
      #expect(try client.ask("HGET", "by_pair:ann|bob", "2h_N").errorText != nil)
      let report = try client.ask("FS.REGISTER", wider)
      #expect(report.items?.first?["outcome"]?.text == "extended")
      #expect(try client.ask("HGET", "by_pair:ann|bob", "2h_N").text == "1")
      let mistake = try client.ask("FS.REGISTER", "{ \"view\": \"x\" }")
      #expect(mistake.errorText?.contains("stream") == true)
      let views = try client.ask("FS.VIEWS").items ?? []
      #expect(views.compactMap { $0["name"]?.text } == ["by_sender", "by_pair", "risk", "shares"])
      let description = try client.ask("FS.DESCRIBE", "by_pair")
      #expect(description["features"]?["2h_N"]?.text == "int")
    }
  }

  @Test func checksTellRemarksWhereTheyAreAskedFor() throws {
    try ServerWorld.with { world in
      let client = try world.client()
      let bounded = ServerWorld.keptStream.replacing(#""keep": true"#, with: #""keep": "10m""#)
      let view = ServerWorld.views[0].replacing("by_sender", with: "late")
        .replacing(
          #""distinct": "recipient""#, with: #""distinct": "recipient", "exactUpTo": 60000"#)
      #expect(try client.ask("FS.CHECK", bounded, view) == .array([]))
      for word in ["REMARKS", "remarks"] {
        let told = try client.ask("FS.CHECK", word, bounded, view)
        #expect(told.pairs?.compactMap(\.key.text) == ["mistakes", "warnings", "notes"])
        #expect(told["mistakes"] == .array([]))
        let warning = told["warnings"]?.items?.first?.text
        #expect(warning?.hasPrefix("view late: '1h_N', '1h_TO' reach further back") == true)
        #expect(told["notes"]?.items?.first?.text?.contains("'1h_TO' may take up to") == true)
      }
      let wrong = try client.ask("FS.CHECK", "REMARKS", "{ \"view\": \"x\" }")
      #expect(wrong["mistakes"]?.items?.count ?? 0 > 0 && wrong["warnings"] == .array([]))
      // Words that a command does not know are declarations, and as such mistakes.
      for word in ["REPLACE", "SILENT", "REMARK", "REMARKS"] {
        let words = word == "REMARKS" ? ["FS.CHECK", word] : ["FS.CHECK", word, view]
        let told = try client.ask(words).items?.first?.text
        #expect(told?.contains(word == "REMARKS" ? "declaration: " : "declaration 1: ") == true)
      }
      for command in ["FS.REGISTER", "FS.PLAN"] {
        let reply = try client.ask(command, "REMARKS", view)
        #expect(reply.errorText?.contains("declaration 1: ") == true, "\(reply)")
      }
      #expect(
        try client.ask("FS.CHECK").errorText?.contains("FS.CHECK [REMARKS] declaration") == true)
    }
  }

  @Test func aMistypedEventLeavesNothingBehind() throws {
    try ServerWorld.with { world in
      let client = try world.client()
      let wrong = ["XADD", "mails", "*", "sendr", "a", "at", "2026"]
      #expect(try client.ask(wrong).errorText != nil)
      let view = ServerWorld.views[1].replacing("by_pair", with: "by_pair_too")
      let replies = try client.pipeline([
        ["FS.REGISTER", view], ServerWorld.mail("ann", at: world.clock.now), wrong,
        ServerWorld.mail("ann", at: world.clock.now),
      ])
      #expect(replies[1].errorText == nil)
      #expect(replies[3].errorText == nil)
      world.clock.advance(300_000)
      #expect(try client.ask("HGET", "by_pair_too:ann|bob", "1h_N").text == "2")
      #expect(try client.ask("HGET", "by_sender:ann", "10m_N").text == "2")
    }
  }

  @Test func checkpointsAndFigures() throws {
    try filled { world, client in
      let folder = world.folder + "/copy"
      #expect(try client.ask("FS.CHECKPOINT", folder) == .simple("OK"))
      #expect(FileManager.default.fileExists(atPath: folder + "/CURRENT"))
      #expect(try client.ask("FS.CHECKPOINT", folder).errorText != nil)
      #expect(try client.ask("FS.STATS")["views"]?["by_sender"] != nil)
      let info = try client.ask("INFO", "stats").text ?? ""
      #expect(info.contains("total_events:2\r\n"))
    }
  }

  @Test func producersAndTheirMarks() throws {
    try filled { world, client in
      func add(_ id: String, _ producer: String) throws -> RESPValue {
        try client.ask(
          ServerWorld.mail("eve", at: world.clock.now, id: id, producer: producer))
      }
      #expect(try add("5-1", "p").text == "5-1")
      #expect(try add("5-1", "p").errorText?.contains("equal or smaller") == true)
      #expect(try add("5-0", "p").errorText?.contains("equal or smaller") == true)
      #expect(try add("5-*", "p").text == "5-2")
      #expect(try add("0-0", "q").errorText?.contains("greater than 0-0") == true)
      #expect(try add("4", "q").text == "4-0")
      #expect(try add("x-1", "q").errorText?.contains("Invalid stream ID") == true)
      #expect(try client.ask("XLEN", "mails:p") == .integer(2))
      #expect(try client.ask("XLEN", "mails") == .integer(5))
      let about = try client.ask("XINFO", "STREAM", "mails:p")
      #expect(about["last-generated-id"]?.text == "5-2")
      #expect(about["producers"]?["q"]?["last-generated-id"]?.text == "4-0")
      world.clock.advance(60_000)
      #expect(try client.ask("HGET", "by_sender:eve", "10m_N").text == "3")
      try world.restart()
      let again = try world.client()
      #expect(try again.ask("XLEN", "mails:p") == .integer(2))
    }
  }

  @Test func mistakesAreNamed() throws {
    try filled { world, client in
      let cases: [([String], String)] = [
        (["NOPE", "x"], "unknown command 'NOPE'"),
        (["HMGET"], "wrong number of arguments"), (["HMGET", "by_sender", "10m_N"], "no colon"),
        (["HMGET", "by_sendr:a", "10m_N"], "did you mean 'by_sender'"),
        (["HMGET", "by_sender:a", "10m_M"], "did you mean '10m_N'"),
        (["HGETALL", "by_pair:ann"], "2 parts are needed, 1 given"),
        (["FS.GET", "by_sender", "a", "ASOF"], "ASOF needs a time"),
        (["FS.GET", "by_sender", "a", "KNOWN", "2026", "FRESH"], "exclude each other"),
        (["FS.GET", "by_sender", "a", "FEATURES", "3", "10m_N"], "FEATURES needs a number"),
        (["FS.GET", "by_sender", "a", "WHAT"], "'WHAT' is none of"),
        (["FS.MGET", "by_sender", "9", "a"], "needs a number"),
        (["FS.VECTOR", "risk", "sender=a"], "'recipient' is missing"),
        (["FS.VECTOR", "risk", "sender=a", "recipient=b", "x=c"], "no view of the set"),
        (["FS.VECTOR", "rsk", "sender=a"], "did you mean 'risk'"),
        (["XADD", "mails", "*", "sender", "a"], "'at'"),
        (["XADD", "mails", "*", "sender", "a", "at", "noon"], "field 'at'"),
        (["XADD", "mails", "*", "sendr", "a"], "did you mean 'sender'"),
        (["XADD", "mails", "*", "sender", "a", "sender", "b"], "given twice"),
        (["XADD", "mial", "*", "sender", "a"], "mails"),
        (["XADD", "mails", "MAXLEN", "5", "*", "a", "b"], "keeps no events to be trimmed"),
        (["SELECT", "1"], "out of range"), (["HELLO", "4"], "NOPROTO"),
        (["CLIENT", "FLY"], "unknown subcommand 'FLY'"), (["EXEC"], "EXEC without MULTI"),
        (["FS.DESCRIBE", "nothing"], "no view, stream or set"),
      ]
      for (words, message) in cases {
        let text = try client.ask(words).errorText
        #expect(text?.contains(message) == true, "\(words): \(text ?? "no error")")
      }
      // Nothing of it changed anything, and the connection is as good as before.
      #expect(try client.ask("XLEN", "mails") == .integer(2))
    }
  }

  @Test func transactions() throws {
    try filled { world, client in
      let replies = try client.pipeline([
        ["MULTI"], ["HGET", "by_sender:ann", "10m_N"],
        ServerWorld.mail("ann", at: world.clock.now, id: "9-1", producer: "p"),
        ServerWorld.mail("ann", at: world.clock.now, id: "9-1", producer: "p"),
        ["FS.EXPLAIN", "by_sender", "ann", "10m_N"], ["EXEC"], ["PING"],
      ])
      #expect(replies[0] == .simple("OK"))
      #expect(replies[1...4].allSatisfy { $0 == .simple("QUEUED") })
      let items = try #require(replies[5].items)
      #expect(items.count == 4)
      #expect(items[0].text == "2")
      #expect(items[1].text == "9-1")
      #expect(items[2].errorText != nil)
      #expect(items[3]["value"] != nil)
      #expect(replies[6] == .simple("PONG"))
      let broken = try client.pipeline([["MULTI"], ["NOPE"], ["PING"], ["EXEC"]])
      #expect(broken[3].errorText?.hasPrefix("EXECABORT") == true)
      let dropped = try client.pipeline([["MULTI"], ["PING"], ["DISCARD"], ["EXEC"]])
      #expect(dropped[2] == .simple("OK"))
      #expect(dropped[3].errorText != nil)
    }
  }

  @Test func repliesComeInTheOrderOfCommands() throws {
    try filled { world, client in
      var commands: [[String]] = []
      for index in 0..<300 {
        switch index % 5 {
        case 0: commands.append(["ECHO", "\(index)"])
        case 1:
          commands.append(
            ServerWorld.mail("zoe", at: world.clock.now, id: "7-\(index + 1)", producer: "p"))
        case 2: commands.append(["HGET", "by_sender:ann", "10m_N"])
        case 3: commands.append(["FS.EXPLAIN", "by_sender", "ann", "10m_N"])
        default: commands.append(["XADD", "mails", "7-0", "sender", "a", "at", "now"])
        }
      }
      for (index, reply) in try client.pipeline(commands).enumerated() {
        switch index % 5 {
        case 0: #expect(reply.text == "\(index)")
        case 1: #expect(reply.text == "7-\(index + 1)")
        case 2: #expect(reply.text == "2")
        case 3: #expect(reply["value"] == .bulk(Array("2".utf8)) || reply["value"] == .integer(2))
        default: #expect(reply.errorText?.contains("field 'at'") == true)
        }
      }
    }
  }
}

extension RESPValue {
  var integer: Int64? {
    if case .integer(let number) = self { return number }
    return text.flatMap { Int64($0) }
  }
}
