// Declarations that change while a server answers: a view over kept events is built beside the look-ups and the
// ingest and then answers with its history; plans tell it before, the trail afterwards.
import FeatureModel
import FeatureServer
import Foundation
import Hindcast
import RESP
import TestSupport
import Testing

@Suite struct EvolutionTests {
  private static let view = """
    { "view": "late", "stream": "mails", "entity": ["recipient"], "slice": "1m", "features": {
      "{window}_N": { "count": true, "windows": ["10m", "1h"] },
      "{window}_FROM": { "distinct": "sender", "windows": ["1h"] } } }
    """

  @Test func `A view over kept events is built while the server answers, and has its history`()
    throws
  {
    try ServerWorld.with { world in
      let client = try world.client()
      _ = try client.ask([
        "FS.REGISTER", ServerWorld.keptStream, Self.view.replacing("late", with: "early"),
      ])
      var random = SplitMix64(41)
      for _ in 0..<40 {
        let mails = (0..<50).map { _ in
          ServerWorld.mail(
            "s\(random.below(9))", to: "r\(random.below(5))",
            at: world.clock.now.advanced(by: -Int64(random.below(600_000))))
        }
        for reply in try client.pipeline(mails) { #expect(reply.errorText == nil) }
        world.clock.advance(20_000)
      }
      let plan = try client.ask(["FS.PLAN", Self.view])
      #expect(plan.allText.contains("built from 2000 kept events"))
      let outcome = try client.ask(["FS.REGISTER", Self.view])
      #expect(outcome.allText.contains("building"))
      for _ in 0..<5 {
        _ = try client.ask(ServerWorld.mail("s1", to: "r1", at: world.clock.now))
      }
      try Self.wait(until: "late", answers: client)
      world.clock.advance(60_000)
      for recipient in 0..<5 {
        for mode in [[], ["CORRECTED"], ["ASOF", "2026-03-01T12:07:00Z"]] {
          let rest = ["r\(recipient)"] + mode
          let late = try client.ask(["FS.GET", "late"] + rest)
          #expect(try client.ask(["FS.GET", "early"] + rest) == late)
          #expect(late.errorText == nil)
        }
      }
      let trail = try client.ask(["FS.AUDIT"])
      #expect(trail.allText.contains("view 'late'"))
      #expect(try client.ask(["FS.DROP", "late"]) == .simple("OK"))
      #expect(
        try client.ask(["FS.GET", "late", "r1"]).errorText?.contains("no view 'late'") == true)
      #expect(try client.ask(["FS.GET", "early", "r1"]).errorText == nil)
    }
  }

  @Test func `Another meaning needs the word, and takes the name over when it is ready`() throws {
    try ServerWorld.with { world in
      let client = try world.client()
      _ = try client.ask(["FS.REGISTER", ServerWorld.keptStream])
      for _ in 0..<30 {
        _ = try client.ask(ServerWorld.mail("a", at: world.clock.now, size: 5))
        _ = try client.ask(ServerWorld.mail("a", at: world.clock.now, size: 50))
      }
      _ = try client.ask(["FS.REGISTER", Self.view])
      try Self.wait(until: "late", answers: client)
      world.clock.advance(60_000)
      let large = Self.view.replacing(#""slice""#, with: #""where": "size > 10", "slice""#)
      #expect(try client.ask(["FS.REGISTER", large]).errorText?.contains("where: none") == true)
      #expect(try client.ask(["HMGET", "late:bob", "10m_N"]).texts == ["60"])
      #expect(try client.ask(["FS.REGISTER", "REPLACE", large]).allText.contains("building"))
      for _ in 0..<1000 where try client.ask(["HMGET", "late:bob", "10m_N"]).texts != ["30"] {
        usleep(5000)
      }
      #expect(try client.ask(["HMGET", "late:bob", "10m_N"]).texts == ["30"])
    }
  }

  private static func wait(until view: String, answers client: WireClient) throws {
    for _ in 0..<2000 {
      if try client.ask(["FS.GET", view, "r1"]).errorText == nil { return }
      usleep(5000)
    }
    Issue.record("'\(view)' was not built within ten seconds")
  }
}

extension RESPValue {
  /// The texts of an array's elements.
  fileprivate var texts: [String?] { (items ?? []).map(\.text) }

  /// Every text in it, a line each.
  var allText: String {
    if let text { return text }
    let parts = items ?? pairs?.flatMap { [$0.key, $0.value] } ?? []
    return parts.map(\.allText).joined(separator: "\n")
  }
}

extension Timestamp {
  fileprivate func advanced(by milliseconds: Int64) -> Timestamp {
    Timestamp(milliseconds: self.milliseconds + milliseconds)!
  }
}
