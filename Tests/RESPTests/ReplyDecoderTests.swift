// Replies read back: what was written comes out again, every cut waits, and no bytes do harm.
import FeatureModel
import RESP
import TestSupport
import Testing

@Suite("Replies read back")
struct ReplyDecoderTests {
  private let memory = GuardedBytes(capacity: 1 << 18)

  private func decode(_ bytes: [UInt8]) throws(ProtocolError) -> (value: RESPValue, length: Int)? {
    let result = memory.with(bytes) { bytes in
      Result { () throws(ProtocolError) in try ReplyDecoder.decode(bytes) }
    }
    return try result.get()
  }

  private func decode(_ text: String) throws(ProtocolError) -> RESPValue? {
    try decode(Array(text))?.value
  }

  private func error(_ text: String) -> ProtocolError? {
    do throws(ProtocolError) {
      _ = try decode(Array(text))
      return nil
    } catch { return error }
  }

  @Test("Every kind of reply")
  func kinds() throws {
    #expect(try decode("+OK\r\n") == .simple("OK"))
    #expect(try decode("+\r\n") == .simple(""))
    #expect(try decode("-ERR a b\r\n") == .error("ERR a b"))
    #expect(try decode("!5\r\nERR a\r\n") == .error("ERR a"))
    #expect(try decode(":-7\r\n") == .integer(-7))
    #expect(try decode("_\r\n") == .null)
    #expect(try decode("$-1\r\n") == .null)
    #expect(try decode("*-1\r\n") == .null)
    #expect(try decode("#t\r\n") == .bool(true))
    #expect(try decode("#f\r\n") == .bool(false))
    #expect(try decode(",-inf\r\n") == .double(-.infinity))
    #expect(try decode(",10\r\n") == .double(10))
    #expect(try decode("(12345678901234567890\r\n") == .bigNumber("12345678901234567890"))
    #expect(try decode("=5\r\ntxt:a\r\n") == .bulk(Array("a")))
    #expect(try decode("$3\r\n\r\n\0\r\n") == .bulk([13, 10, 0]))
    #expect(try decode("~1\r\n:1\r\n") == .set([.integer(1)]))
    #expect(try decode(">1\r\n:1\r\n") == .push([.integer(1)]))
    #expect(try decode("|1\r\n+a\r\n:1\r\n*1\r\n:2\r\n") == .array([.integer(2)]))
    let map = try decode("%1\r\n+a\r\n*0\r\n")
    #expect(map == .map([.init(.simple("a"), .array([]))]))
    #expect(map?.pairs?.first?.key.text == "a" && map?.items == nil)
    let flat = try decode("*2\r\n$1\r\na\r\n*0\r\n")
    #expect(flat?.pairs?.first?.value.items == [])
    #expect(try decode("*1\r\n:1\r\n")?.pairs == nil)
  }

  @Test("The length is that of one reply")
  func lengths() throws {
    let bytes = Array("*2\r\n:1\r\n$2\r\nab\r\n+NEXT\r\n")
    #expect(try decode(bytes)?.length == bytes.count - 7)
  }

  @Test("What cannot be a reply")
  func mistakes() {
    for text in [
      "x\r\n", "\r\n", ":\r\n", ":a\r\n", ":9223372036854775808\r\n", ",\r\n", ",a\r\n", "#\r\n",
      "#x\r\n", "$a\r\n", "$-2\r\n", "$99999999999\r\n", "*a\r\n", "*-2\r\n", "*9999999999\r\n",
      "+\n", "+a\n", ":1\n", "$1\r\nabc", "$1\r\na\n\n",
    ] {
      #expect(error(text) != nil, "\(text)")
    }
    #expect(error("?1\r\n") == .unexpectedByte(expected: "*", found: UInt8(ascii: "?")))
  }

