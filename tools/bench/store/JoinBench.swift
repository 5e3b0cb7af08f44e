// As-of joins of a spine in memory, and beside them a bare RocksDB iterator over the same blocks with as many
// threads: what the store's bytes cost before anybody computes anything with them.
import Dispatch
import FeatureModel
import Glibc
import Hindcast
import Rocks
import SliceStore

struct JoinBench {
  let store: FeatureStore
  let workload: Workload
  let seed: UInt64
  let report: Report
  let threads: Int
  let runs: Int

  static let view = "account_activity"

  /// Joins `rows` rows, `runs` times; the first is on a store that was just opened.
  func join(rows: Int, features: [String], answers path: String?) throws {
    let spine = spine(rows: rows)
    let request = JoinRequest(
      [FeatureSelection(Self.view, features: features)], time: "time")
    var options = JoinOptions()
    options.threads = threads
    var costs: [Cost] = []
    let before = Measure.residentMiB
    Measure.forgetPeak()
    var answers: JoinAnswers?
    for _ in 0..<runs {
      answers = nil
      costs.append(try Measure.cost { answers = try store.join(spine, request, options) })
    }
    // Answers are 8 bytes and a bit for each value; text is not among these features.
    let answerMiB = Double(rows * features.count) * (8 + 1.0 / 8) / 1_048_576
    let spineMiB = Double(rows) * 36 / 1_048_576
    let peak = Double(Measure.peakSinceMiB)
    report.row(
      "join", rows: rows, Measure.median(costs),
      [
        "first_s": costs[0].wall, "first_cpu_s": costs[0].processor,
        "peak_mib": peak, "before_mib": Double(before), "beyond_mib": peak - spineMiB - answerMiB,
      ])
    if let path, let answers { try write(answers, to: path) }
  }

  /// The rows that `spine` writes to a file, as columns.
  private func spine(rows: Int) -> [SpineBatch] {
    var batch = EventBatch(columns: [EventColumn(type: .string), EventColumn(type: .timestamp)])
    var key: [UInt8] = []
    workload.forEachSpineRow(rows, seed) { event in
      Workload.key(event.entity, into: &key)
      key.withUnsafeBytes { batch.columns[0].append(utf8: $0) }
      batch.columns[1].append(word: UInt64(bitPattern: event.time))
    }
    return [SpineBatch(batch, names: ["account", "time"])]
  }

  /// Column after column, 8 bytes a value, little-endian.
  private func write(_ answers: JoinAnswers, to path: String) throws {
    let file = try OutputFile(path)
    for column in answers.columns {
      precondition(column.type != .string && column.type != .bool && column.nullCount == 0)
      file.write(UnsafeRawBufferPointer(start: column.values, count: 8 * answers.rows))
    }
  }

  /// Steps over all blocks of the view, each thread over its share of the hashes.
  func scan() throws {
    let view = try store.store.view(Self.view).id
    var costs: [Cost] = []
    var blocks = 0
    for _ in 0..<runs {
      var counts = Array(repeating: 0, count: threads)
      let cost = Measure.cost {
        counts.withUnsafeMutableBufferPointer { counts in
          let share = UnsafeShare(counts)
          DispatchQueue.concurrentPerform(iterations: threads) { thread in
            share.buffer[thread] = self.scan(view, thread)
          }
        }
      }
      blocks = counts.reduce(0, +)
      costs.append(cost)
    }
    report.row("scan", rows: blocks, Measure.median(costs), ["first_s": costs[0].wall])
  }

  private func scan(_ view: ViewID, _ thread: Int) -> Int {
    let prefix = SliceKey.range(view: view, group: 0)
    let bounds = [thread, thread + 1].map { part -> [UInt8] in
      part == threads
        ? prefix.upper
        : prefix.lower + [UInt8(truncatingIfNeeded: part * 256 / threads)]
    }
    var cursor = store.store.database.cursor(
      in: store.store.slices,
      options: ReadOptions(lowerBound: bounds[0], upperBound: bounds[1], fillCache: false))
    var blocks = 0
    var bytes = 0
    cursor.seekToFirst()
    while cursor.isValid {
      blocks += 1
      bytes &+= Int(cursor.key[5]) + cursor.value.count
      cursor.next()
    }
    precondition(bytes > 0, "no blocks")
    return blocks
  }
}

/// A buffer of which each thread has its own element.
private struct UnsafeShare<Element>: @unchecked Sendable {
  let buffer: UnsafeMutableBufferPointer<Element>
  init(_ buffer: UnsafeMutableBufferPointer<Element>) { self.buffer = buffer }
}
