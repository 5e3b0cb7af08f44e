// `verify` finds each planted defect, goes on behind it, and finds nothing where nothing is wrong.
import Aggregates
import FeatureModel
import Rocks
import SliceStore
import TestSupport
import Testing

@Suite struct VerifyTests {
  /// A store with one block per group, and what stands in it.
  private func withStore(_ body: (TestStore, [[[UInt8]]]) throws -> Void) throws {
    try withTemporaryDirectory { folder in
      let target = try TestStore(at: folder + "/store", Fixture.stream, [Fixture.everyCodec])
      try target.append(
        [
          Fixture.row(.at("2024-03-01"), "a", flag: true),
          Fixture.row(.at("2024-03-02"), seen: .at("2024-03-05"), "a", score: 7, subject: "t"),
        ], position: SourcePosition(source: "file", position: [1]))
      try target.store.compact()
      try body(target, try target.store.pairs())
      target.close()
    }
  }

  @Test func `A healthy store has no defects, and all of it was read`() throws {
    try withStore { target, pairs in
      let report = try target.store.verify()
      #expect(report.defects == [])
      #expect(report.positions == 1)
      #expect(report.blocks == pairs.count - 1)
      #expect(report.entries == 2 * report.blocks)
      #expect(report.bytes == pairs.reduce(0) { $0 + $1[0].count + $1[1].count })
    }
  }

  private static let plants: [(name: String, plant: @Sendable ([UInt8], [UInt8]) -> [[UInt8]])] = [
    ("wrong hash", { key, value in [key.replacing(8, key[8] ^ 1), value] }),
    ("unknown view", { key, value in [key.replacing(3, 77), value] }),
    ("unknown group", { key, value in [key.replacing(4, 200), value] }),
    ("short key", { key, value in [Array(key.prefix(9)), value] }),
    ("truncated block", { key, value in [key, Array(value.dropLast())] }),
    ("longer block", { key, value in [key, value + [0]] }),
    ("another format", { key, value in [key, value.replacing(0, 9)] }),
    ("fewer columns", { key, value in [key, value.replacing(1, value[1] - 1)] }),
    ("another codec", { key, value in [key, value.replacing(2, 200)] }),
    ("empty block", { key, _ in [key, []] }),
    (
      "offsets that fall",
      { key, value in
        let offsets = 2 + Int(value[1]) + 5
        return [key, value.replacing(offsets, 255).replacing(offsets + 1, 7)]
      }
    ),
  ]

  @Test(arguments: plants.indices)
  func `A planted defect is found, and those behind it too`(index: Int) throws {
    let plant = Self.plants[index]
    try withStore { target, pairs in
      let blocks = pairs.filter { $0[0][0..<4] == [0, 0, 0, 1] }
      for block in [blocks[0], blocks[blocks.count - 1]] {
        let planted = plant.plant(block[0], block[1])
        try target.store.database.put(
          key: planted[0], value: planted[1], in: target.store.slices)
      }
      let report = try target.store.verify()
      #expect(report.defects.count == 2, "\(plant.name): \(report.defects)")
      #expect(try target.store.verify(limit: 1).defects.count == 1)
    }
  }
}

extension [UInt8] {
  func replacing(_ index: Int, _ byte: UInt8) -> [UInt8] {
    var copy = self
    copy[index] = byte
    return copy
  }
}
