// Blocks that a loop has read: a reader that remembers answers as one that does not, whatever is written in
// between, and asks the store once for a block and slice.
import FeatureModel
import FeatureServer
import Foundation
import Hindcast
import SliceStore
import TestSupport
import Testing

@Suite struct RowCacheTests {
  @Test func `A block is found for its key, slice and history alone, until all is wiped`() {
    let rows = RowCache(bytes: 1 << 20)
    let (key, other, block) = ([UInt8](1...20), [UInt8](2...21), [UInt8](0..<50))
    func find(_ key: [UInt8], _ slice: Int64, _ revision: UInt32 = 0) -> [UInt8]? {
      key.withUnsafeBytes {
        rows.find($0, hash: 7, revision: revision, slice: slice).map { [UInt8]($0) }
      }
    }
    func keep(_ block: [UInt8], _ key: [UInt8], _ slice: Int64) {
      block.withUnsafeBytes { block in
        key.withUnsafeBytes { rows.keep(block, at: $0, hash: 7, revision: 0, slice: slice) }
      }
    }
    #expect(find(key, 1) == nil)
    keep(block, key, 1)
    keep([], other, 1)
    #expect(find(key, 1) == block && find(other, 1) == [])
    #expect(find(key, 2) == nil && find(key, 0) == nil)
    keep(block, key, 2)
    #expect(find(key, 2) == block && find(key, 1) == nil)
    let counts = rows.takeCounts()
    #expect(counts == (3, 4) && rows.takeCounts() == (0, 0))
    #expect(find(key, 2, 1) == nil && find(other, 1, 1) == nil && find(other, 1) == [])
    rows.wipe()
    #expect(find(key, 2) == nil && find(other, 1) == nil)
  }

  private static func write(_ store: FeatureStore, _ row: [Value]) throws {
    var batch = EventBatch(try store.store.stream("mails").declaration)
    batch.append(row)
    _ = try store.store.append(batch, to: "mails", durability: .written)
  }

  @Test(arguments: [UInt64(1), 2, 3])
  func `A reader that remembers answers as one that does not`(seed: UInt64) throws {
    try withTemporaryDirectory { folder in
      let store = try FeatureStore.open(folder + "/store", .create)
      defer { store.store.close() }
      _ = try store.register(
        ([ServerWorld.stream] + ServerWorld.views).map {
          DeclarationText(name: "declaration", text: Array($0.utf8))
        })
      let rows = RowCache(bytes: 1 << 20)
      let features = BoundaryTests.features
      let remembering = try store.store.reader(
        of: "by_sender", features: features, remembering: rows)
      let plain = try store.store.reader(of: "by_sender", features: features)
      var random = SplitMix64(seed)
      var now = Timestamp(parsing: "2026-03-01T12:00:30Z")!
      var values: [Value] = []
      for step in 0..<2000 {
        if step == 0 || random.chance(15) {
          now = Timestamp(milliseconds: now.milliseconds + Int64(random.below(90_000)))!
          let start = now.milliseconds / 60_000 * 60_000
          try store.store.seal("mails", at: Timestamp(milliseconds: start)!)
        }
        let sender = "sender \(random.below(6))"
        if random.chance(40) {
          // Late ones, too; all arrive in the running slice.
          let late = Int64(random.pick([0, 60_000, 3_000_000]))
          try Self.write(
            store,
            [
              .string(sender), .string("r\(random.below(5))"),
              .timestamp(Timestamp(milliseconds: now.milliseconds - late)!),
              .double(Double(random.below(100)) / 7), .int(1), .bool(true),
            ])
        }
        let key = EntityKey(parts: [sender])
        try key.bytes.withUnsafeBytes { bytes in
          try remembering.select(hash: EntityHash.of(bytes), entity: bytes, sealedAt: now)
          try remembering.answer(at: now, .asServed)
        }
        let found = features.indices.map { remembering.values[$0] }
        remembering.release()
        values = try plain.answer(key, at: now)
        #expect(found == values, "seed \(seed), step \(step): \(sender) at \(now)")
      }
      let counts = rows.takeCounts()
      #expect(counts.hits > 1000 && counts.misses > 100, "seed \(seed)")
    }
  }
}
