// Look-ups of random entities, and beside each of them a bare RocksDB get of the same keys: the ratio is
// what the store itself adds. The kinds take turns, round by round, so that a noisy machine hits them all.
import BenchSupport
import FeatureModel
import Rocks
import SliceStore

struct LookupBench {
  let store: Store
  let workload: Workload
  let seed: UInt64
  let report: Report

  /// One kind of look-up: how it is called, and a run of it that returns sorted seconds.
  private struct Kind {
    let name: String
    let run: (_ count: Int) throws -> [Double]
    var medians: [Double] = []
    var highs: [Double] = []
  }

  /// The end of the last day with events: all windows end there, and the longest covers every event.
  private var time: Timestamp {
    Timestamp(milliseconds: workload.end + 3_600_000)!
  }

  func run(lookups: Int, rounds: Int) throws {
    var kinds: [Kind] = []
    for (name, days) in [("ten windows", nil), ("1d", 1), ("30d", 30), ("365d", Int64(365))] {
      let features = days.map { ["\($0)d_COUNT", "\($0)d_SUM"] }
      let reader = try store.reader(of: "account_activity", features: features)
      kinds.append(Kind(name: "look-up, \(name)") { try answers(reader, $0) })
    }
    let view = try store.view("account_activity").id
    kinds.append(Kind(name: "bare get") { try gets(view, $0) })
    // The first round warms the caches and is not counted.
    for round in 0...rounds {
      for index in kinds.indices {
        let times = try kinds[index].run(lookups)
        if round == 0 { continue }
        kinds[index].medians.append(times[times.count / 2])
        kinds[index].highs.append(times[times.count * 99 / 100])
      }
    }
    for kind in kinds {
      let median = Measure.median(kind.medians)
      report.row(
        kind.name, rows: lookups, Cost(),
        ["p50_us": median * 1e6, "p99_us": Measure.median(kind.highs) * 1e6])
    }
  }

  private func answers(_ reader: FeatureReader, _ count: Int) throws -> [Double] {
    let time = time
    var values: [Value] = []
    return try measure(count) { key in
      let start = Measure.now
      let entity = EntityKey(bytes: key)
      try entity.bytes.withUnsafeBytes {
        try reader.answer(hash: EntityHash.of($0), entity: $0, at: time, into: &values)
      }
      return Measure.now - start
    }
  }

  /// One point read of the block with the window's last day, with the key made before the clock starts;
  /// nothing looks at the bytes.
  private func gets(_ view: ViewID, _ count: Int) throws -> [Double] {
    let options = ReadOptions()
    let lastDay = (workload.end - 1) / Workload.dayMilliseconds
    var blockKey: [UInt8] = []
    return try measure(count) { key in
      blockKey.removeAll(keepingCapacity: true)
      key.withUnsafeBytes { entity in
        let hash = EntityHash.of(entity)
        SliceKey.append(
          view: view, group: 0, hash: hash, entity: entity,
          block: Int32(ViewPlan.narrowCut.block(of: lastDay, hash)), to: &blockKey)
      }
      let start = Measure.now
      try blockKey.withUnsafeBytes {
        try store.database.withValue(key: $0, in: store.slices, options: options) { _ in }
      }
      return Measure.now - start
    }
  }

  /// Sorted times of one look-up each, of uniformly random entities: the same ones for every kind.
  private func measure(
    _ count: Int, _ lookUp: (_ key: [UInt8]) throws -> Double
  ) rethrows -> [Double] {
    var random = SplitMix64(seed: seed &+ 2)
    var key: [UInt8] = []
    var times: [Double] = []
    times.reserveCapacity(count)
    for _ in 0..<count {
      Workload.key(Int(random.next() % UInt64(workload.entities)), into: &key)
      times.append(try lookUp(key))
    }
    times.sort()
    return times
  }
}
