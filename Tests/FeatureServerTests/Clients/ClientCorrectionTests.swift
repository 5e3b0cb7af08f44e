// Corrections, tables, forgetting and checks through the Swift client: what the server answers then, and what
// it refuses in its own words.
import FeatureModel
import Hindcast
import TestSupport
import Testing

@Suite struct ClientCorrectionTests {
  private static let stream = """
    { "stream": "mails", "fields": { "id": "string", "sender": "string", "at": "timestamp", "size": "int",
      "score": "double" }, "eventTime": "at", "id": "id", "keep": true }
    """
  private static let view = """
    { "view": "by_sender", "stream": "mails", "entity": ["sender"], "slice": "1m", "features": {
      "N": { "count": true, "windows": ["1h"] }, "SIZE": { "sum": "size", "windows": ["1h"] },
      "SCORE": { "sum": "score", "windows": ["1h"] } } }
    """
  private static let table = """
    { "table": "reputation", "key": { "sender": "string", "port": "int" }, "validFrom": "since",
      "attributes": { "score": "double", "tier": "string", "spam": "bool" }, "slice": "1m" }
    """

  private func withClient(_ body: (ClientWorld, Client) async throws -> Void) async throws {
    try await ClientWorld.with { world in
      let client = world.client()
      try await client.register(declarations: [Self.stream, Self.view, Self.table])
      try await body(world, client)
    }
  }

  private func mail(_ id: String, _ world: ClientWorld, size: Int64) -> Client.Fields {
    [
      ("id", .string(id)), ("sender", .string("ann")), ("at", .timestamp(world.clock.now)),
      ("size", .int(size)), ("score", .double(0.1)),
    ]
  }

  private func answers(_ client: Client, _ mode: ReadMode = .asServed) async throws -> [Value] {
    try await client.features(of: "by_sender", entity: ["ann"], mode: mode).map(\.value)
  }

  @Test func `Events are taken back and amended, and earlier answers stay`() async throws {
    try await withClient { world, client in
      for (index, size) in [1, 10, 100].enumerated() {
        _ = try await client.add(mail("m\(index)", world, size: Int64(size)), to: "mails")
      }
      world.clock.advance(60_000)
      let before = world.clock.now
      let served = try await answers(client)
      #expect(served == [.int(3), .int(111), .double(0.30000000000000004)])
      world.clock.advance(60_000)
      let retracted = try await client.retract(["m1", "m0"], from: "mails")
      #expect(retracted.retracted == 2 && retracted.appended == 0 && retracted.slices == 1)
      #expect(retracted.knownFrom == world.clock.now)
      #expect(try await answers(client, .corrected) == [.int(1), .int(100), .double(0.1)])
      var mended = mail("m2", world, size: -7)
      mended[4].value = .null
      let amended = try await client.amend(mended, of: "mails")
      #expect(amended.retracted == 1 && amended.appended == 1)
      #expect(try await answers(client, .fresh) == [.int(1), .int(-7), .double(0)])
      world.clock.advance(60_000)
      #expect(try await answers(client) == [.int(1), .int(-7), .double(0)])
      let then = try await client.features(of: "by_sender", entity: ["ann"], at: before)
      let isSame = TestSupport.areSame(then.map(\.value), served)
      #expect(isSame)
    }
  }

  @Test func `Rows are all that a table has, and drop takes it away`() async throws {
    try await withClient { world, client in
      let since = Value.timestamp(Timestamp(parsing: "2026-01-01")!)
      let rows: [Client.Fields] = [
        [
          ("sender", .string("a\"|\\é\n")), ("port", .int(.min)), ("since", since),
          ("score", .double(0.1)), ("tier", .string("x")), ("spam", .bool(true)),
        ],
        [("sender", .string("bob")), ("port", .int(25)), ("tier", .null)],
      ]
      let loaded = try await client.load(rows, into: "reputation")
      #expect(loaded.rows == 2 && loaded.added == 2 && loaded.knownFrom == world.clock.now)
      let same = try await client.load(rows, into: "reputation")
      #expect(same.unchanged == 2 && same.knownFrom == nil)
      let found = try await client.features(
        of: "reputation", entity: ["a\"|\\é\n", String(Int64.min)], mode: .fresh)
      #expect(found.map(\.value) == [since, .double(0.1), .string("x"), .bool(true)])
      let fewer = try await client.load([rows[1]], into: "reputation")
      #expect(fewer.removed == 1 && fewer.unchanged == 1)
      try await client.drop(table: "reputation")
      await #expect(throws: ClientError.self) { try await client.load(rows, into: "reputation") }
    }
  }

