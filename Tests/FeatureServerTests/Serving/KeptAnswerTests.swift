// What is kept of answers when declarations and histories change beside look-ups: everything that still holds,
// and nothing that does not.
import FeatureModel
import FeatureServer
import Foundation
import Hindcast
import SliceStore
import TestSupport
import Testing

@Suite struct KeptAnswerTests {
  /// Look-ups so far, as the loops have told of them: (kept, computed).
  private static func counts(_ client: WireClient, after asked: Int) throws -> (Int, Int) {
    while true {
      let lines = try client.ask(["INFO", "stats"]).text?.split(separator: "\r\n") ?? []
      let counts = ["keyspace_hits:", "keyspace_misses:"].map { name in
        lines.first { $0.hasPrefix(name) }.flatMap { Int($0.dropFirst(name.count)) } ?? 0
      }
      if counts[0] + counts[1] >= asked { return (counts[0], counts[1]) }
      Thread.sleep(forTimeInterval: 0.02)
    }
  }

  private static let other = """
    { "view": "other", "stream": "mails", "entity": ["recipient"], "slice": "1m", "features": {
      "{window}_N": { "count": true, "windows": ["10m"] } } }
    """
  /// by_sender with a window more.
  private static let further = ServerWorld.views[0].replacing(
    #""windows": ["1m", "10m", "1h"]"#, with: #""windows": ["1m", "10m", "30m", "1h"]"#)

  private static let questions = [
    ["HMGET", "by_sender:a", "1h_N", "10m_SCORE"], ["FS.GET", "by_pair", "a|bob"],
    ["FS.VECTOR", "risk", "sender=a", "recipient=bob"],
    ["FS.VECTOR", "shares", "sender=a", "recipient=bob"],
  ]
  /// Kept answers behind the four questions: the vector of 'risk' is made of three.
  private static let answers = 6

  @Test func `A view that is registered, built or dropped costs no other view a kept answer`()
    throws
  {
    try ServerWorld.with { world in
      let client = try world.client()
      _ = try client.ask(["FS.REGISTER", ServerWorld.keptStream])
      for _ in 0..<5 { _ = try client.ask(ServerWorld.mail("a", at: world.clock.now)) }
      world.clock.advance(60_000)
      let first = try Self.questions.map { try client.ask($0) }
      #expect(first[0].items?.map(\.text) == ["5", "5.0"])
      var asked = Self.answers
      var (hits, misses) = try Self.counts(client, after: asked)
      #expect(misses == Self.answers && hits == 0)

      func expectKept(_ count: Int, after change: [String]) throws {
        let reply = try client.ask(change)
        #expect(reply.errorText == nil, "\(change)")
        while !world.store.store.building.isEmpty { Thread.sleep(forTimeInterval: 0.01) }
        #expect(try Self.questions.map { try client.ask($0) } == first, "\(change)")
        asked += Self.answers
        let now = try Self.counts(client, after: asked)
        #expect(now.0 - hits == count, "\(change)")
        (hits, misses) = now
      }
      try expectKept(Self.answers, after: ["FS.REGISTER", Self.other])
      try expectKept(Self.answers, after: ["FS.DROP", "other"])
      // Its own answers are made anew, and those of what stands on it; by_pair's two are kept.
      try expectKept(2, after: ["FS.REGISTER", Self.further])
      try expectKept(Self.answers, after: ["FS.REGISTER", Self.other])
    }
  }

  @Test func `After history has come under kept answers, they are made anew`() throws {
    try ServerWorld.with { world in
      let client = try world.client()
      _ = try client.ask(ServerWorld.mail("a", at: world.clock.now))
      world.clock.advance(60_000)
      let question = ["HMGET", "by_sender:a", "1h_N"]
      let store = world.store.store
      for count in 1...4 {
        #expect(try client.ask(question).items?.map(\.text) == ["\(count)"])
        #expect(try Self.counts(client, after: 3 * count - 2).1 == 2 * count - 1)
        // A bulk load, known from the running minute on.
        let loader = try store.bulkLoader(for: "mails", workers: 1)
        var batch = EventBatch(try store.stream("mails").declaration)
        batch.append([
          .string("a"), .string("bob"),
          .timestamp(Timestamp(milliseconds: world.clock.now.milliseconds - 60_000)!),
          .double(1), .int(1), .bool(true),
        ])
        #expect(loader.add(batch, worker: 0).refused.isEmpty)
        try loader.commit(positions: [])
        for _ in 0..<2 {
          #expect(try client.ask(question).items?.map(\.text) == ["\(count)"])
        }
        let counts = try Self.counts(client, after: 3 * count)
        #expect(counts == (count, 2 * count))
        world.clock.advance(60_000)
      }
    }
  }
}
