// Sums of decimals: stored in a form of their own, and yet the same exact sums, whatever the form.
import Aggregates
import Testing

@Suite("Sums of decimals are stored small and exactly")
struct DecimalColumnTests {
  /// Entries of one to four amounts with so many digits, some of them negative, some zero.
  static func entries(_ count: Int, digits: Int, seed: UInt64) -> [SumPartial] {
    var random = Seeded(seed)
    let power = [1.0, 10, 100, 1000, 10_000][digits]
    return (0..<count).map { _ in
      var partial = SumPartial(.double)
      let events =
        Int.random(in: 0...9, using: &random) < 8 ? 1 : Int.random(in: 2...4, using: &random)
      for _ in 0..<events {
        let amount = Double(Int.random(in: -20_000...9_000_000, using: &random)) / power
        partial.absorb(word: amount.bitPattern, time: 0)
      }
      return partial
    }
  }

  @Test(arguments: 1...4, [1, 2, 17, 300])
  func everyEntryReadsBackToTheSameSum(digits: Int, count: Int) throws {
    for seed in UInt64(1)...20 {
      let entries = Self.entries(count, digits: digits, seed: seed)
      let column = SumPartial.encoded(entries)
      for (index, entry) in entries.enumerated() {
        let back = try SumPartial(.double).folding(column, rows: count, index..<index + 1)
        #expect(back == entry, "seed \(seed), entry \(index)")
      }
      let low = count / 3
      let whole = try SumPartial(.double).folding(column, rows: count, low..<count)
      let merged = entries[low...].reduce(SumPartial(.double)) { $0.merging($1) }
      #expect(whole == merged, "seed \(seed)")
      #expect(whole.sum.doubleValue.bitPattern == merged.sum.doubleValue.bitPattern)
    }
  }

  @Test func aColumnOfAmountsTakesThreeBytesAnEntry() {
    let column = SumPartial.encoded(Self.entries(1000, digits: 2, seed: 7))
    #expect(column[0] == 2)
    #expect(column.count < 1000 * 5)
  }

  @Test func otherDoublesKeepTheirForm() {
    var random = Seeded(5)
    let entries = (0..<50).map { _ in
      SumPartial(.double).absorbing([
        Event(word: Double.random(in: 0..<1, using: &random).bitPattern)
      ])
    }
    #expect(SumPartial.encoded(entries)[0] == 0)
  }

  @Test(arguments: UInt64(1)...10)
  func mergedColumnsHaveTheBytesOfOneColumn(seed: UInt64) throws {
    let entries = Self.entries(40, digits: 2, seed: seed)
    let halves = [Array(entries[..<25]), Array(entries[25...])].map { SumPartial.encoded($0) }
    let accumulator = try #require(AggregateCatalog.accumulator(code: 1))
    try halves[0].withUnsafeBytes { first in
      try halves[1].withUnsafeBytes { second in
        // Entries 0..<15 of both meet at one place; the rest of the first stand alone.
        var places: [EntryPlace] = []
        for entry in 0..<25 {
          places.append(EntryPlace(order: UInt64(entry), column: 0, entry: Int32(entry)))
          if entry < 15 {
            places.append(EntryPlace(order: UInt64(entry), column: 1, entry: Int32(entry)))
          }
        }
        try accumulator.mergeEntries(
          [
            Aggregates.StoredColumn(bytes: first, rows: 25),
            Aggregates.StoredColumn(bytes: second, rows: 15),
          ], places)
      }
    }
    var bytes: [UInt8] = []
    accumulator.encodeEntries(into: &bytes)
    let expected = (0..<25).map { $0 < 15 ? entries[$0].merging(entries[25 + $0]) : entries[$0] }
    #expect(bytes == SumPartial.encoded(expected), "seed \(seed)")
  }

  @Test func damageIsAnErrorOrAValue() throws {
    let entries = Self.entries(30, digits: 3, seed: 11)
    let column = SumPartial.encoded(entries)
    #expect(column[0] == 2)
    for length in 0..<column.count {
      #expect(throws: CodecError.self) {
        try SumPartial(.double).folding(Array(column.prefix(length)), rows: 30, 0..<30)
      }
    }
    for bit in 0..<8 * column.count {
      var damaged = column
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      do { _ = try SumPartial(.double).folding(damaged, rows: 30, 0..<30) } catch {
        #expect(error is CodecError)
      }
    }
  }
}
