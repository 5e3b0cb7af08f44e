// Forgetting an entity while a server answers and records: nothing of it is answered from memory, found in a
// file or built again, and what others are told stays as it was.
import FeatureModel
import FeatureServer
import Foundation
import Hindcast
import Monitoring
import RESP
import TestSupport
import Testing

@Suite struct ForgetTests {
  private static let ann = "ann.forgettable@example.com"
  private static let others = ["bob@example.org", "cleo@example.net", "dan@example.org"]

  @Test func `Nothing of it is answered or found, and others are told the same`() throws {
    try ServerWorld.with(servesLog: true) { world in
      let client = try world.client()
      _ = try client.ask(["FS.REGISTER", ServerWorld.keptStream])
      var random = SplitMix64(7)
      for _ in 0..<10 {
        let mails = (0..<40).map { _ in
          ServerWorld.mail(
            random.chance(40) ? Self.ann : random.pick(Self.others), to: "r\(random.below(3))",
            at: world.clock.now)
        }
        for reply in try client.pipeline(mails) { #expect(reply.errorText == nil) }
        world.clock.advance(30_000)
      }
      world.clock.advance(30_000)
      // Several connections, so that both loops have kept answers of it.
      let clients = try (0..<4).map { _ in try world.client() }
      for client in clients {
        for _ in 0..<3 {
          #expect(try Self.count(Self.ann, client) > 0)
          #expect(try client.ask(["HGETALL", "by_pair:\(Self.ann)|r1"]).errorText == nil)
        }
      }
      let before = try Self.others.map { try client.ask(["HGETALL", "by_sender:\($0)"]) }
      let dry = try client.ask(["FS.FORGET", "DRYRUN", "sender=\(Self.ann)"])
      #expect(Self.number(dry, "left") > 0 && Self.number(dry, "erased") == 0)
      #expect(try Self.count(Self.ann, client) > 0)

      let reply = try client.ask(["FS.FORGET", "sender=\(Self.ann)"])
      #expect(reply.errorText == nil)
      #expect(Self.number(reply, "left") == 0, "\(reply.allText)")
      #expect(Self.number(reply, "erased") > 10)
      #expect(!reply.allText.contains(Self.ann))
      #expect(try Self.files(world.folder + "/served") == [])
      #expect(try Self.files(world.folder + "/store").allSatisfy { $0.hasPrefix("MANIFEST") })
      for client in clients { #expect(try Self.count(Self.ann, client) == 0) }
      let after = try Self.others.map { try client.ask(["HGETALL", "by_sender:\($0)"]) }
      #expect(after == before)
      let trail = try client.ask(["FS.AUDIT"]).allText
      #expect(trail.contains("an entity named by 'sender'") && !trail.contains(Self.ann))

      // A view that is registered now has a history without it.
      let late = """
        { "view": "late", "stream": "mails", "entity": ["sender"], "slice": "1m", "features": {
          "{window}_N": { "count": true, "windows": ["1h"] } } }
        """
      _ = try client.ask(["FS.REGISTER", late])
      for _ in 0..<2000 {
        if try client.ask(["FS.GET", "late", "x"]).errorText == nil { break }
        usleep(5000)
      }
      #expect(try client.ask(["HMGET", "late:\(Self.ann)", "1h_N"]).texts == ["0"])
      #expect(try client.ask(["HMGET", "late:\(Self.others[0])", "1h_N"]).texts != ["0"])
      world.server.stop()
      let report = try ServedReplay(world.folder + "/served").verify(world.store)
      #expect(report.isClean && report.compared > 0, "\(report)")
    }
  }

  @Test func `It takes an administrator, and words that name something`() throws {
    try ServerWorld.with { world in
      let client = try world.client()
      for (words, reason) in [
        (["FS.FORGET", "ann"], "FIELD=VALUE"), (["FS.FORGET", "DRYRUN"], "FIELD=VALUE"),
        (["FS.FORGET", "sendr=ann"], "did you mean 'sender'?"), (["FS.FORGET"], "arguments"),
      ] {
        let text = try client.ask(words).errorText
        #expect(text?.contains(reason) == true, "\(text ?? "no error")")
      }
      #expect(CommandTable.standard[.fsForget].role == .admin)
    }
  }

  private static func number(_ reply: RESPValue, _ name: String) -> Int64 {
    if case .integer(let number)? = reply[name] { return number }
    return -1
  }

  private static func count(_ sender: String, _ client: WireClient) throws -> Int {
    Int(try client.ask(["HMGET", "by_sender:\(sender)", "1h_N"]).texts[0] ?? "") ?? -1
  }

  /// Files of a folder that have the text in their bytes.
  private static func files(_ folder: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: folder).filter { name in
      let content = FileManager.default.contents(atPath: folder + "/" + name) ?? Data()
      return content.range(of: Data(ann.utf8)) != nil
    }
  }
}

extension RESPValue {
  fileprivate var texts: [String?] { (items ?? []).map(\.text) }
}
