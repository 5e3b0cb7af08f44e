// The works themselves. Each prints rows of one table; the script beside this program runs them together
// with the peers.
import Dispatch
import FeatureModel
import Glibc
import SliceStore
import Synchronization

enum StoreBench {
  static let windows: [Int64] = [1, 3, 7, 14, 30, 60, 90, 180, 270, 365]

  static func open(_ path: String) throws -> Store {
    var options = StoreOptions()
    options.cacheBytes = 1 << 30
    let store = try Store.open(at: path, .create, options: options)
    try store.register(Workload.stream)
    try store.register(Workload.view(windows: windows))
    return store
  }

  /// Events come from memory: they are made in batches before the clock starts for each.
  static func bulk(_ path: String, events: Int, seed: UInt64) throws {
    let store = try open(path)
    let loader = try store.bulkLoader(for: "payments", workers: 2)
    let shared = Shared(loader: loader, store: store)
    let round = 2_000_000
    var loaded = 0
    var spent = Measure.Spent()
    var generator = SplitMix64(seed: seed)
    while loaded < events {
      let count = min(round, events - loaded)
      let batches = makeBatches(count, &generator)
      spent = try spent + Measure.spent { try shared.load(batches, isLast: loaded + count == events) }
      loaded += count
    }
    Measure.row("bulk load from memory", events, spent)
    let compaction = try Measure.spent { try store.compact() }
    Measure.row("  with compaction", events, spent + compaction)
    let statistics = try store.statistics()
    print("store: \(statistics.fileBytes >> 20) MiB in \(statistics.files) files")
  }

  private static func makeBatches(_ count: Int, _ random: inout SplitMix64) -> [EventBatch] {
    let workload = Workload()
    var batches: [EventBatch] = []
    var rest = count
    while rest > 0 {
      var batch = EventBatch(Workload.stream)
      workload.fill(&batch, count: min(rest, 50_000), &random)
      rest -= batch.count
      batches.append(batch)
    }
    return batches
  }

  /// Two threads add batches, then one commits when memory is full.
  private struct Shared: @unchecked Sendable {
    let loader: BulkLoader
    let store: Store

    func load(_ batches: [EventBatch], isLast: Bool) throws {
      let next = Atomic<Int>(0)
      DispatchQueue.concurrentPerform(iterations: 2) { worker in
        while true {
          let index = next.add(1, ordering: .relaxed).oldValue
          if index >= batches.count { break }
          _ = loader.add(batches[index], worker: worker)
        }
      }
      if isLast || loader.bytesHeld > store.options.loadBytes {
        try loader.commit(positions: [SourcePosition(source: "memory", position: [1])])
      }
    }
  }

  static func stream(_ path: String, events: Int, seed: UInt64) throws {
    let store = try open(path)
    var generator = SplitMix64(seed: seed &+ 1)
    let workload = Workload()
    var batch = EventBatch(Workload.stream)
    for durability in [Durability.written, .synced] {
      var spent = Measure.Spent()
      for index in 0..<events / 1000 {
        workload.fill(&batch, count: 1000, &generator)
        let position = SourcePosition(source: "bench", position: [UInt8](String(index).utf8))
        spent = try spent + Measure.spent {
          _ = try store.append(batch, to: "payments", position: position, durability: durability)
        }
      }
      Measure.row("streaming, 1,000 a batch, \(durability)", events / 1000 * 1000, spent)
    }
  }

  static func lookup(_ path: String, lookups: Int, seed: UInt64) throws {
    let store = try open(path)
    let end = Workload.start + 365 * Workload.dayMilliseconds + 3_600_000
    let time = Timestamp(milliseconds: end)!
    for name in ["ten windows", "1d", "30d", "365d"] {
      let features = name == "ten windows" ? nil : ["\(name)_COUNT", "\(name)_SUM"]
      let reader = try store.reader(of: "account_activity", features: features)
      for round in ["cold", "warm"] {
        var times: [Double] = []
        let spent = try Measure.spent { times = try measureLookups(reader, lookups, time, seed) }
        if round == "warm" {
          let median = times[times.count / 2]
          let high = times[times.count * 99 / 100]
          Measure.row(
            "look-up, \(name)", lookups, spent,
            "p50 \(Measure.fixed(median * 1e6, 2)) us, p99 \(Measure.fixed(high * 1e6, 2)) us")
        }
      }
    }
  }

  /// Sorted times of look-ups of uniformly random entities.
  private static func measureLookups(
    _ reader: FeatureReader, _ count: Int, _ time: Timestamp, _ seed: UInt64
  ) throws -> [Double] {
    var random = SplitMix64(seed: seed &+ 2)
    var key: [UInt8] = []
    var values: [Value] = []
    var times: [Double] = []
    times.reserveCapacity(count)
    for _ in 0..<count {
      Workload.key(Int(random.next() % 1_000_000), into: &key)
      let start = Measure.now
      try key.withUnsafeBytes {
        try reader.answer(hash: EntityHash.of($0), entity: $0, at: time, into: &values)
      }
      times.append(Measure.now - start)
    }
    times.sort()
    return times
  }

  static func csv(_ path: String, events: Int, seed: UInt64) throws {
    let file = fopen(path, "w")!
    defer { fclose(file) }
    fputs("account,time,amount\n", file)
    var random = SplitMix64(seed: seed)
    let workload = Workload()
    var line: [UInt8] = []
    var key: [UInt8] = []
    for _ in 0..<events {
      let event = workload.event(&random)
      Workload.key(event.entity, into: &key)
      line.removeAll(keepingCapacity: true)
      line += key
      line += ",\(event.time),\(event.cents / 100).".utf8
      line += [48 + UInt8(event.cents % 100 / 10), 48 + UInt8(event.cents % 10), 10]
      fwrite(line, 1, line.count, file)
    }
  }
}
