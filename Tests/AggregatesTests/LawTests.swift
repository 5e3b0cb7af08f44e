// Every partial against the laws, over events chosen to be unkind to it.
import Aggregates
import Testing

@Suite("Any order and any split of the same events end in the same bytes")
struct LawTests {
  static let seeds: [UInt64] = Array(1...25)

  @Test(arguments: seeds)
  func sumsOfHostileDoublesObeyTheLaws(seed: UInt64) throws {
    let events = Self.words(seed) { hostileDouble(&$0).bitPattern }
    for input in [SumPartial.Input.double, .squaredDouble] {
      try expectLaws(SumPartial(input), events, seed: seed)
      expectInverse(SumPartial(input), events, seed: seed)
    }
  }

  @Test(arguments: seeds)
  func sumsOfMoneyObeyTheLaws(seed: UInt64) throws {
    let events = Self.words(seed) { random in
      ((Double.random(in: -1e6...1e6, using: &random) * 100).rounded() / 100).bitPattern
    }
    for input in [SumPartial.Input.double, .squaredDouble] {
      try expectLaws(SumPartial(input), events, seed: seed)
      expectInverse(SumPartial(input), events, seed: seed)
    }
  }

  @Test(arguments: seeds)
  func countsAndSumsOfIntsObeyTheLaws(seed: UInt64) throws {
    let events = Self.words(seed) { random in
      Bool.random(using: &random) ? random.next() : UInt64(Int.random(in: 0...9, using: &random))
    }
    for input in [SumPartial.Input.one, .int, .squaredInt] {
      try expectLaws(SumPartial(input), events, seed: seed)
      expectInverse(SumPartial(input), events, seed: seed)
    }
  }

  @Test(arguments: seeds)
  func extremesAndEdgesOfWordsObeyTheLaws(seed: UInt64) throws {
    for narrow in [true, false] {
      let events = Self.words(seed) { random in
        narrow ? UInt64(Int.random(in: 0...300, using: &random)) : random.next()
      }
      for order in [WordOrder.whole, .double] {
        try expectLaws(Extremum(.least, order), events, seed: seed)
        try expectLaws(Extremum(.greatest, order), events, seed: seed)
        try expectLaws(EdgeValue(.least, order), events, seed: seed)
        try expectLaws(EdgeValue(.greatest, order), events, seed: seed)
      }
    }
  }

  @Test(arguments: seeds)
  func extremesAndEdgesOfTextsObeyTheLaws(seed: UInt64) throws {
    var events = Self.words(seed) { $0.next() }
    let alphabet: [UInt8] = [0, 1, 0x41, 0x7f, 0x80, 0xc3, 0xff]
    var random = Seeded(seed)
    for index in events.indices {
      events[index].text = (0..<Int.random(in: 0...4, using: &random)).map { _ in
        alphabet.randomElement(using: &random)!
      }
    }
    try expectLaws(TextExtremum(.least), events, seed: seed)
    try expectLaws(TextExtremum(.greatest), events, seed: seed)
    try expectLaws(TextEdge(.least), events, seed: seed)
    try expectLaws(TextEdge(.greatest), events, seed: seed)
  }

  @Test(arguments: seeds)
  func distinctSetsObeyTheLaws(seed: UInt64) throws {
    let events = Self.words(seed, upTo: 300) { random in
      DistinctSet.hash(word: UInt64(Int.random(in: 0...150, using: &random)), type: .int)
    }
    for (exactUpTo, precision) in [(0, 4), (1, 12), (64, 12), (100, 5), (256, 12), (65_536, 16)] {
      let neutral = DistinctSet(exactUpTo: exactUpTo, precision: precision)
      try expectLaws(neutral, events, seed: seed)
      let whole = neutral.absorbing(events)
      #expect(whole.merging(whole) == whole, "seed \(seed)")
      #expect(neutral.absorbing(events + events.reversed()) == whole, "seed \(seed)")
    }
  }

  /// Up to `upTo` events, often at equal times.
  static func words(
    _ seed: UInt64, upTo: Int = 60, _ word: (inout Seeded) -> UInt64
  ) -> [Event] {
    var random = Seeded(seed)
    return (0..<Int.random(in: 0...upTo, using: &random)).map { _ in
      let time = Bool.random(using: &random) ? 0 : Int64.random(in: -4...4, using: &random)
      return Event(word: word(&random), time: time)
    }
  }
}
