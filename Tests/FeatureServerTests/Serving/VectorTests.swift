// Computed vectors over a socket: kept while no view begins another slice, gone with the first that does, and
// with the set's declaration.
import FeatureModel
import RESP
import TestSupport
import Testing

@Suite struct VectorTests {
  private func filled(_ body: (ServerWorld, WireClient) throws -> Void) throws {
    try ServerWorld.with { world in
      let client = try world.client()
      #expect(try client.ask("HELLO", "3")["proto"] == .integer(3))
      for (to, size) in [("bob", 150), ("cid", 7)] {
        let mail = ServerWorld.mail("ann", to: to, at: world.clock.now, score: 0.25, size: size)
        #expect(try client.ask(mail).errorText == nil)
      }
      try body(world, client)
    }
  }

  private let shares = ["FS.VECTOR", "shares", "sender=ann", "recipient=bob"]

  @Test func `A vector changes where a slice of one of its views ends, and nowhere else`() throws {
    try filled { world, client in
      #expect(try client.ask(shares) == .array([.double(0), .double(0), .bool(false)]))
      world.clock.advance(60_000)
      // The sender's minute has ended, the pair's five have not.
      let first = try client.ask(shares)
      #expect(first == .array([.double(0.5), .double(0), .bool(false)]), "\(first)")
      for _ in 0..<3 { #expect(try client.ask(shares) == first) }
      let pipelined = try client.pipeline(Array(repeating: shares, count: 8))
      #expect(pipelined == Array(repeating: first, count: 8))
      world.clock.advance(5 * 60_000)
      let second = try client.ask(shares)
      #expect(second == .array([.double(0.5), .double(0.5), .bool(false)]), "\(second)")
      #expect(try client.ask(shares + ["ASOF", "2026-03-01T12:01:30Z"]) == first)
      #expect(try client.ask(shares) == second)
      let other = try client.ask("FS.VECTOR", "shares", "recipient=cid", "sender=ann")
      #expect(other == second)
      let fresh = try client.ask(shares + ["ASOF", "2026-03-01T12:00:40Z", "FRESH"])
      #expect(fresh == second)
      let nobody = try client.ask("FS.VECTOR", "shares", "recipient=a|b", "sender=x\\y")
      #expect(nobody == .array([.double(0), .double(0), .bool(false)]))
    }
  }

  @Test func `Another set under the name has another vector, and a view stays while it is read`()
    throws
  {
    try filled { world, client in
      world.clock.advance(10 * 60_000)
      let before = try client.ask(shares)
      let drop = try client.ask("FS.DROP", "by_pair").errorText
      #expect(drop?.contains("feature set") == true, "\(drop ?? "")")
      #expect(try client.ask("FS.DROP", "SET", "shares").errorText == nil)
      #expect(try client.ask(shares).errorText?.contains("no feature set 'shares'") == true)
      let text =
        #"{"set": "shares", "features": [{"name": "N", "derive": "by_sender.1h_N * 2"}], "#
        + #""keys": {"by_sender": {"sender": "who"}}}"#
      #expect(try client.ask("FS.REGISTER", text).errorText == nil)
      #expect(try client.ask("FS.VECTOR", "shares", "who=ann") == .array([.integer(4)]))
      #expect(try client.ask(shares).errorText?.contains("it needs who=...") == true)
      #expect(before.items?.count == 3)
      let told = try client.ask("FS.DESCRIBE", "shares")
      #expect(told["key"]?.items?.map(\.text) == ["who"])
      #expect(told["features"]?.pairs?.map(\.key.text) == ["N"])
      #expect(told["features"]?["N"]?.text == "int")
    }
  }
}
