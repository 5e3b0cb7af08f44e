// How to reach the blocks of some entities: by stepping over all, by a seek for each, by batched point reads,
// or as a join's sweep does it, which steps or seeks by what it expects to lie between. On one thread.
import FeatureModel
import Glibc
import Hindcast
import Rocks
import SliceStore

struct ReachBench {
  let store: Store
  let workload: Workload
  let seed: UInt64
  let report: Report
  let runs: Int

  /// Entities in the order of the store; each has its key and that of its block with the last day.
  private struct Target {
    let hash: UInt64
    let entity: [UInt8]
    let block: [UInt8]
  }

  func run(rows: [Int]) throws {
    let view = try store.view(JoinBench.view).id
    for count in rows {
      let targets = targets(of: count, view)
      let works: [(String, () throws -> Int)] = [
        ("step over all", { try step(targets, view) }), ("seek each", { try seek(targets) }),
        ("point reads by 128", { try get(targets) }), ("sweep", { try sweep(targets) }),
      ]
      for (name, work) in works {
        var costs: [Cost] = []
        // The first warms the cache and is not counted.
        for run in 0...runs {
          var found = 0
          let cost = try Measure.cost { found = try work() }
          precondition(found > 0, "nothing was found")
          if run > 0 { costs.append(cost) }
        }
        report.row(
          "reach, \(name), \(count)", rows: targets.count, Measure.median(costs))
      }
    }
  }

  /// The distinct entities of so many rows.
  private func targets(of rows: Int, _ view: ViewID) -> [Target] {
    let lastDay = (workload.end - 1) / Workload.dayMilliseconds
    var entities: Set<Int> = []
    workload.forEachSpineRow(rows, seed) { entities.insert($0.entity) }
    var key: [UInt8] = []
    return entities.map { entity in
      Workload.key(entity, into: &key)
      var block: [UInt8] = []
      let hash = key.withUnsafeBytes { bytes in
        let hash = EntityHash.of(bytes)
        SliceKey.append(
          view: view, group: 0, hash: hash, entity: bytes,
          block: Int32(ViewPlan.narrowCut.block(of: lastDay, hash)), to: &block)
        return hash
      }
      return Target(hash: hash, entity: key, block: block)
    }.sorted { $0.block.lexicographicallyPrecedes($1.block) }
  }

  private func cursor(_ view: ViewID?) -> Cursor {
    let range = view.map { SliceKey.range(view: $0, group: 0) }
    return store.database.cursor(
      in: store.slices,
      options: ReadOptions(
        lowerBound: range?.lower, upperBound: range?.upper, fillCache: view == nil))
  }

  private func step(_ targets: [Target], _ view: ViewID) throws -> Int {
    var cursor = cursor(view)
    var found = 0
    var next = 0
    cursor.seekToFirst()
    while cursor.isValid, next < targets.count {
      // -1 where the cursor has not come to the target yet.
      let order = targets[next].block.withUnsafeBytes { target in
        memcmp(cursor.key.baseAddress!, target.baseAddress!, min(target.count, cursor.key.count))
      }
      if order == 0 { found += cursor.value.count }
      if order >= 0 { next += 1 }
      if order <= 0 { cursor.next() }
    }
    return found
  }

  private func seek(_ targets: [Target]) throws -> Int {
    var cursor = cursor(nil)
    var found = 0
    for target in targets {
      cursor.seek(to: target.block)
      if cursor.isValid { found += cursor.value.count }
    }
    return found
  }

  private func get(_ targets: [Target]) throws -> Int {
    let options = ReadOptions()
    var found = 0
    for start in stride(from: 0, to: targets.count, by: 128) {
      let keys = targets[start..<min(start + 128, targets.count)].flatMap(\.block)
      // Keys are equally long.
      let length = targets[start].block.count
      try keys.withUnsafeBytes { keys in
        let views = stride(from: 0, to: keys.count, by: length).map {
          UnsafeRawBufferPointer(rebasing: keys[$0..<$0 + length])
        }
        try views.withUnsafeBufferPointer { views in
          try store.database.multiGet(
            keys: views, in: store.slices, options: options, isSorted: true
          ) { found += $1.count }
        }
      }
    }
    return found
  }

  private func sweep(_ targets: [Target]) throws -> Int {
    let time = Timestamp(milliseconds: workload.end)!
    let reader = try store.reader(
      of: JoinBench.view, features: ["1d_COUNT"], sweeping: targets.count)
    for target in targets {
      try target.entity.withUnsafeBytes {
        try reader.select(hash: target.hash, entity: $0, from: time, through: time)
      }
    }
    return targets.count
  }
}
