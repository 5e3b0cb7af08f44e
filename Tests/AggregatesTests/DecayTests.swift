// Counts that decay: their weights to the last bit, sums that no order and no size disturbs, maps whose
// categories stay when they weigh nothing, and columns that are not what they should be.
import Aggregates
import FeatureModel
import Testing

@Suite("Counts decay by whole numbers, in any order")
struct DecayTests {
  /// The weights of half-lives in slices: numbers with 80 decimal places that were cut.
  @Test(
    arguments: [
      (0, 1, 0x8000_0000_0000_0000), (1, 1, 0x4000_0000_0000_0000), (63, 1, 1), (64, 1, 0),
      (1, 2, 0x5a82_7999_fcef_3242), (1, 3, 0x6597_fa94_f5b8_f20a), (2, 3, 0x50a2_8be6_35ca_2b88),
      (511, 512, 0x4016_321b_6870_27a8), (513, 1024, 0x5a72_cbd2_a1b3_2897),
      (2016, 2016, 0x4000_0000_0000_0000), (19417, 57607, 0x6554_e36d_b01e_bf4d),
      (1, 100_000, 0x7fff_c5da_d448_5a97), (511, 100_000, 0x7f8c_2442_426c_a657),
      (512, 100_000, 0x7f8b_ea51_b7ec_11b9), (513, 100_000, 0x7f8b_b061_47bd_4f30),
      (99_999, 100_000, 0x4000_1d12_a310_b5e8), (100_000, 100_000, 0x4000_0000_0000_0000),
      (1_234_567, 100_000, 0x6_4ba8_78de_179b), (6_300_000, 100_000, 1),
      (6_300_001, 100_000, 0), (1 << 40, 100_000, 0), (Int64.max, 1, 0),
    ] as [(Int64, Int64, UInt64)])
  func aWeightIsThePowerCutTo63Places(age: Int64, halfLife: Int64, weight: UInt64) throws {
    // What a double can hold of it is taken away again at no age, where the weight is 1.
    let top = Double((weight >> 11) << 11)
    let column = Self.column(.double, [1, -top / 0x1p63])
    let value = try Self.value(column, rows: 2, halfLife, [(0, age), (1, 0)])
    #expect(value == .double(Double(weight & (1 << 11 - 1)) / 0x1p63))
  }

  @Test(arguments: LawTests.seeds)
  func noOrderShows(seed: UInt64) throws {
    var random = Seeded(seed)
    let counts = (0..<40).map { _ in Double(Int64.random(in: 0...1 << 52, using: &random)) }
    let column = Self.column(.int, counts)
    for halfLife in [1, 2, 7, 1000, 100_000] as [Int64] {
      var entries = counts.indices.map { entry in
        (entry, Int64.random(in: 0...min(60 * halfLife, 1000), using: &random))
      }
      let value = try Self.value(column, rows: 40, halfLife, entries)
      for _ in 0..<5 {
        entries.shuffle(using: &random)
        #expect(try Self.value(column, rows: 40, halfLife, entries) == value, "seed \(seed)")
      }
    }
  }

  @Test func nothingOverflows() throws {
    let column = Self.column(.int, [0x1p62, 0x1p62])
    let entries = (0..<1000).map { ($0 % 2, Int64(0)) }
    #expect(try Self.value(column, rows: 2, 3, entries) == .double(1000 * 0x1p62))
    // No count, but what damage may leave behind; the sum of it lies beyond the doubles.
    let wide = Self.column(.double, [0x1p1023, -0x1p-1074])
    #expect(try Self.value(wide, rows: 2, 3, [(0, 0), (0, 0)]) == .null)
    #expect(try Self.value(wide, rows: 2, 1, [(0, 1), (1, 5), (1, 70)]) == .double(0x1p1022))
  }

  @Test func damagedColumnsAreErrorsOrValues() throws {
    let bytes = Self.column(.int, [1, 2, 300])
    for length in 0..<bytes.count {
      #expect(throws: CodecError.self) {
        try Self.value(Array(bytes.prefix(length)), rows: 3, 2, [(0, 1)])
      }
    }
    for bit in 0..<8 * bytes.count {
      var damaged = bytes
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      do { _ = try Self.value(damaged, rows: 3, 2, [(0, 1), (2, 7)]) } catch is CodecError {}
    }
    #expect(throws: CodecError.self) { try Self.value(bytes, rows: 3, 2, [(3, 1)]) }
  }

  @Test func categoriesStayWhateverTheyWeigh() throws {
    let parameters = [Aggregation.halfLife: 2 * Self.minute]
    let plan = try #require(
      DecayedCount.categorized(input: nil, limit: 3, parameters: parameters))
    let stored = plan.partials[0].make()
    for names in [["a", "a", "b"], ["a"], []] {
      for name in names {
        Array(name.utf8).withUnsafeBytes { stored.absorb(category: $0, word: 0) }
      }
      stored.finishEntry()
    }
    var bytes: [UInt8] = []
    stored.encodeEntries(into: &bytes)
    for entries in [[(0, 126), (1, 2), (2, 0)], [(2, 0), (1, 2), (0, 126)]]
      as [[(Int, Int64)]]
    {
      let wanted = #"{"a":0.5,"b":1.0842021724855044e-19}"#
      #expect(try Self.value(plan, bytes, rows: 3, entries) == .string(wanted))
    }
    let old = try Self.value(plan, bytes, rows: 3, [(0, 200)])
    #expect(old == .string(#"{"a":0.0,"b":0.0}"#))
    #expect(try Self.value(plan, bytes, rows: 3, [(2, 0)]) == .null)
    let other = try #require(Count.categorized(input: nil, limit: 3, parameters: [:]))
    #expect(plan.partials[0].identity == other.partials[0].identity)
  }

  @Test func whatIsStoredIsTheCount() {
    for input in [nil, FieldType.string] {
      let parameters = [Aggregation.halfLife: Self.minute]
      #expect(
        DecayedCount.plan(input: input, parameters: parameters).partials.map(\.identity)
          == Count.plan(input: input, parameters: [:]).partials.map(\.identity))
    }
  }

  private static let minute: Int64 = 60_000

  /// A stored column with an entry for each number.
  private static func column(_ input: SumPartial.Input, _ numbers: [Double]) -> [UInt8] {
    let stored = SumAccumulator(input)
    for number in numbers {
      let word = input == .double ? number.bitPattern : UInt64(bitPattern: Int64(number))
      stored.absorb(word: word, time: 0)
      stored.finishEntry()
    }
    var bytes: [UInt8] = []
    stored.encodeEntries(into: &bytes)
    return bytes
  }

  private static func value(
    _ column: [UInt8], rows: Int, _ halfLife: Int64, _ entries: [(Int, Int64)]
  ) throws -> Value {
    let parameters = [Aggregation.halfLife: halfLife * minute]
    return try value(
      DecayedCount.plan(input: nil, parameters: parameters), column, rows: rows, entries)
  }

  /// The value over entries, each with its age.
  private static func value(
    _ plan: AggregatePlan, _ column: [UInt8], rows: Int, _ entries: [(Int, Int64)]
  ) throws -> Value {
    let weighing = try #require(plan.weighing)
    let accumulators = weighing(try #require(SliceLength(milliseconds: minute)))()
    return try withGuardedBytes(column) { bytes in
      try accumulators[0].open(Aggregates.StoredColumn(bytes: bytes, rows: rows), slot: 1)
      for (entry, age) in entries { try accumulators[0].fold(slot: 1, entry: entry, age: age) }
      return plan.reading(accumulators)()
    }
  }
}
