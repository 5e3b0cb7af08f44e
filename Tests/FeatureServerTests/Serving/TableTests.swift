// Tables on a server: rows are replaced between look-ups, known from the next slice on, and fresh at once.
import FeatureModel
import FeatureServer
import Hindcast
import RESP
import TestSupport
import Testing

@Suite struct TableTests {
  private static let table = """
    {"table": "reputation", "key": {"sender": "string"}, "validFrom": "since",
     "attributes": {"score": "double", "tier": "string"}, "slice": "1m"}
    """
  private static let set = """
    {"set": "known", "features": ["by_sender.10m_N", "reputation.tier", "reputation.score"]}
    """

  private func load(_ client: WireClient, _ rows: String...) throws -> RESPValue {
    try client.ask(["FS.LOAD", "reputation"] + rows)
  }

  @Test func `Rows answer from the next slice on, and fresh at once`() throws {
    try ServerWorld.with { world in
      let client = try world.client()
      #expect(try client.ask(["FS.REGISTER", Self.table, Self.set]).errorText == nil)
      let ask = { (rest: [String]) in
        try client.ask(["FS.GET", "reputation", "ann"] + rest + ["FEATURES", "1", "tier"]).allText
      }
      let gold = #"{"sender": "ann", "since": "2026-02-01", "score": 0.5, "tier": "gold"}"#
      let first = try load(client, gold, #"{"sender": "bob", "tier": "basic"}"#)
      #expect(first.allText.contains("2026-03-01T12:00:30"), "\(first)")
      #expect(try !ask([]).contains("gold"))
      #expect(try ask(["FRESH"]).contains("gold"))
      world.clock.advance(30_000)
      #expect(try ask([]).contains("gold"))
      #expect(
        try client.ask(["HMGET", "reputation:bob", "tier", "score"]).allText.contains("basic"))
      let vector = try client.ask(["FS.VECTOR", "known", "sender=ann"])
      #expect(vector.allText.contains("gold") && vector.allText.contains("0.5"))
      #expect(try load(client, gold.replacing("gold", with: "silver")).errorText == nil)
      #expect(try ask([]).contains("gold"))
      #expect(try ask(["FRESH"]).contains("silver"))
      world.clock.advance(60_000)
      #expect(try ask([]).contains("silver"))
      #expect(try ask(["ASOF", "2026-03-01T12:01:30Z"]).contains("gold"))
      #expect(try !client.ask(["HMGET", "reputation:bob", "tier"]).allText.contains("basic"))
      let same = try load(client, gold.replacing("gold", with: "silver"))
      #expect(same.errorText == nil)
      #expect(try client.ask(["FS.DESCRIBE", "reputation"]).allText.contains("validFrom"))
    }
  }

  @Test func `What cannot be loaded is an error, and changes nothing`() throws {
    try ServerWorld.with { world in
      let client = try world.client()
      _ = try client.ask(["FS.REGISTER", Self.table])
      let bad = try load(client, #"{"sender": "ann"}"#, #"{"sender": "bob", "score": "high"}"#)
      #expect(bad.errorText?.contains("FS.LOAD: line 2: field 'score'") == true, "\(bad)")
      let ahead = try load(client, #"{"sender": "ann", "since": "2026-03-02"}"#)
      #expect(ahead.errorText?.contains("lies ahead of") == true)
      let split = try load(client, "{\"sender\":\n\"ann\"}")
      #expect(split.errorText?.contains("line end") == true)
      #expect(
        try client.ask(["FS.LOAD", "mails", "{}"]).errorText?.contains("no table 'mails'") == true)
      let added = try client.ask([
        "XADD", "reputation", "*", "sender", "ann", "since", "2026-01-01",
      ])
      #expect(added.errorText?.contains("FS.LOAD") == true, "\(added)")
      #expect(try world.store.store.rowCount(of: "reputation") == 0)
      #expect(
        try client.ask(["FS.DROP", "reputation"]).errorText?.contains("drop the table") == true)
      #expect(try client.ask(["FS.DROP", "TABLE", "reputation"]) == .simple("OK"))
      #expect(try client.ask(["FS.GET", "reputation", "ann"]).errorText != nil)
    }
  }
}
