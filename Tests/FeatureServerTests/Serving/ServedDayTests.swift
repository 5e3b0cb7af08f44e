// A day of traffic with everything that happens to a server: late events, duplicates, restarts, kills in the
// middle, a checkpoint that is restored. Whatever was answered, the as-of join says the same afterwards.
import FeatureModel
import Foundation
import Hindcast
import Monitoring
import RESP
import TestSupport
import Testing

@Suite struct ServedDayTests {
  /// The producers' side: everything that was ever sent, to be sent again from where the server says.
  private struct Producer {
    let name: String
    var mails: [[String]] = []

    /// Brings the server up to date, from what it says that it has.
    func resume(_ client: WireClient) throws {
      let last = try client.ask("XINFO", "STREAM", "mails:\(name)")["last-generated-id"]?.text
      let number = try #require(last.flatMap { Int($0.split(separator: "-")[0]) })
      for start in stride(from: number, to: mails.count, by: 100) {
        for reply in try client.pipeline(Array(mails[start..<min(start + 100, mails.count)])) {
          #expect(reply.errorText == nil)
        }
      }
    }
  }

  private struct Day {
    let world: ServerWorld
    var random: SplitMix64
    var producers = [Producer(name: "p"), Producer(name: "q")]
    var asked = 0
    var restarts = 0
    var restores = 0

    /// Some new mails, of which every fifth is late; now and then some are sent twice.
    mutating func send(_ client: WireClient) throws {
      for index in producers.indices {
        for _ in 0..<random.below(12) {
          let lag = random.chance(20) ? 60_000 + random.below(6 * 3_600_000) : random.below(20_000)
          let time = Timestamp(milliseconds: world.clock.now.milliseconds - Int64(lag))!
          let id = "\(producers[index].mails.count + 1)-0"
          producers[index].mails.append(
            ServerWorld.mail(
              "s\(random.below(20))", to: "r\(random.below(6))", at: time,
              score: Double(random.below(10_000)) / 3, size: random.below(500), id: id,
              producer: producers[index].name))
        }
        try producers[index].resume(client)
        if random.chance(10), let latest = producers[index].mails.last {
          #expect(try client.ask(latest).errorText?.contains("equal or smaller") == true)
        }
      }
    }

    mutating func ask(_ client: WireClient) throws {
      for _ in 0..<20 {
        let (sender, recipient) = ("s\(random.below(24))", "r\(random.below(7))")
        let commands = [
          ["HMGET", "by_sender:\(sender)", "1m_N", "1h_N", "10m_SCORE"],
          ["HGETALL", "by_pair:\(sender)|\(recipient)"], ["FS.GET", "by_sender", sender],
          ["FS.MGET", "by_sender", "2", sender, "s1"],
          ["FS.VECTOR", "risk", "sender=\(sender)", "recipient=\(recipient)"],
          ["FS.VECTOR", "shares", "recipient=\(recipient)", "sender=\(sender)"],
        ]
        let kind = random.below(6)
        #expect(try client.ask(commands[kind]).errorText == nil)
        // A vector of two views in three runs counts thrice, a computed one once, and each entity of many.
        asked += [1, 1, 1, 2, 3, 1][kind]
      }
    }

    /// Takes a checkpoint, lets the slice's traffic go on, and goes back: the producers send it again.
    mutating func restore(_ client: WireClient) throws {
      let copy = world.folder + "/copy"
      #expect(try client.ask("FS.CHECKPOINT", copy) == .simple("OK"))
      try send(client)
      try ask(client)
      try world.restart(from: copy)
      restores += 1
    }
  }

  @Test(arguments: [UInt64(21), 22])
  func aDay(seed: UInt64) throws {
    try ServerWorld.with(from: "2026-03-01T00:00:00Z", servesLog: true) { world in
      var day = Day(world: world, random: SplitMix64(seed))
      var client = try world.client()
      var minute: Int64 = 0
      while minute < 24 * 60 {
        let step = Int64(1 + day.random.below(4))
        minute += step
        world.clock.advance(step * 60_000 - Int64(day.random.below(1000)))
        try day.send(client)
        try day.ask(client)
        if day.random.chance(3) {
          try world.restart()
          day.restarts += 1
          client = try world.client()
        } else if day.random.chance(2) {
          try day.restore(client)
          client = try world.client()
        } else if day.random.chance(5) {
          try world.store.store.compact()
        }
      }
      try check(day, world, seed)
    }
  }

  private func check(_ day: Day, _ world: ServerWorld, _ seed: UInt64) throws {
    #expect(day.restarts >= 5, "seed \(seed)")
    #expect(day.restores >= 3, "seed \(seed)")
    let client = try world.client()
    for producer in day.producers {
      try producer.resume(client)
      #expect(
        try client.ask("XLEN", "mails:\(producer.name)") == .integer(Int64(producer.mails.count)),
        "seed \(seed)")
    }
    world.server.stop()
    let report = try ServedReplay(world.folder + "/served").verify(world.store)
    #expect(report.mismatchCount == 0, "seed \(seed): \(report.mismatches.first.debugDescription)")
    #expect(report.unsealed == 0, "seed \(seed)")
    #expect(report.records == day.asked, "seed \(seed)")
    #expect(report.compared == report.records, "seed \(seed)")
    #expect(report.views.count == 3, "seed \(seed)")
  }
}
