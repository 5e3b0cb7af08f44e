// Damaged bytes: decoders get every truncation and thousands of flips of real blocks, on copies of the
// exact size, so that a read past the end is one past the allocation. They throw or answer; never more.
import Aggregates
import FeatureModel
import Foundation
import Rocks
import SliceStore
import TestSupport
import Testing

@Suite struct HostileBytesTests {
  /// Blocks of every codec, short and long, with and without lags.
  private static func blocks() throws -> [[[UInt8]]] {
    try withTemporaryDirectory { folder in
      let views = [Fixture.everyCodec, Fixture.furtherCodecs]
      let target = try TestStore(at: folder + "/store", Fixture.stream, views)
      let start = Timestamp.at("2024-03-01")
      try target.append(
        (0..<120).map { index in
          let at = start.advanced(by: Int64(index / 2) * 43_200_000)
          let seen = index % 9 == 0 ? at.advanced(by: Int64(index) * 90_000_000) : nil
          return Fixture.row(
            at, seen: seen, index % 11 == 0 ? "b" : "a", bytes: index % 5 == 0 ? nil : Int64(index),
            score: Double(index) * 1e9 / 7, subject: index % 4 == 0 ? nil : "subject \(index)",
            flag: index % 3 == 0)
        })
      try target.store.compact()
      let pairs = try target.store.pairs()
      target.close()
      return pairs
    }
  }

