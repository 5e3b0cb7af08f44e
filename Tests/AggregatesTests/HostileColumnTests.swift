// Columns that were cut short or had bits turned over: every read ends in a value or in a `CodecError`,
// never in a crash, and never beyond the bytes, behind which lies an unreadable page.
import Aggregates
import Testing

@Suite("A damaged column is an error or a value, never a crash")
struct HostileColumnTests {
  static let columns = HostileColumns.all

  @Test(arguments: columns)
  func everyTruncationIsAnError(_ column: StoredColumn) {
    for length in 0..<column.bytes.count {
      #expect(throws: CodecError.self, "\(length) of \(column.bytes.count) bytes") {
        try column.fold(Array(column.bytes.prefix(length)))
      }
    }
    #expect(throws: CodecError.self) { try column.fold(column.bytes + [0]) }
  }

  @Test(arguments: columns)
  func everyTurnedBitIsAnErrorOrAValue(_ column: StoredColumn) throws {
    for bit in 0..<8 * column.bytes.count {
      var damaged = column.bytes
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      try column.expectErrorOrValue(damaged)
    }
  }

  @Test(arguments: columns)
  func randomDamageIsAnErrorOrAValue(_ column: StoredColumn) throws {
    var random = Seeded(UInt64(column.bytes.count))
    for _ in 0..<300 {
      var damaged = column.bytes
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = damaged.indices.randomElement(using: &random)!
        damaged[place] = [0, 1, 0x7f, 0x80, 0xff, UInt8.random(in: 0...255, using: &random)]
          .randomElement(using: &random)!
      }
      try column.expectErrorOrValue(damaged)
    }
  }

  @Test(arguments: columns)
  func entriesOutsideOfTheColumnAreAnError(_ column: StoredColumn) {
    for (rows, entries) in [
      (column.rows, 0..<column.rows + 1), (column.rows, -1..<1), (-1, 0..<0), (Int.max, 0..<1),
    ] {
      #expect(throws: CodecError.self, "\(entries) of \(rows)") {
        try column.fold(column.bytes, rows: rows, entries)
      }
    }
  }

  @Test func anUnknownCodeHasNoAccumulator() {
    #expect(AggregateCatalog.accumulator(code: 0) == nil)
    #expect(AggregateCatalog.accumulator(code: 20) == nil)
    for code in Array(UInt8(1)...19) + Array(40...43) {
      #expect(AggregateCatalog.accumulator(code: code)?.code == code)
    }
  }

  @Test func setsWithOtherParametersAreRefused() throws {
    let set = DistinctSet(exactUpTo: 8, precision: 12).absorbing([Event(word: 1)])
    for other in [
      DistinctSet(exactUpTo: 9, precision: 12), DistinctSet(exactUpTo: 8, precision: 11),
    ] {
      #expect(throws: CodecError.malformed("distinct columns with different parameters")) {
        try other.folding(DistinctSet.encoded([set]), rows: 1, 0..<1)
      }
    }
    let adopted = try DistinctSet().folding(DistinctSet.encoded([set]), rows: 1, 0..<1)
    #expect(adopted == set)
    #expect(DistinctSet.encoded([adopted]) == DistinctSet.encoded([set]))
  }
}

/// A column as it is stored, with the code that reads it.
struct StoredColumn: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let code: UInt8
  let rows: Int
  let bytes: [UInt8]

  func fold(_ bytes: [UInt8], rows: Int? = nil, _ entries: Range<Int>? = nil) throws {
    _ = try folded(bytes, rows: rows ?? self.rows, entries ?? 0..<self.rows)
  }

  func expectErrorOrValue(_ damaged: [UInt8]) throws {
    let accumulator: Accumulator
    do {
      accumulator = try folded(damaged, rows: rows, 0..<rows)
    } catch is CodecError {
      return
    }
    // What was read is a value like any other: it is stored, and reads back.
    accumulator.finishEntry()
    var again: [UInt8] = []
    accumulator.encodeEntries(into: &again)
    _ = try folded(again, rows: 1, 0..<1)
  }

  private func folded(
    _ bytes: [UInt8], rows: Int, _ entries: Range<Int>
  ) throws -> Accumulator {
    let accumulator = AggregateCatalog.accumulator(code: code)!
    try withGuardedBytes(bytes) { try accumulator.fold($0, rows: rows, entries: entries) }
    return accumulator
  }
}

