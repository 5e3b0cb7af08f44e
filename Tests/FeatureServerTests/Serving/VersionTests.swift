// Versions of a view on a server: a silent one takes events in, is logged beside what serves, answers nobody,
// can be compared, and takes the name over and gives it back under look-ups. What is deprecated is counted.
import FeatureModel
import FeatureServer
import Foundation
import Hindcast
import Monitoring
import RESP
import TestSupport
import Testing

@Suite struct VersionTests {
  /// by_sender as the world has it, but for large mails alone, and with a window less.
  private static let changed = ServerWorld.views[0]
    .replacing(#""slice": "1m""#, with: #""slice": "1m", "where": "size > 20""#)
    .replacing(#""1m", "10m", "1h""#, with: #""10m", "1h""#)

  @Test func `A silent version is logged beside the answers, and every pair can be told`() throws {
    try ServerWorld.with(servesLog: true) { world in
      let client = try world.client()
      let registered = try client.ask(["FS.REGISTER", "SILENT", Self.changed])
      #expect(registered.versionTexts.contains("by_sender@2"))
      var random = SplitMix64(43)
      var naive: [String: (all: Int, large: Int)] = [:]
      var asked = 0
      for _ in 0..<12 {
        // What was sent before this minute is what is answered in it.
        for (sender, counts) in naive {
          let reply = try client.ask(["HMGET", "by_sender:\(sender)", "1h_N", "10m_SCORE"])
          #expect(reply.items?[0].text == "\(counts.all)", "seed 43")
          asked += 1
        }
        _ = try client.ask(["FS.MGET", "by_sender", "2", "s0", "nobody"])
        _ = try client.ask(["FS.GET", "by_pair", "s0|bob"])
        asked += 2
        for _ in 0..<30 {
          let (sender, size) = ("s\(random.below(5))", 1 + random.below(40))
          _ = try client.ask(ServerWorld.mail(sender, at: world.clock.now, size: size))
          naive[sender, default: (0, 0)].all += 1
          if size > 20 { naive[sender]!.large += 1 }
        }
        world.clock.advance(60_000)
      }
      #expect(
        try client.ask(["HMGET", "by_sender@2:s0", "1h_N"]).errorText?.contains("is silent") == true
      )
      let explained = try client.ask(["FS.EXPLAIN", "by_sender@2", "s0", "1h_N"])
      #expect(explained["value"] == .integer(Int64(naive["s0"]!.large)))
      world.server.stop()
      let store = world.store
      let log = try ServedReplay(world.folder + "/served")
      // All that was logged of both is what the join says.
      let report = try log.verify(store)
      #expect(report.isClean && report.unreplayable.isEmpty, "\(report.mismatches)")
      #expect(report.views["by_sender"]?.compared == asked)
      #expect(report.views["by_sender@2"]?.compared == asked)
      for passes in [1, 3] {
        let comparison = try log.compare("by_sender@2", in: store, passes: passes)
        #expect(comparison.pairs == asked && comparison.unpaired == 0)
        #expect(comparison.onlyInServed == ["1m_N"] && comparison.onlyInOther.isEmpty)
        let counts = try #require(comparison.features.first { $0.name == "1h_N" })
        #expect(counts.compared == asked && counts.differing > 0 && counts.numbers > 0)
        let example = try #require(counts.example)
        let reader = try store.store.reader(of: "by_sender@2", features: ["1h_N"])
        let entity = EntityKey(parts: example.entity.compactMap { $0 })
        #expect(try reader.answer(entity, at: example.time, .asServed) == [example.other])
      }
    }
  }

  @Test func `A version takes the name over, and gives it back`() throws {
    try ServerWorld.with(servesLog: true) { world in
      let client = try world.client()
      _ = try client.ask(["FS.REGISTER", "SILENT", Self.changed])
      for index in 0..<50 {
        _ = try client.ask(ServerWorld.mail("a", at: world.clock.now, size: index))
      }
      world.clock.advance(60_000)
      let ask = { (name: String) in try client.ask(["HMGET", "\(name):a", "1h_N"]) }
      let text = { (reply: RESPValue) in reply.items?[0].text }
      #expect(try text(ask("by_sender")) == "50")
      let refused = try client.ask(["FS.PROMOTE", "by_sender@2"])
      // The changed version has lost no feature of a set, so it may serve.
      #expect(refused.errorText == nil && refused["previous"]?.text == "by_sender@1")
      #expect(refused["sets"]?.items?.map(\.text) == ["risk", "shares"])
      #expect(try text(ask("by_sender")) == "29")
      #expect(try text(ask("by_sender@1")) == "50")
      #expect(try text(ask("by_sender@2")) == "29")
      #expect(try client.ask(["FS.VECTOR", "risk", "sender=a", "recipient=bob"]).errorText == nil)
      let views = try client.ask(["FS.VIEWS"]).versionTexts
      #expect(views.contains("by_sender@1") && views.contains("deprecated"))
      // Both go on taking events in.
      for _ in 0..<10 { _ = try client.ask(ServerWorld.mail("a", at: world.clock.now, size: 99)) }
      world.clock.advance(60_000)
      #expect(try text(ask("by_sender")) == "39")
      #expect(try text(ask("by_sender@1")) == "60")
      try world.restart()
      let again = try world.client()
      #expect(try text(again.ask(["HMGET", "by_sender:a", "1h_N"])) == "39")
      #expect(try again.ask(["FS.PROMOTE", "by_sender@1", "SILENT"]).errorText == nil)
      #expect(try text(again.ask(["HMGET", "by_sender:a", "1h_N"])) == "60")
      #expect(
        try again.ask(["HMGET", "by_sender@2:a", "1h_N"]).errorText?.contains("silent") == true)
      #expect(
        try again.ask(["FS.PROMOTE", "by_sender"]).errorText?.contains("name the version") == true)
      #expect(
        try again.ask(["FS.PROMOTE", "by_sender@1"]).errorText?.contains("serves already") == true)
      #expect(try again.ask(["FS.PROMOTE", "by_sender@7"]).errorText?.contains("no view") == true)
      world.server.stop()
      // What each version answered under whichever name is what it answers in a join.
      let report = try ServedReplay(world.folder + "/served").verify(world.store)
      #expect(report.isClean && report.unreplayable.isEmpty && report.compared > 8)
    }
  }

  @Test func `What is deprecated answers, is counted, and is told of when it is dropped`() throws {
    try ServerWorld.with { world in
      let client = try world.client()
      #expect(
        try client.ask(["FS.DEPRECATE", "by_pair.1h_SIZE", "REASON", "use 1h_N"]) == .simple("OK"))
      #expect(try client.ask(["FS.DEPRECATE", "by_sender"]) == .simple("OK"))
      for _ in 0..<7 { _ = try client.ask(["HMGET", "by_sender:a", "1m_N"]) }
      for _ in 0..<3 { _ = try client.ask(["HMGET", "by_pair:a|b", "1h_SIZE", "1h_N"]) }
      for _ in 0..<5 { _ = try client.ask(["HMGET", "by_pair:a|b", "1h_N"]) }
      _ = try client.ask(["FS.MGET", "by_sender", "2", "a", "b"])
      usleep(300_000)
      let described = try client.ask(["FS.DESCRIBE", "by_pair"])
      let text = try #require(described["deprecated"]?["by_pair.1h_SIZE"]?.text)
      #expect(text.contains("use 1h_N; 3 look-ups since"))
      let whole = try client.ask(["FS.DESCRIBE", "by_sender"])["deprecated"]?["by_sender"]?.text
      #expect(whole?.contains("9 look-ups since") == true, "\(whole ?? "")")
      #expect(try client.ask(["FS.DEPRECATE", "by_pair.1h_SIZE", "UNDO"]) == .simple("OK"))
      #expect(
        try client.ask(["FS.DEPRECATE", "by_pair.1h_SIZE", "UNDO"]).errorText?
          .contains("is not deprecated") == true)
      #expect(try client.ask(["FS.DEPRECATE", "nobody"]).errorText?.contains("no view") == true)
      for set in ["risk", "shares"] { _ = try client.ask(["FS.DROP", "SET", set]) }
      #expect(try client.ask(["FS.DROP", "by_sender"]) == .simple("OK"))
      #expect(try client.ask(["FS.AUDIT"]).versionTexts.contains("9 look-ups since"))
    }
  }
}

extension RESPValue {
  /// Every text in it, a line each.
  fileprivate var versionTexts: String {
    if let text { return text }
    let parts = items ?? pairs?.flatMap { [$0.key, $0.value] } ?? []
    return parts.map(\.versionTexts).joined(separator: "\n")
  }
}
