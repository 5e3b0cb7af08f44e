// Writers and readers across thousands of slice boundaries, while the clock is moved under them: whatever was
// answered at any moment is what the store says about that moment ever after.
import FeatureModel
import FeatureServer
import Foundation
import Hindcast
import Monitoring
import RESP
import Synchronization
import TestSupport
import Testing

@Suite struct BoundaryTests {
  /// An answer with the clock's readings around it.
  struct Seen: Sendable {
    let before: Timestamp
    let after: Timestamp
    let sender: String
    let reply: RESPValue
  }

  static let senders = (0..<12).map { "sender \($0)" }
  static let features = ["1m_N", "10m_N", "1h_N", "10m_SCORE", "1h_TO"]

  /// What the threads of one run share.
  final class Run: Sendable {
    let isOver = Atomic<Bool>(false)
    let events = Atomic<Int>(0)
    let answers = Atomic<Int>(0)
    let seen = Mutex<[Seen]>([])
    let failures = Mutex<[String]>([])

    func waitForAnswers(_ count: Int) {
      let start = answers.load(ordering: .relaxed)
      for _ in 0..<100_000 where answers.load(ordering: .relaxed) < start + count { usleep(20) }
    }

    func fail(_ text: String) { failures.withLock { $0.append(text) } }
  }

  /// With answers kept, and with nothing kept but the blocks that were read.
  @Test(arguments: [UInt64(11), 12], [4 << 20, 0])
  func whatWasAnsweredStands(seed: UInt64, cacheBytes: Int) throws {
    var settings = ServerConfiguration()
    settings.cacheBytes = cacheBytes
    try ServerWorld.with(settings, servesLog: true) { world in
      let run = Run()
      let threads =
        (0..<2).map { Self.write(world.port, world.clock, run, seed &+ $0) }
        + (0..<2).map { Self.read(world.port, world.clock, run, seed &+ 100 &+ $0) }
      var random = SplitMix64(seed)
      // Now and then past several boundaries at once, and often to a slice's last or first millisecond.
      for _ in 0..<3000 {
        let now = world.clock.now.milliseconds
        let left = 60_000 - now % 60_000
        world.clock.advance(
          [left - 1, 1, left, Int64(random.below(180_000)), 20_000][random.below(5)])
        usleep(UInt32(random.below(400)))
        // Now and then the clock stands for as long as some answers take, on a machine of any speed.
        if random.chance(25) { run.waitForAnswers(6) }
      }
      run.isOver.store(true, ordering: .releasing)
      for thread in threads { thread.wait() }
      #expect(run.failures.withLock { $0 } == [], "seed \(seed)")
      let events = run.events.load(ordering: .relaxed)
      #expect(events > 1000, "seed \(seed)")
      let seen = run.seen.withLock { $0 }
      try check(seen, world, seed)
      if cacheBytes == 0 {
        // Counts are told ten times a second.
        usleep(250_000)
        #expect(try rowHits(world) > 100, "seed \(seed)")
      }
      world.server.stop()
      let report = try ServedReplay(world.folder + "/served").verify(world.store)
      #expect(
        report.mismatchCount == 0, "seed \(seed): \(report.mismatches.first.debugDescription)")
      #expect(report.compared == report.records, "seed \(seed)")
      #expect(report.unsealed == 0, "seed \(seed)")
      #expect(report.compared >= seen.count, "seed \(seed)")
    }
  }

  private func rowHits(_ world: ServerWorld) throws -> Int {
    let text = try world.client().ask(["INFO", "stats"]).text ?? ""
    let line = text.split(separator: "\r\n").first { $0.hasPrefix("row_cache_hits:") }
    return line.flatMap { Int($0.dropFirst("row_cache_hits:".count)) } ?? 0
  }

  /// Answers whose slice is known must be those of the store now; the others those of one of two slices.
  private func check(_ seen: [Seen], _ world: ServerWorld, _ seed: UInt64) throws {
    var exact = 0
    var slices: Set<Int64> = []
    for one in seen {
      let first = try expected(one.sender, one.before, world)
      if one.before.milliseconds / 60_000 == one.after.milliseconds / 60_000 {
        exact += 1
        slices.insert(one.before.milliseconds / 60_000)
        #expect(one.reply == first, "seed \(seed): \(one.sender) at \(one.before)")
      }
    }
    #expect(exact > 1000, "seed \(seed)")
    #expect(slices.count > 200, "seed \(seed)")
  }

  private func expected(
    _ sender: String, _ time: Timestamp, _ world: ServerWorld
  ) throws -> RESPValue {
    let values = try world.store.get(
      "by_sender", entity: [sender], at: time, features: Self.features)
    var writer = ReplyWriter()
    writer.answer(.texts, names: Self.features) { values[$0].value }
    return try writer.bytes.withUnsafeBytes { try ReplyDecoder.decode($0)!.value }
  }

  /// A thread with a client of its own that does the same until the run is over.
  private static func client(
    _ port: UInt16, _ run: Run, _ seed: UInt64,
    _ step: @escaping @Sendable (WireClient, inout SplitMix64) throws -> Void
  ) -> Background {
    Background {
      var random = SplitMix64(seed)
      do {
        let client = try WireClient(port: port)
        while !run.isOver.load(ordering: .acquiring) { try step(client, &random) }
      } catch { run.fail("\(error)") }
    }
  }

  private static func write(
    _ port: UInt16, _ clock: ManualClock, _ run: Run, _ seed: UInt64
  ) -> Background {
    client(port, run, seed) { client, random in
      let mails = (0..<1 + random.below(20)).map { _ in
        // Some are hours late, some ahead of the clock, many of this very slice.
        let lag = [0, 500, 59_000, 600_000, 7_200_000, -30_000][random.below(6)]
        let time = Timestamp(milliseconds: clock.now.milliseconds - Int64(lag))!
        return ServerWorld.mail(
          random.pick(senders), to: "r\(random.below(5))", at: time,
          score: Double(random.below(1000)) / 7)
      }
      for reply in try client.pipeline(mails) {
        if let text = reply.errorText { run.fail(text) }
      }
      run.events.add(mails.count, ordering: .relaxed)
    }
  }

  private static func read(
    _ port: UInt16, _ clock: ManualClock, _ run: Run, _ seed: UInt64
  ) -> Background {
    client(port, run, seed) { client, random in
      let sender = random.pick(senders)
      let before = clock.now
      let reply = try client.ask(["HMGET", "by_sender:\(sender)"] + features)
      let seen = Seen(before: before, after: clock.now, sender: sender, reply: reply)
      run.answers.add(1, ordering: .relaxed)
      run.seen.withLock { $0.append(seen) }
    }
  }
}

/// A thread that can be waited for.
final class Background: Sendable {
  private let done = DispatchSemaphore(value: 0)

  init(_ body: @escaping @Sendable () -> Void) {
    let done = done
    Thread.detachNewThread {
      body()
      done.signal()
    }
  }

  func wait() { done.wait() }
}