/// One column of each shape that a codec has.
enum HostileColumns {
  static let all: [StoredColumn] =
    sums
    + [
      column("minimum", Extremum(.least), words([3, 70_000, -5])),
      column("maximum, some empty", Extremum(.greatest), words([3]) + [[]] + words([-1])),
      column("first", EdgeValue(.least), words([3, 70_000, -5])),
      column("last, some empty", EdgeValue(.greatest), words([3]) + [[]]),
      column("least text", TextExtremum(.least), texts),
      column("greatest text, some empty", TextExtremum(.greatest), texts + [[]]),
      column("first text", TextEdge(.least), texts),
      column("last text, some empty", TextEdge(.greatest), texts + [[]]),
      column("exact set", DistinctSet(exactUpTo: 8, precision: 4), words([1, 2, 3]) + [[]]),
      column("sparse sketch", DistinctSet(exactUpTo: 0, precision: 4), words([1, .max, 1 << 60])),
      column("map of counts", CategoryMap(limit: 3, CategorySum(.one)), categories([7, 8, 9])),
      column(
        "map of wide sums, a sample", CategoryMap(limit: 2, CategorySum(.double)),
        categories([1e300, -1e-300, 0.1, 1e-300].map { bits($0) }) + [[]]),
      column("map of means", CategoryMap(limit: 3, CategoryMean(.int)), categories([1, 2, .max])),
      column("map of the least", CategoryMap(limit: 3, CategoryLeast()), categories([1, 2])),
      column("map of the greatest", CategoryMap(limit: 3, CategoryGreatest()), categories([3])),
      column("dense sketch", DistinctSet(exactUpTo: 0, precision: 4), [hashes(80), hashes(3)]),
      column("power sums", PowerSums(), words([3, -70_000]) + [[]]),
      column(
        "power sums of doubles", PowerSums(ofDoubles: true), words([0.1, 2.5].map { bits($0) })),
      column("first values", KeptWords(.least, limit: 2), words([3, 70_000]) + [[]]),
      column("greatest values", KeptWords(.greatest, limit: 2, byTime: false), [hashes(3)]),
      column("first texts", KeptTexts(.least, limit: 2), texts + [[]]),
      column("last texts", KeptTexts(.greatest, limit: 8), [texts.flatMap { $0 }]),
      column("buckets", BucketCounts(powers, limit: 8), words([3, -5, 70_000]) + [[]]),
      column("joined buckets", BucketCounts(powers, limit: 8), [hashes(30), hashes(3)]),
      column("counted words", ValueTally<TalliedWord>(limit: 3), [hashes(5), hashes(1), []]),
      column("counted texts", ValueTally<TalliedText>(limit: 2), [texts.flatMap { $0 }, []]),
      column("counted set", CountedSet(exactUpTo: 8, precision: 4), words([1, 2]) + [[]]),
    ]

  /// One entry of as many categories as there are words.
  private static func categories(_ words: [Int64]) -> [[Event]] {
    [
      words.enumerated().map { index, word in
        Event(word: UInt64(bitPattern: word), category: Array("c\(index)".utf8))
      }
    ]
  }

  private static let powers = BucketScheme.powers(parts: 50, isDouble: false)

  private static let sums: [StoredColumn] = [
    column("sums, equal entries", SumPartial(.one), words([1, 1, 1])),
    column("sums of one byte", SumPartial(.int), words([-7, 100, 3])),
    column("sums of three bytes", SumPartial(.int), words([0, 70_000, 70_001])),
    column("sums of eight bytes", SumPartial(.int), words([.min, .max, 0])),
    column("sums of sixteen bytes", SumPartial(.squaredInt), words([.min, 3, 0])),
    column("sums of doubles", SumPartial(.double), words([0.1, 2.5, -1e9].map { bits($0) })),
    column("wide sums", SumPartial(.double), words([1e300, -1e-300, 0.1].map { bits($0) })),
    column(
      "the widest sum", SumPartial(.squaredDouble),
      [[1.5e308, 5.1e-300].map { Event(word: $0.bitPattern) }, hashes(0)]),
  ]

  private static let texts = ["abc", "", "ü"].map { [Event(time: 9, text: Array($0.utf8))] }

  private static func bits(_ value: Double) -> Int64 { Int64(bitPattern: value.bitPattern) }

  private static func words(_ values: [Int64]) -> [[Event]] {
    values.enumerated().map { [Event(word: UInt64(bitPattern: $1), time: Int64($0) * 1000)] }
  }

  private static func hashes(_ count: Int) -> [Event] {
    var random = Seeded(4)
    return (0..<count).map { _ in Event(word: random.next()) }
  }

  private static func column<P: Partial>(
    _ name: String, _ neutral: P, _ entries: [[Event]]
  ) -> StoredColumn {
    StoredColumn(
      testDescription: name, code: neutral.code, rows: entries.count,
      bytes: P.encoded(entries.map { neutral.absorbing($0) }))
  }
}
