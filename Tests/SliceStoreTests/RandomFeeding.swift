// Feeds rows to a store in any way that must not matter: pieces, orders, streaming and bulk, with
// flushes, compactions, restarts and checkpoints in between. Only the seals stand where they stand.
import FeatureModel
import SliceStore
import TestSupport

/// Rows that are ingested under one seal.
struct Phase {
  let seal: Timestamp?
  let rows: [[Value]]
}

struct RandomFeeding {
  var random: SplitMix64
  /// Whether rows of one phase may change places.
  let permutes: Bool

  mutating func feed(_ phases: [Phase], to target: TestStore) throws {
    for phase in phases {
      if let seal = phase.seal { try target.store.seal(target.stream, at: seal) }
      let rows = permutes ? phase.rows.shuffled(using: &random) : phase.rows
      for piece in random.split(rows, most: random.pick([3, 20, 300])) {
        if random.chance(30) { try load(piece, to: target) } else { try target.append(piece) }
        try disturb(target)
      }
    }
  }

  private mutating func load(_ rows: [[Value]], to target: TestStore) throws {
    let store = target.store
    let declaration = try store.stream(target.stream).declaration
    let all = store.views(of: target.stream)
    // All views at once, or one after the other.
    let groups = random.chance(50) || all.isEmpty ? [all] : all.map { [$0] }
    for (index, views) in groups.enumerated() {
      let workers = 1 + random.below(3)
      let loader = try store.bulkLoader(
        for: target.stream, views: views, keeps: index == 0, workers: workers)
      for piece in random.split(rows, most: 40) {
        var batch = EventBatch(declaration)
        for row in piece { batch.append(row) }
        _ = loader.add(batch, worker: random.below(workers))
        if random.chance(20) { try loader.commit(positions: []) }
      }
      try loader.commit(positions: [])
    }
  }

  private mutating func disturb(_ target: TestStore) throws {
    switch random.below(12) {
    case 0: try target.store.flush()
    case 1: try target.store.compact()
    case 2: try target.reopen()
    default: break
    }
  }
}