  @Test("Nesting ends at the limit")
  func depth() throws {
    let limit = ReplyDecoder.depthLimit
    let most = String(repeating: "*1\r\n", count: limit - 1)
    var value = try #require(try decode(most + ":1\r\n"))
    for _ in 1..<limit { value = try #require(value.items?.first) }
    #expect(value == .integer(1))
    #expect(error(most + "*1\r\n:1\r\n") == .tooDeep(limit: limit))
    #expect(error(String(repeating: "|0\r\n", count: limit) + ":1\r\n") == .tooDeep(limit: limit))
    #expect(error(String(repeating: "*1\r\n", count: 50_000)) == .tooDeep(limit: limit))
  }

  @Test("Large counts are no reason to take memory")
  func counts() throws {
    #expect(try decode("*1000000000\r\n:1\r\n") == nil)
    #expect(try decode("%1000000000\r\n:1\r\n") == nil)
    #expect(try decode("$500000000\r\n:1\r\n") == nil)
  }

  private static func value(_ random: inout SplitMix64) -> Value {
    switch random.below(7) {
    case 0: return .null
    case 1: return .int(random.pick([0, -1, .max, .min, Int64(truncatingIfNeeded: random.next())]))
    case 2:
      let odd: [Double] = [0, -0.0, .infinity, -.infinity, .nan, .leastNonzeroMagnitude, 1e300]
      return .double(random.chance(50) ? random.pick(odd) : Double(bitPattern: random.next() >> 2))
    case 3: return .bool(random.chance(50))
    case 4:
      let range = -60_000_000_000_000...60_000_000_000_000 as ClosedRange<Int64>
      return .timestamp(Timestamp(milliseconds: .random(in: range, using: &random)) ?? .earliest)
    default:
      let alphabet = ["a", "\r", "\n", "\0", "é", "🙂", "$", "*", ":"]
      return .string((0..<random.below(20)).map { _ in random.pick(alphabet) }.joined())
    }
  }

  /// The same value as the writer's peer sees it.
  private static func seen(_ value: Value, _ version: ProtocolVersion, typed: Bool) -> RESPValue {
    switch value {
    case .null: .null
    case .int(let number) where typed: .integer(number)
    case .double(let number) where typed && version == .resp3: .double(number)
    case .bool(let flag) where typed && version == .resp3: .bool(flag)
    default: .bulk(Array(value.description.utf8))
    }
  }

  private static func isSame(_ left: RESPValue, _ right: RESPValue) -> Bool {
    switch (left, right) {
    case (.double(let a), .double(let b)):
      a.bitPattern == b.bitPattern || (a.isNaN && b.isNaN)
    default: left == right
    }
  }

  @Test("Answers of random values in all shapes read back, and every cut of them waits")
  func answers() throws {
    for seed in TestRounds.seeds(2000) {
      var random = SplitMix64(seed)
      let values = (0..<random.below(8)).map { _ in Self.value(&random) }
      let names = values.indices.map { "n\($0)" }
      let shape = random.pick(AnswerShape.allCases)
      let version = random.pick(ProtocolVersion.allCases)
      var writer = ReplyWriter(version)
      writer.answer(shape, names: names) { values[$0] }
      guard let (reply, length) = try decode(writer.bytes) else {
        Issue.record("seed \(seed): \(writer.bytes.shown) is not whole")
        continue
      }
      #expect(length == writer.count, "seed \(seed)")
      let isTyped = shape == .values || shape == .namedValues
      let isNamed = shape == .namedTexts || shape == .namedValues
      let found = isNamed ? reply.pairs?.map(\.value) : reply.items
      if isNamed { #expect(reply.pairs?.map(\.key.text) == names, "seed \(seed)") }
      #expect(found?.count == values.count, "seed \(seed): \(writer.bytes.shown)")
      for (value, found) in zip(values, found ?? []) {
        let expected = Self.seen(value, version, typed: isTyped)
        #expect(Self.isSame(found, expected), "seed \(seed): \(found), expected \(expected)")
      }
      for cut in 0..<writer.count {
        #expect(try decode(Array(writer.bytes[..<cut])) == nil, "seed \(seed), cut at \(cut)")
      }
    }
  }

  private static let fragments = [
    "*2\r\n", "%1\r\n", "$3\r\nabc\r\n", "+OK\r\n", ":1\r\n", ",0.5\r\n", "_\r\n", "#t\r\n",
    "|1\r\n", "~2\r\n", ">1\r\n", "$-1\r\n", "(1\r\n", "=7\r\ntxt:abc\r\n", "!3\r\nERR\r\n",
    "=3\r\n",
    "*1000\r\n", "$9\r\n", "\r\n", "\n", "*-1\r\n", "-", "$",
  ]

  @Test("Bytes of any kind do no harm")
  func fuzz() {
    var ends = [0, 0, 0]
    for seed in TestRounds.seeds(20_000) {
      var random = SplitMix64(seed ^ 0xDEC0DE)
      var bytes = (0..<random.below(40)).flatMap { _ in Array(random.pick(Self.fragments).utf8) }
      for _ in 0..<random.below(4) where !bytes.isEmpty {
        bytes[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.next())
      }
      do throws(ProtocolError) {
        if let (_, length) = try decode(bytes) {
          #expect(length > 0 && length <= bytes.count, "seed \(seed): \(bytes.shown)")
          let shorter = Array(bytes.prefix(length - 1))
          #expect(try decode(shorter) == nil, "seed \(seed): \(bytes.shown)")
          ends[0] += 1
        } else {
          ends[1] += 1
        }
      } catch { ends[2] += 1 }
    }
    if ends.reduce(0, +) > 1000 { #expect(ends.allSatisfy { $0 > 500 }, "\(ends)") }
  }
}
