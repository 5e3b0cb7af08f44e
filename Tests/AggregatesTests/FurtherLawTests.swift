// The partials of moments, lists and sketches against the laws, over events chosen to be unkind to them.
import Aggregates
import Testing

@Suite("Moments, lists and sketches do not depend on the order of events either")
struct FurtherLawTests {
  @Test(arguments: LawTests.seeds)
  func powerSumsObeyTheLaws(seed: UInt64) throws {
    let hostile = LawTests.words(seed, upTo: 30) { hostileDouble(&$0).bitPattern }
    try expectLaws(PowerSums(ofDoubles: true), hostile, seed: seed)
    expectInverse(PowerSums(ofDoubles: true), hostile, seed: seed)
    let whole = LawTests.words(seed) { $0.next() >> UInt64.random(in: 0...63, using: &$0) }
    try expectLaws(PowerSums(), whole, seed: seed)
    expectInverse(PowerSums(), whole, seed: seed)
  }

  @Test(arguments: LawTests.seeds)
  func keptListsObeyTheLaws(seed: UInt64) throws {
    var events = LawTests.words(seed) { UInt64(Int.random(in: 0...9, using: &$0)) }
    var random = Seeded(seed)
    for limit in [1, 3, 1000] {
      for byTime in [true, false] {
        for side in [Side.least, .greatest] {
          try expectLaws(
            KeptWords(side, .double, limit: limit, byTime: byTime), events, seed: seed)
        }
      }
    }
    for index in events.indices {
      events[index].text = (0..<Int.random(in: 0...2, using: &random)).map { _ in
        UInt8.random(in: 0x7e...0x82, using: &random)
      }
    }
    for limit in [1, 3, 1000] {
      for byTime in [true, false] {
        for side in [Side.least, .greatest] {
          try expectLaws(KeptTexts(side, limit: limit, byTime: byTime), events, seed: seed)
        }
      }
    }
  }

  @Test(arguments: LawTests.seeds)
  func bucketCountsObeyTheLaws(seed: UInt64) throws {
    let events = LawTests.words(seed, upTo: 200) { hostileDouble(&$0).bitPattern }
    for limit in [8, 64, 2048] {
      for error in [1, 10, 333] as [Int64] {
        let parts = BucketScheme.parts(errorPermille: error)
        for isDouble in [true, false] {
          let scheme = BucketScheme.powers(parts: parts, isDouble: isDouble)
          try expectLaws(BucketCounts(scheme, limit: limit), events, seed: seed)
        }
      }
    }
    let steps = BucketScheme.steps(first: -7, width: 3, per: 10, buckets: 20, isDouble: true)
    try expectLaws(BucketCounts(steps, limit: 22), events, seed: seed)
  }

  @Test(arguments: LawTests.seeds)
  func talliesObeyTheLaws(seed: UInt64) throws {
    var events = LawTests.words(seed, upTo: 300) { random in
      UInt64(Int.random(in: 0...Int.random(in: 1...150, using: &random), using: &random))
    }
    for limit in [1, 2, 20, 4096] {
      try expectLaws(ValueTally<TalliedWord>(limit: limit), events, seed: seed)
    }
    for index in events.indices { events[index].text = Array(String(events[index].word).utf8) }
    for limit in [1, 2, 20, 4096] {
      try expectLaws(ValueTally<TalliedText>(limit: limit), events, seed: seed)
    }
  }

  @Test(arguments: LawTests.seeds)
  func countedSetsObeyTheLaws(seed: UInt64) throws {
    let events = LawTests.words(seed, upTo: 300) { random in
      DistinctSet.hash(word: UInt64(Int.random(in: 0...150, using: &random)), type: .int)
    }
    for (exactUpTo, precision) in [(0, 4), (64, 12), (256, 12)] {
      try expectLaws(CountedSet(exactUpTo: exactUpTo, precision: precision), events, seed: seed)
    }
  }

  @Test func columnsOfOtherParametersAreRefused() throws {
    let event = [Event(word: 1)]
    let scheme = BucketScheme.powers(parts: 50, isDouble: false)
    let buckets = BucketCounts(scheme, limit: 64)
    #expect(throws: CodecError.self) {
      try BucketCounts(scheme, limit: 65).folding(
        BucketCounts.encoded([buckets.absorbing(event)]), rows: 1, 0..<1)
    }
    let words = KeptWords(.least, limit: 2)
    #expect(throws: CodecError.malformed("kept values with different limits")) {
      try KeptWords(.least, limit: 3).folding(
        KeptWords.encoded([words.absorbing(event)]), rows: 1, 0..<1)
    }
    let tally = ValueTally<TalliedWord>(limit: 2)
    #expect(throws: CodecError.self) {
      try ValueTally<TalliedWord>(limit: 3).folding(
        ValueTally<TalliedWord>.encoded([tally.absorbing(event)]), rows: 1, 0..<1)
    }
    let adopted = try ValueTally<TalliedWord>().folding(
      ValueTally<TalliedWord>.encoded([tally.absorbing(event)]), rows: 1, 0..<1)
    #expect(adopted == tally.absorbing(event))
  }
}
