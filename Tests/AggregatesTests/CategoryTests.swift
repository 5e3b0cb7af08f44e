// Maps of categories against the laws, and what a map holds once there are more categories than its limit:
// the first of all by hash, whole, whatever the order of events and merges.
import Aggregates
import FeatureModel
import Testing

@Suite("A map of categories is a function of the events alone")
struct CategoryTests {
  @Test(arguments: LawTests.seeds)
  func mapsObeyTheLaws(seed: UInt64) throws {
    for (limit, names) in [(1, 1), (1, 5), (3, 3), (4, 40), (100, 40)] {
      let ints = Self.events(seed, names) { $0.next() }
      let doubles = Self.events(seed, names) { hostileDouble(&$0).bitPattern }
      try expectLaws(CategoryMap(limit: limit, CategorySum(.one)), ints, seed: seed)
      try expectLaws(CategoryMap(limit: limit, CategorySum(.int)), ints, seed: seed)
      try expectLaws(CategoryMap(limit: limit, CategorySum(.double)), doubles, seed: seed)
      try expectLaws(CategoryMap(limit: limit, CategoryMean(.double)), doubles, seed: seed)
      try expectLaws(CategoryMap(limit: limit, CategoryLeast(.double)), doubles, seed: seed)
      try expectLaws(CategoryMap(limit: limit, CategoryGreatest(.whole)), ints, seed: seed)
    }
  }

  @Test(arguments: LawTests.seeds)
  func aSampleIsTheFirstByHashAndWhole(seed: UInt64) throws {
    let limit = 5
    let events = Self.events(seed, 40) { UInt64(Int.random(in: 0...99, using: &$0)) }
    var sums: [[UInt8]: UInt64] = [:]
    for event in events { sums[event.category!, default: 0] += event.word }
    let first = sums.keys.sorted { Self.hash($0) < Self.hash($1) }.prefix(limit)
    let members = first.sorted { $0.lexicographicallyPrecedes($1) }
      .map { "\"\(String(decoding: $0, as: UTF8.self))\":\(sums[$0]!)" }.joined(separator: ",")
    let plan = try #require(Sum.categorized(input: .int, limit: limit, parameters: [:]))
    let accumulator = plan.partials[0].make()
    for event in events {
      event.category!.withUnsafeBytes { accumulator.absorb(category: $0, word: event.word) }
    }
    let wanted = sums.count > limit ? "{\"sample\":{\(members)}}" : "{\(members)}"
    let value = plan.reading([accumulator])()
    #expect(value == (sums.isEmpty ? .null : .string(wanted)), "seed \(seed)")
  }

  @Test func keysAreEscapedAndInTheOrderOfTheirBytes() throws {
    let plan = try #require(Count.categorized(input: nil, limit: 10, parameters: [:]))
    let accumulator = plan.partials[0].make()
    for text in ["b", "", "\"", "\n", "\u{e9}", "e\u{301}", "sample", "b"] {
      Array(text.utf8).withUnsafeBytes { accumulator.absorb(category: $0, word: 0) }
    }
    let wanted = "{\"\":1,\"\\n\":1,\"\\\"\":1,\"b\":2,\"e\u{301}\":1,\"sample\":1,\"\u{e9}\":1}"
    #expect(plan.reading([accumulator])() == .string(wanted))
    accumulator.reset()
    #expect(plan.reading([accumulator])() == .null)
  }

  @Test func mapsWithOtherLimitsAreRefused() throws {
    let map = CategoryMap(limit: 3, CategorySum(.one))
      .absorbing([Event(category: Array("a".utf8))])
    #expect(throws: CodecError.malformed("maps with different limits")) {
      try CategoryMap(limit: 4, CategorySum(.one))
        .folding(CategoryMap.encoded([map]), rows: 1, 0..<1)
    }
    let adopted = try CategoryMap<CategorySum>().folding(CategoryMap.encoded([map]), rows: 1, 0..<1)
    #expect(adopted == map)
    #expect(CategoryMap.encoded([adopted]) == CategoryMap.encoded([map]))
  }

  private static func hash(_ text: [UInt8]) -> UInt64 { text.withUnsafeBytes(EntityHash.of) }

  /// Up to 60 events of up to so many categories.
  private static func events(
    _ seed: UInt64, _ names: Int, _ word: (inout Seeded) -> UInt64
  ) -> [Event] {
    var random = Seeded(seed ^ 0xCA7E)
    var events = LawTests.words(seed, word)
    for index in events.indices {
      let number = Int.random(in: 0..<names, using: &random)
      events[index].category = number == 0 ? [] : Array("c\(number)".utf8)
    }
    return events
  }
}
