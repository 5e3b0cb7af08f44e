// Histories that are read in parts, because memory does not hold them: what comes in the meantime is neither
// hidden nor counted twice, wherever a build is cut off, and what is stored in the end are the same bytes.
import Dispatch
import FeatureModel
import Glibc
import SliceStore
import Synchronization
import TestSupport
import Testing

@Suite struct HistoryReplayTests {
  private static let stream = Fixture.stream.keeping(.forever)
  private static let start = Timestamp.at("2024-03-01")

  @Test(arguments: TestRounds.seeds(12))
  func `What is stored is the same, whatever memory there was`(seed: UInt64) throws {
    try withTemporaryDirectory { folder in
      let stores = try [1 << 30, 1, 9_000].map { bytes in
        var trial = Trial(seed: seed)
        let target = try trial.keptStore(at: "\(folder)/\(bytes)", loadBytes: bytes)
        try target.store.compact()
        return target
      }
      let wanted = try stores[0].store.pairs()
      for target in stores { #expect(try target.store.pairs() == wanted, "seed \(seed)") }
      for target in stores { target.close() }
    }
  }

  @Test(arguments: TestRounds.seeds(8))
  func `Events that come while a history is read in parts count once`(seed: UInt64) throws {
    try withTemporaryDirectory { folder in
      var random = SplitMix64(seed)
      let target = try TestStore(
        at: folder + "/store", Self.stream, [], loadBytes: random.pick([1, 3_000, 1 << 30]))
      var counts: [Int64] = Array(repeating: 0, count: 60)
      for _ in 0..<10 + random.below(30) {
        let rows = (0..<1 + random.below(20)).map { _ in Self.event(&counts, &random) }
        try target.append(rows)
      }
      try target.store.register(Fixture.counts)
      let most = random.below(12)
      let came = try appending(to: target.store, seed) {
        let looks = Atomic<Int>(0)
        try target.store.build(
          "counts", threads: 1 + random.below(2),
          isCancelled: { looks.add(1, ordering: .relaxed).newValue > most })
      }
      if random.chance(50) { try target.reopen() }
      let later = try appending(to: target.store, seed + 1) { try target.store.build("counts") }
      for entity in counts.indices {
        let wanted = counts[entity] + came[entity] + later[entity]
        let values = try target.answer(
          "counts", ["e\(entity)"], at: Self.start.advanced(by: 86_400_000), .corrected)
        #expect(values[0] == (wanted == 0 ? .int(0) : .int(wanted)), "seed \(seed), e\(entity)")
      }
      #expect(try target.store.verify().defects == [], "seed \(seed)")
      target.close()
    }
  }

  @Test func `A view is live when that is told, with all of its events`() throws {
    try withTemporaryDirectory { folder in
      let target = try TestStore(at: folder + "/store", Self.stream, [], loadBytes: 1)
      var (random, counts) = (SplitMix64(1), Array(repeating: Int64(0), count: 60))
      for _ in 0..<30 { try target.append((0..<10).map { _ in Self.event(&counts, &random) }) }
      try target.store.register(Fixture.counts)
      let store = target.store
      var told: [BuildProgress] = []
      try store.build(
        "counts",
        progress: { progress in
          told.append(progress)
          #expect(store.building.isEmpty == progress.isLive)
          #expect(((try? store.reader(of: "counts")) != nil) == progress.isLive)
        })
      #expect(told.last?.isLive == true && told.count(where: \.isLive) == 1)
      #expect(told.last?.events == 300 && told.last?.fraction == 1)
      #expect(zip(told, told.dropFirst()).allSatisfy { $0.fraction <= $1.fraction })
      target.close()
    }
  }

  /// An event of any entity, which is counted.
  private static func event(_ counts: inout [Int64], _ random: inout SplitMix64) -> [Value] {
    let entity = random.below(counts.count)
    counts[entity] += 1
    return Fixture.row(start.advanced(by: Int64(random.below(80_000_000))), "e\(entity)")
  }

  /// Does something while events come in all the time, but not as fast as they can: each commit writes what has
  /// come to the disk.
  /// - Returns: how many of each entity came.
  private func appending(
    to store: Store, _ seed: UInt64, while work: () throws -> Void
  ) throws -> [Int64] {
    let isOver = Atomic<Bool>(false)
    let came = Mutex<[Int64]>(Array(repeating: 0, count: 60))
    let failure = Mutex<String?>(nil)
    let thread = DispatchGroup()
    DispatchQueue.global().async(group: thread) {
      var random = SplitMix64(seed ^ 0xFEED)
      while !isOver.load(ordering: .acquiring) {
        usleep(100)
        var batch = EventBatch(Self.stream)
        came.withLock { batch.append(Self.event(&$0, &random)) }
        do {
          if random.chance(25) {
            // Bulk loads write files of the view that is built as well.
            let loader = try store.bulkLoader(for: "mails", workers: 1)
            _ = loader.add(batch, worker: 0)
            try loader.commit(positions: [])
          } else {
            _ = try store.append(batch, to: "mails", durability: .written)
          }
        } catch {
          failure.withLock { $0 = "\(error)" }
        }
      }
    }
    let result = Result { try work() }
    isOver.store(true, ordering: .releasing)
    thread.wait()
    try result.get()
    #expect(failure.withLock(\.self) == nil, "seed \(seed)")
    return came.withLock(\.self)
  }
}
