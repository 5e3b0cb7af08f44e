// Decimal text to numbers: limits and forms by table, and equality with the C library on random
// text.
import FeatureModel
import Glibc
import Testing

@Suite struct NumberParserTests {
  static func int(_ text: String) -> Int64? {
    Array(text.utf8).withUnsafeBytes { NumberParser.parseInt64($0) }
  }
  static func double(_ text: String) -> Double? {
    Array(text.utf8).withUnsafeBytes { NumberParser.parseDouble($0) }
  }

  @Test(
    "whole numbers are read up to the limits of 64 bits",
    arguments: [
      ("0", 0), ("-0", 0), ("+7", 7), ("007", 7), ("999999999999999999", 999_999_999_999_999_999),
      ("-0000000000000000000000001", -1), ("12345678901234567x", nil),
      ("1234567890123456789x", nil), ("9223372036854775807", .max),
      ("-9223372036854775808", .min), ("9223372036854775808", nil), ("-9223372036854775809", nil),
      ("99999999999999999999", nil), ("", nil), ("-", nil), ("+", nil), (" 1", nil), ("1 ", nil),
      ("1.0", nil), ("1e3", nil), ("0x10", nil), ("--1", nil), ("１", nil),
    ] as [(String, Int64?)])
  func integers(text: String, expected: Int64?) {
    #expect(Self.int(text) == expected)
  }

  @Test(
    "doubles are decimal, finite and without blanks",
    arguments: [
      ("0", 0), ("1", 1), ("-1.5", -1.5), ("+2.5E2", 250), (".5", 0.5), ("5.", 5), ("1e22", 1e22),
      ("1e23", 1e23), ("123456789012345678901234567890", 0x1.8ee90ff6c373ep+96),
      ("9007199254740993", 9_007_199_254_740_992), ("0.1", 0.1), ("1e-400", 0),
      ("4.9e-324", Double.leastNonzeroMagnitude),
      ("1.7976931348623157e308", Double.greatestFiniteMagnitude), ("1e309", nil),
      ("-1e999999999999", nil),
      ("nan", nil), ("inf", nil), ("-inf", nil), ("0x1p3", nil), ("", nil), (".", nil), ("-", nil),
      ("1e", nil), ("1e+", nil), ("1 ", nil), (" 1", nil), ("1.2.3", nil), ("1,5", nil),
      ("1\0", nil),
      ("1e1.5", nil), ("e5", nil),
    ] as [(String, Double?)])
  func doubles(text: String, expected: Double?) {
    #expect(Self.double(text) == expected)
  }

  @Test("minus zero keeps its sign") func minusZero() {
    #expect(Self.double("-0.0")?.sign == .minus)
  }

  @Test("every double reads as the C library reads it", arguments: [3 as UInt64, 4])
  func likeTheLibrary(seed: UInt64) {
    var random = SeededRandom(seed)
    for _ in 0..<100_000 {
      let digits = String(
        UInt64.random(in: 0...(.max), using: &random) >> UInt64.random(in: 0..<64, using: &random))
      let cut = Int.random(in: 0...digits.count, using: &random)
      var text = digits.prefix(cut) + "." + digits.dropFirst(cut)
      if random.chance(40) { text += "e\(Int.random(in: -330...310, using: &random))" }
      if random.chance(30) { text = "-" + text }
      let expected = strtod(String(text), nil)
      let read = Self.double(String(text))
      #expect(
        read?.bitPattern == (expected.isFinite ? expected.bitPattern : nil), "\(text), seed \(seed)"
      )
    }
  }

  @Test("the shortest text of a random double reads back to its bits") func roundTrip() {
    var random = SeededRandom(5)
    for _ in 0..<100_000 {
      let value = Double(bitPattern: random.next())
      guard value.isFinite else { continue }
      #expect(Self.double(value.description)?.bitPattern == value.bitPattern)
    }
  }
}