  @Test func `What is refused changes nothing, and says why`() async throws {
    try await withClient { world, client in
      _ = try await client.add(mail("m0", world, size: 1), to: "mails")
      let trail = try await client.audit()
      func refusal(_ body: () async throws -> Void) async -> String {
        do {
          try await body()
          return "it went well"
        } catch { return "\(error)" }
      }
      let refusals: [(String, String)] = [
        (
          await refusal { _ = try await client.retract(["m0", "m9"], from: "mails") }, "id 2: field"
        ),
        (await refusal { _ = try await client.retract(["m0"], from: "mail") }, "'mails'?"),
        (await refusal { _ = try await client.retract([], from: "mails") }, "no ids"),
        (
          await refusal { _ = try await client.amend(self.mail("x", world, size: 1), of: "mails") },
          "no event of 'mails'"
        ),
        (await refusal { _ = try await client.amend([], of: "mails") }, "without fields"),
        (
          await refusal { _ = try await client.amend([("ids", .string("m0"))], of: "mails") },
          "did you mean 'id'?"
        ),
        (
          await refusal {
            _ = try await client.load(
              [[("sender", .string("a")), ("port", .int(1))], [("sender", .string("b"))]],
              into: "reputation")
          }, "line 2: field 'port': a value is missing"
        ),
        (await refusal { _ = try await client.load([], into: "reputation") }, "no rows"),
        (await refusal { _ = try await client.forget(["sendr": "ann"]) }, "did you mean 'sender'?"),
        (await refusal { try await client.drop(table: "mails") }, "no table 'mails'"),
      ]
      for (text, reason) in refusals { #expect(text.contains(reason), "\(text)") }
      #expect(try await client.audit() == trail)
    }
  }

  @Test func `An entity is forgotten, and the report is the server's`() async throws {
    try await withClient { world, client in
      for sender in ["ann.forgettable@example.com", "bob"] {
        var mail = mail("m-\(sender)", world, size: 1)
        mail[1].value = .string(sender)
        _ = try await client.add(mail, to: "mails")
      }
      let found = try await client.find(["sender": "ann.forgettable@example.com"])
      #expect(found.left > 0 && found.erased == 0 && found.fields == ["sender"])
      let report = try await client.forget(["sender": "ann.forgettable@example.com"])
      #expect(report.left == 0 && report.erased > 0 && report.isTextSearched)
      #expect(report.bytesRead > 0)
      let kept = try #require(report.places.first { $0.kind == "kept events" && $0.erased > 0 })
      #expect(kept.name == "mails" && kept.unit == "events" && kept.erased == 1)
      // Its id has its name in it.
      #expect(report.mentions.allSatisfy { $0.count > 0 && !$0.wayOut.isEmpty })
      #expect(try await answers(client, .fresh)[0] == .int(0))
    }
  }

  @Test func `Checks tell mistakes, warnings and notes`() async throws {
    try await withClient { _, client in
      #expect(try await client.check(declarations: [Self.view]) == DeclarationFindings())
      let bounded = Self.stream.replacing("\"keep\": true", with: "\"keep\": \"30m\"")
        .replacing("\"mails\"", with: "\"short\"")
      let view = Self.view.replacing("\"mails\"", with: "\"short\"")
        .replacing("by_sender", with: "b2")
        .replacing(#""count": true"#, with: #""distinct": "id", "exactUpTo": 60000"#)
      let findings = try await client.check(declarations: [bounded, view])
      #expect(findings.mistakes == [] && findings.warnings.count == 1, "\(findings)")
      #expect(findings.warnings.first?.contains("view b2: 'N', 'SIZE', 'SCORE' reach") == true)
      #expect(findings.notes.first?.contains("view b2: 'N' may take up to") == true, "\(findings)")
      let wrong = try await client.check(declarations: ["{\"view\": \"x\"}", "nonsense"])
      #expect(wrong.mistakes.count >= 2 && wrong.warnings == [])
    }
  }
}
