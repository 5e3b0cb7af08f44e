// Spines in memory for the tests of joins, and streams whose stores they are joined to.
import FeatureModel
import Hindcast
import SliceStore
import TestSupport

/// Columns by name, to be filled row by row.
struct SpineTable {
  let names: [String]
  let types: [FieldType]
  var rows: [[Value]] = []

  init(_ columns: KeyValuePairs<String, FieldType>) {
    names = columns.map(\.key)
    types = columns.map(\.value)
  }

  func batch(_ rows: some Sequence<[Value]>) -> SpineBatch {
    var batch = EventBatch(columns: types.map { EventColumn(type: $0) })
    for row in rows { batch.append(row) }
    return SpineBatch(batch, names: names)
  }

  /// All rows in one batch.
  var batch: SpineBatch { batch(rows) }
}

extension JoinAnswers {
  /// One row of values.
  func values(_ row: Int) -> [Value] { columns.map { $0.value(row) } }
}

/// A random stream with its views in a store, fed in pieces, some of it behind a seal and compacted.
struct RandomWorld {
  let seed: UInt64
  let store: FeatureStore
  let views: [ViewDeclaration]
  private(set) var oracles: [NaiveOracle]
  private(set) var source: RandomStream
  var random: SplitMix64

  init(seed: UInt64, at folder: String) throws {
    self.seed = seed
    source = RandomStream(seed: seed, rows: 60 + Int(seed % 4) * 90)
    random = SplitMix64(seed ^ 0x10E5)
    var options = StoreOptions()
    options.cacheBytes = 4 << 20
    store = try FeatureStore.open(folder + "/store", .create, options: options)
    try store.store.register(source.stream)
    let stream = source.stream
    let views = RandomStream.views(stream, count: 1 + random.below(3), &random)
    self.views = views
    for view in views { try store.store.register(view) }
    oracles = views.map { NaiveOracle(stream, $0) }
    try feed()
  }

  private mutating func feed() throws {
    let pieces = random.split(source.rows, most: 80)
    let sealed = random.chance(50) ? random.below(pieces.count) : nil
    var seal: Timestamp?
    for (index, piece) in pieces.enumerated() {
      if index == sealed {
        let time = source.instant()
        try store.store.seal("events", at: time)
        seal = time
      }
      var batch = EventBatch(source.stream)
      for row in piece { batch.append(row) }
      _ = try store.store.append(
        batch, to: "events", durability: .written, refusals: .skipRows)
      for view in oracles.indices {
        for row in piece { oracles[view].events.append((row, seal)) }
      }
      if random.chance(20) { try store.store.compact() }
    }
  }

  mutating func instant() -> Timestamp { source.instant() }

  mutating func mode() -> ReadMode {
    switch random.below(4) {
    case 0, 1: .asServed
    case 2: .corrected
    default: .knownAt(source.instant())
    }
  }
}
