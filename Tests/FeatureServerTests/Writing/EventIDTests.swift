// Ids of events as clients write them, in order, and as a producer's mark keeps them.
import FeatureServer
import TestSupport
import Testing

@Suite("Ids of events")
struct EventIDTests {
  private static func read(_ text: String) -> RequestedID? {
    Array(text.utf8).withUnsafeBytes { RequestedID($0) }
  }

  private static func id(_ milliseconds: UInt64, _ sequence: UInt64) -> EventID {
    EventID(milliseconds: milliseconds, sequence: sequence)
  }

  @Test("What may be asked for")
  func requests() {
    #expect(Self.read("*") == .next)
    #expect(Self.read("5") == .exact(Self.id(5, 0)))
    #expect(Self.read("0") == .exact(.zero))
    #expect(Self.read("1526919030474-55") == .exact(Self.id(1_526_919_030_474, 55)))
    #expect(Self.read("007-010") == .exact(Self.id(7, 10)))
    #expect(Self.read("5-*") == .nextOf(milliseconds: 5))
    #expect(Self.read("0-*") == .nextOf(milliseconds: 0))
    #expect(
      Self.read("18446744073709551615-18446744073709551615") == .exact(Self.id(.max, .max)))
    #expect(Self.read("18446744073709551615-*") == .nextOf(milliseconds: .max))
  }

  @Test(
    "What may not",
    arguments: [
      "", "-", "-1", "5-", "-*", "*-5", "**", "5-**", "5--1", "5-1-1", "+5", "5-+1", " 5", "5 ",
      "a", "5a", "0x5", "5.0", "18446744073709551616", "5-18446744073709551616",
      "99999999999999999999", "000000000000000000005", "5-000000000000000000005", "$", ">", "5\0",
    ])
  func garbage(_ text: String) {
    #expect(Self.read(text) == nil)
  }

  @Test("Random bytes are read as an independent reader reads them")
  func random() {
    let alphabet = Array("0123456789012345678901234567890123456789--*a ".utf8)
    for seed in TestRounds.seeds(20_000) {
      var random = SplitMix64(seed)
      let bytes = (0..<random.below(30)).map { _ in random.pick(alphabet) }
      let text = String(decoding: bytes, as: UTF8.self)
      #expect(Self.read(text) == Self.slowly(text), "seed \(seed): \(text)")
    }
  }

  private static func slowly(_ text: String) -> RequestedID? {
    if text == "*" { return .next }
    let parts = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    let numbers = parts.map { part in
      part.count <= 20 && part.allSatisfy(\.isNumber) ? UInt64(part) : nil
    }
    guard let milliseconds = numbers[0] else { return nil }
    if parts.count == 1 { return .exact(id(milliseconds, 0)) }
    if parts[1] == "*" { return .nextOf(milliseconds: milliseconds) }
    return numbers[1].map { .exact(id(milliseconds, $0)) }
  }

  @Test("Order, and the next one up")
  func order() {
    let rising = [
      Self.id(0, 0), Self.id(0, 1), Self.id(0, .max), Self.id(1, 0), Self.id(1, 5),
      Self.id(.max, 0), Self.id(.max, .max),
    ]
    for (left, a) in rising.enumerated() {
      for (right, b) in rising.enumerated() {
        #expect((a < b) == (left < right) && (a == b) == (left == right))
      }
    }
    #expect(Self.id(3, 4).next == Self.id(3, 5))
    #expect(Self.id(3, .max).next == Self.id(4, 0))
    #expect(Self.id(.max, .max).next == nil)
    #expect(Self.id(1_526_919_030_474, 55).description == "1526919030474-55")
  }

  @Test("A mark reads back, and its bytes are frozen")
  func marks() {
    var mark = ProducerMark()
    #expect(mark.position == [UInt8](repeating: 0, count: 24))
    mark.last = Self.id(0x0102_0304_0506_0708, 0x1112_1314_1516_1718)
    mark.count = 0x2122_2324_2526_2728
    #expect(mark.position == Array(1...8) + Array(0x11...0x18) + Array(0x21...0x28))
    for seed in TestRounds.seeds(2000) {
      var random = SplitMix64(seed)
      mark.last = Self.id(random.next(), random.next() >> UInt64(random.below(64)))
      mark.count = random.next()
      #expect(ProducerMark(position: mark.position) == mark, "seed \(seed)")
    }
    for length in [0, 8, 23, 25] {
      #expect(ProducerMark(position: [UInt8](repeating: 1, count: length)) == nil)
    }
  }

  @Test("Producers' names as sources")
  func sources() {
    for name in ["", "crawler", "a:b", "xadd:", "é"] {
      #expect(ProducerMark.producer(ProducerMark.source(name)) == name)
    }
    #expect(ProducerMark.producer("file:commits.csv") == nil)
    #expect(ProducerMark.producer("xadd") == nil)
    #expect(ProducerMark.producer("") == nil)
  }
}