  /// Calls `body` with a copy that ends where its allocation ends.
  private func withExactCopy(_ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) -> Void) {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    copy.copyBytes(from: bytes)
    body(UnsafeRawBufferPointer(copy))
    copy.deallocate()
  }

  /// Reads a block in every way there is; false where one of them threw.
  private func read(_ bytes: UnsafeRawBufferPointer) -> Bool {
    do {
      let block = try BlockView(bytes)
      for place in 0..<block.columnCount {
        let column = try block.column(place)
        guard let accumulator = AggregateCatalog.accumulator(code: block.code(ofColumn: place))
        else { return false }
        let middle = block.entryCount / 2
        try accumulator.fold(column, rows: block.entryCount, entries: middle..<block.entryCount)
        try accumulator.fold(column, rows: block.entryCount, entries: 0..<middle)
      }
      try block.checkEntries(slicesPerBlock: ViewPlan.narrowCut.slicesPerBlock)
      try block.checkEnd()
      for entry in 0..<block.entryCount {
        _ = block.lag(entry) + Int64(block.firstEntry(from: entry))
      }
      return true
    } catch {
      return false
    }
  }

  @Test func `Every truncation of a block is refused`() throws {
    let merger = BlockMerger()
    for pair in try Self.blocks() {
      for length in 0..<pair[1].count {
        withExactCopy(Array(pair[1].prefix(length))) { bytes in
          #expect(!read(bytes), "\(length) of \(pair[1].count) bytes")
          #expect(throws: CodecError.self) { try merger.merge([bytes]) }
        }
      }
      withExactCopy(pair[1]) { #expect(read($0)) }
    }
  }

  @Test(arguments: TestRounds.seeds(4))
  func `Flipped bytes throw or are read, and a merger works on after them`(seed: UInt64) throws {
    let blocks = try Self.blocks()
    var random = SplitMix64(seed)
    let merger = BlockMerger()
    var refused = 0
    for round in 0..<4000 {
      let healthy = random.pick(blocks)[1]
      var damaged = healthy
      // The head is where lengths and counts stand.
      let reach = random.chance(50) ? min(40, damaged.count) : damaged.count
      for _ in 0..<1 + random.below(3) {
        let place = random.below(reach)
        damaged[place] =
          random.chance(50)
          ? damaged[place] ^ (1 << UInt8(random.below(8))) : random.pick([0, 255, 1, 128])
      }
      withExactCopy(damaged) { bytes in
        if !read(bytes) { refused += 1 }
        _ = try? merger.merge([bytes, bytes], firstOffset: random.below(600))
      }
      if round % 50 == 0 {
        let merged = withUnsafePair(healthy) { try? merger.merge([$0]) }
        #expect(merged == healthy, "seed \(seed), round \(round): damage outlives its block")
      }
    }
    #expect(refused > 1000)
  }

  private func withUnsafePair<Result>(
    _ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) -> Result
  ) -> Result { bytes.withUnsafeBytes(body) }

  @Test func `A key is taken apart into what it was made of, or refused`() throws {
    for entity in ["", "a", "a\u{0}b", String(repeating: "é", count: 300)] {
      for block: Int32 in [.min, -1, 0, 1, .max] {
        var key: [UInt8] = []
        let bytes = Array(entity.utf8)
        bytes.withUnsafeBytes {
          SliceKey.append(
            view: ViewID(number: 7), group: 3, hash: EntityHash.of($0), entity: $0, block: block,
            to: &key)
        }
        withExactCopy(key) { raw in
          let parsed = ParsedSliceKey(raw)
          #expect(parsed?.view.number == 7 && parsed?.group == 3 && parsed?.block == block)
          #expect(parsed.map { Array($0.entity) } == bytes)
        }
        for length in 0..<17 {
          withExactCopy(Array(key.prefix(length))) { #expect(ParsedSliceKey($0) == nil) }
        }
      }
    }
    let position = SliceKey.position(view: ViewID(number: 1), source: "a long name of a source")
    withExactCopy(position) { #expect(ParsedSliceKey($0) == nil) }
  }

  @Test func `A damaged operand of a merge makes reads throw, and is reported`() throws {
    try withTemporaryDirectory { folder in
      let target = try TestStore(at: folder + "/store", Fixture.stream, [Fixture.counts])
      try target.append([Fixture.row(.at("2024-03-01"), "a"), Fixture.row(.at("2024-03-01"), "b")])
      let pair = try #require(try target.store.pairs().first)
      try target.store.database.merge(
        key: pair[0], value: Array(pair[1].dropLast()), in: target.store.slices)
      var failed = 0
      for name in ["a", "b"] {
        do {
          let values = try target.answer("counts", [name], at: .at("2024-03-02"))
          #expect(values == [.int(1), .int(1), .int(1), .int(1)])
        } catch is StoreError { failed += 1 }
      }
      #expect(failed == 1)
      #expect(try target.store.verify().defects.count >= 1)
      target.close()
    }
  }

  @Test(arguments: TestRounds.seeds(12))
  func `A damaged table file makes reads throw, and never changes a value`(seed: UInt64) throws {
    try withTemporaryDirectory { folder in
      let target = try TestStore(at: folder + "/store", Fixture.stream, [Fixture.counts])
      let names = (0..<300).map { "sender\($0)" }
      try target.append(names.map { Fixture.row(.at("2024-03-01"), $0) })
      try target.store.compact()
      try target.store.flush()
      target.close()
      var random = SplitMix64(seed)
      try damageLargestTable(in: target.path, &random)
      guard let store = try? Store.open(at: target.path, .existing, options: testOptions) else {
        return
      }
      let reader = try store.reader(of: "counts")
      var failed = 0
      for name in names {
        do {
          let values = try reader.answer(EntityKey(parts: [name]), at: .at("2024-03-02"))
          #expect(values == [.int(1), .int(1), .int(1), .int(1)], "seed \(seed), \(name)")
        } catch is StoreError { failed += 1 }
      }
      #expect(failed > 0, "seed \(seed)")
      #expect(try !store.verify().defects.isEmpty, "seed \(seed)")
      store.close()
    }
  }

  /// Flips one byte in the first half of the largest table file, which is blocks of data.
  private func damageLargestTable(in folder: String, _ random: inout SplitMix64) throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: folder)
      .filter { $0.hasSuffix(".sst") }.map { URL(filePath: folder + "/" + $0) }
    let contents = try files.map { ($0, try Data(contentsOf: $0)) }
    var (file, bytes) = try #require(contents.max { $0.1.count < $1.1.count })
    bytes[random.below(bytes.count / 2)] ^= 1 << UInt8(random.below(8))
    try bytes.write(to: file)
  }
}
