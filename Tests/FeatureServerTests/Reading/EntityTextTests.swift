// Keys as clients write them: parts between bars, escapes, any bytes; against the stored form.
import FeatureModel
import FeatureServer
import TestSupport
import Testing

@Suite("Written keys")
struct EntityTextTests {
  /// The stored form; nil where the text has another number of parts.
  private static func read(_ text: [UInt8], _ count: Int) -> [UInt8]? {
    var key: [UInt8] = [1, 2, 3]
    return text.withUnsafeBytes { EntityText.read($0, parts: count, into: &key) } ? key : nil
  }

  private static func read(_ text: String, _ count: Int) -> [UInt8]? {
    read(Array(text.utf8), count)
  }

  private static func partCount(_ text: String) -> Int {
    Array(text.utf8).withUnsafeBytes { EntityText.partCount($0) }
  }

  @Test("One part is the text itself")
  func single() {
    for text in ["", "a", "a|b", "\\", "\\|", "é", "a:b", "\0"] {
      #expect(Self.read(text, 1) == Array(text.utf8))
    }
    #expect(Self.read([0xFF, 0xFE, 0x7C], 1) == [0xFF, 0xFE, 0x7C])
  }

  @Test("Several parts, their escapes, and wrong counts")
  func several() {
    let expected: [(String, [String])] = [
      ("a|b", ["a", "b"]), ("|", ["", ""]), ("||", ["", "", ""]), ("a|b|c", ["a", "b", "c"]),
      ("a\\|b|c", ["a|b", "c"]), ("a\\\\|b", ["a\\", "b"]), ("\\a|\\b", ["a", "b"]),
      ("a\\\\\\||", ["a\\|", ""]), ("a|b\\", ["a", "b\\"]), ("é|日本", ["é", "日本"]),
      ("a||c", ["a", "", "c"]),
    ]
    for (text, parts) in expected {
      #expect(Self.read(text, parts.count) == EntityKey(parts: parts).bytes, "\(text)")
      #expect(Self.partCount(text) == parts.count, "\(text)")
      for count in 2...4 where count != parts.count {
        #expect(Self.read(text, count) == nil, "\(text) in \(count)")
      }
    }
    #expect(Self.read("", 2) == nil && Self.partCount("") == 1)
    #expect(Self.read("a", 2) == nil && Self.read("a\\|b", 2) == nil)
  }

  @Test("Bytes that are no UTF-8 stay what they are")
  func raw() {
    #expect(Self.read([0xFF, 0x7C, 0xC3], 2) == [0, 0, 0, 1, 0xFF, 0, 0, 0, 1, 0xC3])
    #expect(Self.read([0x5C, 0xFF, 0x7C], 2) == [0, 0, 0, 1, 0xFF, 0, 0, 0, 0])
  }

  @Test("What is written for parts reads back as their key")
  func roundTrip() {
    let letters = ["|", "\\", "a", "é", "\u{301}", "\0", "🙂", ":", "", "\\|"]
    for seed in TestRounds.seeds(20_000) {
      var random = SplitMix64(seed)
      let parts = (0..<1 + random.below(4)).map { _ in
        (0..<random.below(5)).map { _ in random.pick(letters) }.joined()
      }
      let text = EntityText.write(parts)
      #expect(
        Self.read(text, parts.count) == EntityKey(parts: parts).bytes, "seed \(seed): \(parts)")
      if parts.count > 1 { #expect(Self.partCount(text) == parts.count, "seed \(seed): \(parts)") }
    }
  }

  @Test("Any bytes have some number of parts, and only that one")
  func fuzz() {
    let alphabet: [UInt8] = [0x7C, 0x5C, 0x61, 0xFF, 0]
    for seed in TestRounds.seeds(20_000) {
      var random = SplitMix64(seed)
      let bytes = (0..<random.below(12)).map { _ in random.pick(alphabet) }
      let count = bytes.withUnsafeBytes { EntityText.partCount($0) }
      for other in 2...14 {
        let key = Self.read(bytes, other)
        #expect((key != nil) == (count == other), "seed \(seed): \(bytes) in \(other)")
        guard let key else { continue }
        let ranges = key.withUnsafeBytes { EntityKey.partRanges(of: $0, count: other) }
        #expect(ranges?.count == other, "seed \(seed): \(bytes)")
      }
    }
  }
}
