// The works that write: bulk load from memory, streaming batches, and the same events as files for the
// peers. Making the events is outside of every clock.
import BenchSupport
import Dispatch
import FeatureModel
import Glibc
import SliceStore
import Synchronization

struct StoreBench {
  static let windows: [Int64] = [1, 3, 7, 14, 30, 60, 90, 180, 270, 365]
  /// Batches that lie ready in memory before the clock starts, and the rows of each: small beside what
  /// the load itself holds, since peak memory is measured too.
  private static let batchesReady = 50
  private static let batchRows = 10_000

  let workload: Workload
  let seed: UInt64
  let report: Report

  func open(
    _ path: String, windows: [Int64] = StoreBench.windows, cacheBytes: Int = 1 << 30
  ) throws -> Store {
    var options = StoreOptions()
    options.cacheBytes = cacheBytes
    let store = try Store.open(at: path, .create, options: options)
    try store.register(Workload.stream)
    try store.register(Workload.view(windows: windows))
    return store
  }

  /// The declarations that the command line registers, so that they are written down once.
  func declarations(_ folder: String) throws {
    try write(CanonicalForm.text(Workload.stream), "\(folder)/payments.stream.json")
    let view = Workload.view(windows: Self.windows)
    try write(
      CanonicalForm.text(view, over: Workload.stream), "\(folder)/account_activity.view.json")
  }

  private func write(_ text: String, _ path: String) throws {
    let file = try OutputFile(path)
    file.write(Array(text.utf8))
  }

  func bulk(_ path: String, events: Int) throws {
    let store = try open(path)
    let load = ParallelLoad(loader: try store.bulkLoader(for: "payments", workers: 2))
    var batches = (0..<Self.batchesReady).map { _ in EventBatch(Workload.stream) }
    var generator = SplitMix64(seed: seed)
    var loaded = 0
    var cost = Cost()
    while loaded < events {
      for index in batches.indices {
        let count = min(Self.batchRows, events - loaded)
        workload.fill(&batches[index], count: count, &generator)
        loaded += count
      }
      cost += try Measure.cost { try load.take(batches, isLast: loaded == events) }
    }
    let held = batches.reduce(0) { $0 + $1.bytesHeld }
    report.row("bulk", rows: events, cost, ["batches_mib": Double(held) / 1_048_576])
    cost += try Measure.cost { try store.compact() }
    let bytes = Double(try store.statistics().fileBytes)
    report.row("bulk, compacted", rows: events, cost, ["store_mib": bytes / 1_048_576])
  }

  /// Appends batches of 1,000 rows, each with its position, then merges what they left.
  func stream(_ path: String, events: Int, _ durability: Durability) throws {
    let store = try open(path)
    var generator = SplitMix64(seed: seed &+ 1)
    var batch = EventBatch(Workload.stream)
    var cost = Cost()
    let batches = max(1, events / 1000)
    for index in 0..<batches {
      workload.fill(&batch, count: 1000, &generator)
      let position = SourcePosition(source: "bench", position: [UInt8](String(index).utf8))
      cost += try Measure.cost {
        _ = try store.append(batch, to: "payments", position: position, durability: durability)
      }
    }
    report.row("stream, \(durability)", rows: batches * 1000, cost)
    cost += try Measure.cost { try store.compact() }
    report.row("stream, \(durability), compacted", rows: batches * 1000, cost)
  }

  /// The events that `bulk` loads, as CSV.
  func csv(_ path: String, events: Int) throws {
    let file = try OutputFile(path)
    file.write(Array("account,time,amount\n".utf8))
    var random = SplitMix64(seed: seed)
    var line: [UInt8] = []
    var key: [UInt8] = []
    for _ in 0..<events {
      let event = workload.event(&random)
      Workload.key(event.entity, into: &key)
      line.removeAll(keepingCapacity: true)
      line += key
      line += ",\(event.time),\(event.cents / 100).".utf8
      line += [48 + UInt8(event.cents % 100 / 10), 48 + UInt8(event.cents % 10), 10]
      file.write(line)
    }
  }

  /// The rows that `join` joins, as CSV.
  func spine(_ path: String, rows: Int) throws {
    let file = try OutputFile(path)
    file.write(Array("account,time\n".utf8))
    var key: [UInt8] = []
    workload.forEachSpineRow(rows, seed) { event in
      Workload.key(event.entity, into: &key)
      file.write(key + Array(",\(event.time)\n".utf8))
    }
  }
}

/// Two threads add batches; then one commits, when memory is full or nothing more comes.
private struct ParallelLoad: @unchecked Sendable {
  // Unchecked: `add` may run on one thread per worker index, and no other member is used meanwhile.
  let loader: BulkLoader

  func take(_ batches: [EventBatch], isLast: Bool) throws {
    let next = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: 2) { worker in
      while true {
        let index = next.add(1, ordering: .relaxed).oldValue
        if index >= batches.count { break }
        _ = loader.add(batches[index], worker: worker)
      }
    }
    if isLast || loader.bytesHeld > loader.store.options.loadBytes {
      try loader.commit(positions: [SourcePosition(source: "memory", position: [1])])
    }
  }
}

/// A buffered file that ends the program when it cannot be written.
final class OutputFile {
  private let path: String
  private let file: UnsafeMutablePointer<FILE>

  init(_ path: String) throws {
    guard let file = fopen(path, "w") else { throw BenchError("\(path): cannot be written") }
    self.path = path
    self.file = file
  }

  func write(_ bytes: [UInt8]) { bytes.withUnsafeBytes { write($0) } }

  func write(_ bytes: UnsafeRawBufferPointer) {
    precondition(
      fwrite(bytes.baseAddress, 1, bytes.count, file) == bytes.count, "\(path): cannot be written")
  }

  deinit { precondition(fclose(file) == 0, "\(path): cannot be written") }
}

struct BenchError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

extension EventBatch {
  /// Memory that the columns hold, in bytes.
  var bytesHeld: Int {
    columns.reduce(0) { $0 + 8 * $1.words.capacity + $1.valid.capacity + $1.text.capacity }
  }
}
