// Replies case by case: exact bytes of every kind in both versions, and that they read back.
import FeatureModel
import RESP
import Testing

@Suite("Replies")
struct ReplyTests {
  private static func written(
    _ version: ProtocolVersion, _ body: (inout ReplyWriter) -> Void
  ) -> String {
    var writer = ReplyWriter(version)
    body(&writer)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  private static func both(_ body: (inout ReplyWriter) -> Void) -> [String] {
    ProtocolVersion.allCases.map { written($0, body) }
  }

  private static let values: [(Value, text: String?, resp3: String)] = [
    (.null, nil, "_"), (.int(0), "0", ":0"),
    (.int(.max), "9223372036854775807", ":9223372036854775807"),
    (.int(.min), "-9223372036854775808", ":-9223372036854775808"), (.double(0), "0.0", ",0.0"),
    (.double(-0.0), "-0.0", ",-0.0"), (.double(.infinity), "inf", ",inf"),
    (.double(-.infinity), "-inf", ",-inf"), (.double(.nan), "nan", ",nan"),
    (.double(1e300), "1e+300", ",1e+300"), (.double(0.1), "0.1", ",0.1"),
    (.double(.leastNonzeroMagnitude), "5e-324", ",5e-324"), (.bool(true), "true", "#t"),
    (.bool(false), "false", "#f"), (.string(""), "", "$0\r\n"),
    (.string("a\r\n\0é"), "a\r\n\0é", "$6\r\na\r\n\0é"),
    (
      .timestamp(Timestamp(parsing: "1970-01-01")!), "1970-01-01T00:00:00Z",
      "$20\r\n1970-01-01T00:00:00Z"
    ),
    (
      .timestamp(Timestamp(parsing: "0102-03-04T05:06:07.008Z")!), "0102-03-04T05:06:07.008Z",
      "$24\r\n0102-03-04T05:06:07.008Z"
    ),
  ]

  @Test("Values as texts are the same in both versions; null is each version's own")
  func texts() {
    for (value, text, _) in Self.values {
      let expected = text.map { "$\($0.utf8.count)\r\n\($0)\r\n" }
      #expect(
        Self.both { $0.bulk(value) } == [expected ?? "$-1\r\n", expected ?? "_\r\n"], "\(value)")
    }
  }

  @Test("Whole numbers of every length as texts")
  func wholeNumbers() {
    for shift in 0..<64 {
      let number = Int64.min >> Int64(shift)
      for value in [number, ~number, number / 10] {
        let text = String(value)
        #expect(
          Self.written(.resp2) { $0.bulk(.int(value)) } == "$\(text.utf8.count)\r\n\(text)\r\n")
      }
    }
  }

  @Test("Values with their types")
  func typed() {
    for (value, text, resp3) in Self.values {
      var resp2 = text.map { "$\($0.utf8.count)\r\n\($0)\r\n" } ?? "$-1\r\n"
      if case .int(let number) = value { resp2 = ":\(number)\r\n" }
      #expect(Self.both { $0.typed(value) } == [resp2, resp3 + "\r\n"], "\(value)")
    }
  }

  @Test("Everything else")
  func others() {
    #expect(Self.both { $0.ok() } == ["+OK\r\n", "+OK\r\n"])
    #expect(Self.both { $0.simple("PONG") } == ["+PONG\r\n", "+PONG\r\n"])
    #expect(Self.both { $0.error("ERR a\r\nb\nc") } == ["-ERR a  b c\r\n", "-ERR a  b c\r\n"])
    #expect(Self.both { $0.integer(-5) } == [":-5\r\n", ":-5\r\n"])
    #expect(Self.both { $0.nullArray() } == ["*-1\r\n", "_\r\n"])
    #expect(Self.both { $0.array(0) } == ["*0\r\n", "*0\r\n"])
    #expect(Self.both { $0.map(3) } == ["*6\r\n", "%3\r\n"])
    #expect(Self.both { $0.append(raw: Array("x".utf8)) } == ["x", "x"])
  }

  @Test("Answers in all shapes")
  func answers() {
    let values: [Value] = [.int(7), .null, .double(0.5), .bool(true)]
    let names = ["a", "é", "c", ""]
    func answer(_ shape: AnswerShape) -> [String] {
      Self.both { $0.answer(shape, names: names) { values[$0] } }
    }
    #expect(
      answer(.texts) == [
        "*4\r\n$1\r\n7\r\n$-1\r\n$3\r\n0.5\r\n$4\r\ntrue\r\n",
        "*4\r\n$1\r\n7\r\n_\r\n$3\r\n0.5\r\n$4\r\ntrue\r\n",
      ])
    #expect(
      answer(.values) == [
        "*4\r\n:7\r\n$-1\r\n$3\r\n0.5\r\n$4\r\ntrue\r\n", "*4\r\n:7\r\n_\r\n,0.5\r\n#t\r\n",
      ])
    #expect(
      answer(.namedTexts) == [
        "*8\r\n$1\r\na\r\n$1\r\n7\r\n$2\r\né\r\n$-1\r\n$1\r\nc\r\n$3\r\n0.5\r\n$0\r\n\r\n$4\r\ntrue\r\n",
        "%4\r\n$1\r\na\r\n$1\r\n7\r\n$2\r\né\r\n_\r\n$1\r\nc\r\n$3\r\n0.5\r\n$0\r\n\r\n$4\r\ntrue\r\n",
      ])
    #expect(
      answer(.namedValues) == [
        "*8\r\n$1\r\na\r\n:7\r\n$2\r\né\r\n$-1\r\n$1\r\nc\r\n$3\r\n0.5\r\n$0\r\n\r\n$4\r\ntrue\r\n",
        "%4\r\n$1\r\na\r\n:7\r\n$2\r\né\r\n_\r\n$1\r\nc\r\n,0.5\r\n$0\r\n\r\n#t\r\n",
      ])
  }

  @Test("An answer without its header is its items; one that is taken back leaves nothing")
  func headers() {
    for version in ProtocolVersion.allCases {
      var items = ReplyWriter(version)
      items.ok()
      items.typed(.double(0.5))
      items.bulk("a\nb")
      var writer = ReplyWriter(version)
      writer.ok()
      let start = writer.count
      writer.array(2)
      writer.typed(.double(0.5))
      writer.bulk("a\nb")
      writer.removeHeader(at: start)
      #expect(writer.bytes == items.bytes)
      writer.error("ERR")
      writer.truncate(to: items.count)
      #expect(writer.bytes == items.bytes)
      writer.truncate(to: 0)
      #expect(writer.count == 0)
      writer.ok()
      #expect(writer.bytes == Array("+OK\r\n"))
      writer.removeAll()
      #expect(writer.bytes.isEmpty)
    }
  }
}
