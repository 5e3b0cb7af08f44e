// The race at a slice boundary: what is answered once a slice is sealed stays the answer, whatever writers
// do at that moment. A clock that the test moves makes thousands of boundaries in seconds.
import FeatureModel
import Foundation
import SliceStore
import Synchronization
import TestSupport
import Testing

@Suite struct SealTests {
  @Test func `An answer as served never changes after its slice was sealed`() throws {
    try withTemporaryDirectory { folder in
      let view = Fixture.view(
        """
        {"view": "quarter", "stream": "mails", "entity": ["sender"], "slice": "15m", "features": {
          "{window}_COUNT": {"count": true, "windows": ["15m", "1h", "1d"]},
          "{window}_SUM": {"sum": "score", "windows": ["1h"]}}}
        """)
      let target = try TestStore(at: folder + "/store", Fixture.stream, [view])
      let race = SealRace(target.store, boundaries: 600)
      try race.run()
      let served = race.served
      var informative = 0
      let reader = try target.store.reader(of: "quarter")
      for answer in served {
        let now = try reader.answer(answer.entity, at: answer.time)
        if !areSame(now, answer.values) {
          Issue.record("\(answer.entity) at \(answer.time): served \(answer.values), now \(now)")
          break
        }
        if case .int(let count) = now[1], count > 0 { informative += 1 }
      }
      #expect(served.count > 1200)
      #expect(informative > served.count / 4, "\(informative) of \(served.count) count anything")
      target.close()
    }
  }

  @Test func `A seal never moves back, and may be set again`() throws {
    try withTemporaryDirectory { folder in
      let target = try TestStore(at: folder + "/store", Fixture.stream, [Fixture.counts])
      try target.store.seal("mails", at: .at("2024-03-02"))
      try target.store.seal("mails", at: .at("2024-03-02"))
      #expect(throws: StoreError.self) { try target.store.seal("mails", at: .at("2024-03-01")) }
      try target.reopen()
      #expect(try target.store.stream("mails").seal == .at("2024-03-02"))
      try target.store.seal("mails", at: .limit)
      try target.reopen()
      #expect(try target.store.stream("mails").seal == .limit)
      target.close()
    }
  }

  @Test func `An event that comes after its slice was sealed arrives with the seal`() throws {
    try withTemporaryDirectory { folder in
      let target = try TestStore(at: folder + "/store", Fixture.stream, [Fixture.counts])
      try target.store.seal("mails", at: .at("2024-03-10T12:00:00Z"))
      try target.append([Fixture.row(.at("2024-03-05"), "a")])
      let count = { (time: Timestamp, mode: ReadMode) throws in
        try target.answer("counts", ["a"], at: time, mode)[1]
      }
      #expect(try count(.at("2024-03-10"), .asServed) == .int(0))
      #expect(try count(.at("2024-03-10T23:59:59.999Z"), .asServed) == .int(0))
      #expect(try count(.at("2024-03-11"), .asServed) == .int(1))
      #expect(try count(.at("2024-03-06"), .corrected) == .int(1))
      #expect(try count(.at("2024-03-06"), .knownAt(.at("2024-03-10"))) == .int(0))
      #expect(try count(.at("2024-03-06"), .knownAt(.at("2024-03-11"))) == .int(1))
      target.close()
    }
  }
}

/// Writers, a loader and readers around one clock.
private final class SealRace: Sendable {
  struct Served {
    let entity: EntityKey
    let time: Timestamp
    let values: [Value]
  }

  private static let slice: Int64 = 15 * 60_000
  private static let start = Timestamp.at("2024-03-01").milliseconds

  private let store: Store
  private let boundaries: Int
  /// Milliseconds since `start`.
  private let clock = Atomic<Int64>(0)
  private let isOver = Atomic<Bool>(false)
  private let answers = Mutex<[Served]>([])
  private let failure = Mutex<(any Error)?>(nil)

  var served: [Served] { answers.withLock { $0 } }

  init(_ store: Store, boundaries: Int) {
    self.store = store
    self.boundaries = boundaries
  }

  func run() throws {
    let work: [@Sendable (SealRace) throws -> Void] = [
      { try $0.serve(seed: 1) }, { try $0.serve(seed: 2) }, { try $0.write(seed: 3) },
      { try $0.write(seed: 4) }, { try $0.load(seed: 5) },
    ]
    // Threads of their own: a pool would let the last of them wait for the first.
    let threads = work.map { body in
      Thread {
        do { try body(self) } catch {
          self.failure.withLock { $0 = error }
          self.isOver.store(true, ordering: .relaxed)
        }
      }
    }
    for thread in threads { thread.start() }
    while !threads.allSatisfy(\.isFinished) { usleep(2000) }
    if let error = failure.withLock({ $0 }) { throw error }
  }

  /// Moves the clock on, seals the slice that it stands in and answers about it, as a server does.
  private func serve(seed: UInt64) throws {
    var random = SplitMix64(seed)
    let reader = try store.reader(of: "quarter")
    while !isOver.load(ordering: .relaxed) {
      let step = Int64(random.below(Int(Self.slice / 3)))
      let now = clock.add(step, ordering: .relaxed).newValue
      if now / Self.slice >= Int64(boundaries) { isOver.store(true, ordering: .relaxed) }
      let time = Timestamp(milliseconds: Self.start + now)!
      let boundary = Timestamp(milliseconds: Self.start + now / Self.slice * Self.slice)!
      sealUnlessPassed(boundary)
      for name in ["a", "b"] {
        let entity = EntityKey(parts: [name])
        let values = try reader.answer(entity, at: time)
        answers.withLock { $0.append(Served(entity: entity, time: time, values: values)) }
      }
    }
  }

  /// Another thread may have sealed a later slice already.
  private func sealUnlessPassed(_ boundary: Timestamp) {
    do { try store.seal("mails", at: boundary) } catch {
      if case .sealMovesBack = error { return }
      failure.withLock { $0 = error }
    }
  }

  /// Events of now and of a while ago, that arrive now, or later, or claim to have arrived long ago.
  private func rows(_ random: inout SplitMix64) -> [[Value]] {
    (0..<1 + random.below(4)).map { _ in
      let now = Self.start + clock.load(ordering: .relaxed)
      let at = now - Int64(random.below(3)) * Int64(random.below(6_000_000))
      let seen = [at, now, now + Self.slice, at - Self.slice][random.below(4)]
      return Fixture.row(
        Timestamp(milliseconds: at)!, seen: Timestamp(milliseconds: seen)!,
        random.pick(["a", "b"]), score: Double(random.below(1000)) / 7)
    }
  }

  private func write(seed: UInt64) throws {
    var random = SplitMix64(seed)
    while !isOver.load(ordering: .relaxed) {
      _ = try store.append(Fixture.batch(rows(&random)), to: "mails", durability: .written)
      usleep(100)
    }
  }

  private func load(seed: UInt64) throws {
    var random = SplitMix64(seed)
    let loader = try store.bulkLoader(for: "mails", workers: 1)
    while !isOver.load(ordering: .relaxed) {
      _ = loader.add(Fixture.batch(rows(&random)), worker: 0)
      if random.chance(2) { try loader.commit(positions: []) }
      usleep(300)
    }
  }
}
