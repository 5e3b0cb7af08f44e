// The figures of a loop: durations fall into the bucket that a linear search finds, and counts add up.
import FeatureServer
import TestSupport
import Testing

@Suite("Counters")
struct LoopCounterTests {
  /// Exact: every bound is a whole number of nanoseconds.
  private static let bounds = LoopCounters.bounds.map { UInt64($0 * 1000) }

  private static func search(_ nanoseconds: UInt64) -> Int {
    bounds.firstIndex { nanoseconds <= $0 } ?? 48
  }

  @Test("Bounds rise, and each belongs to its own bucket")
  func bounds() {
    #expect(Self.bounds.count == 48)
    #expect(Self.bounds.prefix(7) == [1000, 1500, 2000, 3000, 4000, 6000, 8000])
    #expect(zip(Self.bounds, Self.bounds.dropFirst()).allSatisfy { $0 < $1 })
    for (index, bound) in Self.bounds.enumerated() {
      #expect(LoopCounters.bucket(bound) == index)
      #expect(LoopCounters.bucket(bound - 1) == index)
      #expect(LoopCounters.bucket(bound + 1) == index + 1)
    }
    #expect(LoopCounters.bucket(0) == 0)
    #expect(LoopCounters.bucket(.max) == 48)
    #expect(LoopCounters.bucket(Self.bounds[47] + 1) == 48)
  }

  @Test("Every duration lies where a search puts it")
  func random() {
    for seed in TestRounds.seeds(20) {
      var random = SplitMix64(seed)
      for _ in 0..<20_000 {
        let nanoseconds = random.next() >> UInt64(random.below(64))
        let bucket = LoopCounters.bucket(nanoseconds)
        guard bucket == Self.search(nanoseconds) else {
          Issue.record("seed \(seed): \(nanoseconds) ns in bucket \(bucket)")
          return
        }
      }
    }
    for nanoseconds in 0..<20_000 as Range<UInt64> {
      guard LoopCounters.bucket(nanoseconds) == Self.search(nanoseconds) else {
        Issue.record("\(nanoseconds) ns")
        return
      }
    }
  }

  @Test("Commands do not count for each other")
  func figures() {
    for seed in TestRounds.seeds(20) {
      var random = SplitMix64(seed)
      let counters = LoopCounters(commands: 5)
      var buckets = (0..<5).map { _ in [UInt64](repeating: 0, count: 49) }
      var sums = [UInt64](repeating: 0, count: 5)
      var failures = [UInt64](repeating: 0, count: 5)
      var counts: [LoopCounters.Count: UInt64] = [:]
      for _ in 0..<2000 {
        let command = random.below(5)
        switch random.below(3) {
        case 0:
          counters.fail(command)
          failures[command] += 1
        case 1:
          let what = random.pick(LoopCounters.Count.allCases)
          let value = random.below(100)
          counters.count(what, value)
          counts[what, default: 0] += UInt64(value)
        default:
          let nanoseconds = random.next() >> UInt64(24 + random.below(40))
          let calls = 1 + random.below(4)
          counters.time(command, nanoseconds: nanoseconds, calls: calls)
          buckets[command][Self.search(nanoseconds)] += UInt64(calls)
          sums[command] += nanoseconds * UInt64(calls)
        }
      }
      for command in 0..<5 {
        let figures = counters.figures(command)
        #expect(figures.buckets == buckets[command], "seed \(seed)")
        #expect(figures.nanoseconds == sums[command], "seed \(seed)")
        #expect(figures.failures == failures[command], "seed \(seed)")
      }
      for what in LoopCounters.Count.allCases {
        #expect(counters[what] == counts[what, default: 0], "seed \(seed): \(what)")
        counters.set(what, 3)
        #expect(counters[what] == 3)
      }
    }
  }
}
