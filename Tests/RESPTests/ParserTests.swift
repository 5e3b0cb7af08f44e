// The parser case by case: what is a command, what is nothing, what waits for more, and what ends a connection
// with which words.
import RESP
import Testing

@Suite("Requests")
struct ParserTests {
  private let memory = GuardedBytes(capacity: 1 << 18)

  private func read(_ text: String, _ limits: RequestLimits = RequestLimits()) -> Reading {
    Feeder(limits, memory: memory).read([Array(text)])
  }

  private func error(_ text: String, _ limits: RequestLimits = RequestLimits()) -> String? {
    guard case .failed(let error)? = read(text, limits).parsed.last else { return nil }
    return error.description
  }

  @Test("Arrays of bulk strings")
  func arrays() {
    #expect(read("*1\r\n$4\r\nPING\r\n").parsed == ["PING"].commands)
    #expect(read("*2\r\n$4\r\nECHO\r\n$0\r\n\r\n").parsed == ["ECHO", ""].commands)
    #expect(read("*2\r\n$2\r\na\n\r\n$3\r\n\r\n$\r\n").parsed == ["a\n", "\r\n$"].commands)
    #expect(read("*01\r\n$000000003\r\nabc\r\n").parsed == ["abc"].commands)
    let long = String(repeating: "x", count: 100)
    #expect(read("*2\r\n$100\r\n\(long)\r\n$1\r\ny\r\n").parsed == [long, "y"].commands)
    let many = (0..<1000).map { "k\($0)" }
    let bytes = "*1000\r\n" + many.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined()
    #expect(read(bytes).parsed == many.commands)
  }

  @Test("Empty and negative arrays are nothing")
  func nothing() {
    for text in ["*0\r\n", "*-1\r\n", "*-0\r\n", "*-2147483648\r\n", "\r\n", "\n", "  \t \r\n"] {
      #expect(read(text) == Reading(parsed: [], rest: 0), "\(text)")
      #expect(read(text + "PING\r\n").parsed == ["PING"].commands, "\(text)")
    }
  }

  @Test("Inline lines, their quotes and escapes")
  func inline() {
    #expect(read("PING\r\n").parsed == ["PING"].commands)
    #expect(read("PING\n").parsed == ["PING"].commands)
    #expect(read("  hget\ta:b  c \r\n").parsed == ["hget", "a:b", "c"].commands)
    #expect(read("e \"a b\" 'c d' \"\" ''\r\n").parsed == ["e", "a b", "c d", "", ""].commands)
    #expect(
      read(#"e "\n\r\t\b\a\\\"\q""# + "\r\n").parsed == ["e", "\n\r\t\u{8}\u{7}\\\"q"].commands)
    #expect(
      read(#"e "\x41\x7a\x4A\xg1\x1" \x41"# + "\n").parsed == ["e", "AzJxg1x1", "\\x41"].commands)
    #expect(read(#"e 'it\'s \n'"# + "\n").parsed == ["e", "it's \\n"].commands)
    #expect(read("set a\"b c\" d'e f'\n").parsed == ["set", "ab c", "de f"].commands)
    #expect(read("e \"\\xff\\x00\"\n").parsed == [.command([Array("e"), [0xFF, 0]])])
  }

  @Test(
    "Quotes that are not closed, or closed inside of a word",
    arguments: [
      "echo \"a\n", "echo 'a\r\n", "echo \"a\"b\n", "echo 'a'\"b\"\n", "\"\n", "echo \"a\\\n",
      "echo \"a\\\"\n", "echo 'a\\'\n", "echo it's\n",
    ])
  func unbalanced(_ line: String) {
    #expect(error(line) == "unbalanced quotes in request")
  }

  @Test("A pipeline is read to its end, and what is not whole waits")
  func pipeline() {
    let text = "*1\r\n$1\r\na\r\nb c\r\n*0\r\n\r\n*2\r\n$1\r\nd\r\n$1\r\ne\r\n*1\r\n$4\r\nPI"
    let reading = read(text)
    #expect(reading.parsed == ["a"].commands + ["b", "c"].commands + ["d", "e"].commands)
    #expect(reading.rest == 10)
  }

  @Test(
    "What waits for more",
    arguments: [
      "*", "*1", "*1\r", "*1\r\n", "*1\r\n$", "*1\r\n$4", "*1\r\n$4\r", "*1\r\n$4\r\n",
      "*1\r\n$4\r\nPING", "*1\r\n$4\r\nPING\r", "PING", "PING\r", "\"", "*1234567890", "*-", "*\r",
    ])
  func incomplete(_ text: String) {
    #expect(read(text) == Reading(parsed: [], rest: text.utf8.count))
  }

  @Test("Errors in Redis's words")
  func errors() {
    for text in [
      "*x\r\n", "*1\n", "*\r\n", "*-\r\n", "*1\rx", "*12345678901\r\n", "*1 \r\n", "*+1\r\n",
    ] {
      #expect(error(text) == "invalid multibulk length", "\(text)")
    }
    for text in [
      "$x\r\n", "$-1\r\n", "$\r\n", "$1\n", "$12345678901\r\n", "$3\r\nabcd\r\n", "$3\r\nabc\rx",
    ] {
      #expect(error("*1\r\n" + text) == "invalid bulk length", "\(text)")
    }
    #expect(error("*1\r\nPING\r\n") == "expected '$', got 'P'")
    #expect(error("*2\r\n$1\r\na\r\n:1\r\n") == "expected '$', got ':'")
    #expect(error("*1\r\n\r\n") == "expected '$', got '\\x0d'")
    #expect(error("*1\r\n\u{7F}") == "expected '$', got '\\x7f'")
    #expect(ProtocolError.tooDeep(limit: 32).description == "a reply is nested deeper than 32")
  }

  private static let small: RequestLimits = {
    var limits = RequestLimits()
    limits.bulkBytes = 10
    limits.arguments = 3
    limits.requestBytes = 42
    limits.lineBytes = 20
    return limits
  }()

  @Test("Limits hold exactly, and before the bytes are there")
  func limits() {
    let ten = "0123456789"
    let many = "multibulk length is larger than the limit of 3"
    #expect(read("*1\r\n$10\r\n\(ten)\r\n", Self.small).parsed == [ten].commands)
    #expect(error("*1\r\n$11\r\n", Self.small) == "bulk length is larger than the limit of 10")
    #expect(error("*1\r\n$9999999999\r\n", Self.small)?.hasPrefix("bulk length is larger") == true)
    #expect(error("*4\r\n", Self.small) == many)
    #expect(error("*9999999999\r\n", Self.small) == many)
    #expect(read("a b c\n", Self.small).parsed == ["a", "b", "c"].commands)
    #expect(error("a b c d\n", Self.small) == many)
    // 36 bytes, and behind them an argument that ends with the 42nd byte, or with the 43rd.
    let two = "*3\r\n$10\r\n\(ten)\r\n$9\r\n012345678\r\n"
    #expect(two.utf8.count == 36)
    #expect(read(two + "$0\r\n\r\n", Self.small).parsed == [ten, "012345678", ""].commands)
    #expect(error(two + "$1\r\n", Self.small) == "request is larger than the limit of 42")
  }

  @Test("Lines have a limit of their own")
  func lines() {
    let twenty = String(repeating: "x", count: 20)
    #expect(read(twenty, Self.small).rest == 20)
    #expect(read(twenty + "\n", Self.small).parsed == [twenty].commands)
    #expect(error(twenty + "x", Self.small) == "inline request is larger than the limit of 20")
    #expect(error(twenty + "x\n", Self.small) == "inline request is larger than the limit of 20")
  }

  @Test("Strangers may send little")
  func strangers() {
    #expect(error("*17\r\n", .stranger) == "multibulk length is larger than the limit of 16")
    #expect(error("*1\r\n$16385\r\n", .stranger) == "bulk length is larger than the limit of 16384")
    #expect(read("*16\r\n$16384\r\n", .stranger) == Reading(parsed: [], rest: 13))
  }

  @Test("HTTP is recognised, and nothing else is taken for it")
  func http() {
    for line in [
      "GET /metrics HTTP/1.1", "GET / HTTP/1.0", "HEAD /ready HTTP/1.1", "POST / HTTP/1.1",
      "POST x", "Host: localhost",
    ] {
      #expect(read(line + "\r\n").parsed == [.http], "\(line)")
      #expect(read(line).parsed.isEmpty, "\(line)")
      #expect(read("PING\n" + line + "\nrest").parsed == ["PING"].commands + [.http], "\(line)")
    }
    #expect(read("GET /metrics\r\n").parsed == ["GET", "/metrics"].commands)
    #expect(read("get / HTTP/1.1\r\n").parsed == ["get", "/", "HTTP/1.1"].commands)
    #expect(read("GET a HTTP/1.1\r\n").parsed == ["GET", "a", "HTTP/1.1"].commands)
    #expect(read("POSTER a\r\n").parsed == ["POSTER", "a"].commands)
  }

  @Test("A parser that failed, or was reset, begins anew")
  func anew() {
    var parser = RequestParser()
    let limits = RequestLimits()
    let whole = Array("*1\r\n$4\r\nPING\r\n")
    for start in ["*2\r\n$1\r\na\r\n", "*2\r\n$1\r\na\r\n:", "PIN", "\"a\n", "*2", "a b\n"] {
      _ = memory.with(Array(start)) { parser.parse($0, limits) }
      parser.reset()
      let isAtStart = parser.isAtStart
      #expect(isAtStart)
      memory.with(whole) { bytes in
        let outcome = parser.parse(bytes, limits)
        let (count, start) = (parser.count, parser.arguments[0].start)
        let source = parser.source(bytes, length: whole.count)
        #expect(outcome == .command(length: whole.count) && count == 1 && start == 8)
        #expect(source.baseAddress == bytes.baseAddress)
      }
    }
  }

  @Test("What a client writes is what the parser reads")
  func writer() {
    var bytes: [UInt8] = []
    let commands = [
      ["PING"], ["HMGET", "a:é|b", "", "x\r\ny"], [String(repeating: "z", count: 200)],
    ]
    for words in commands { RequestWriter.append(words, to: &bytes) }
    #expect(Feeder(memory: memory).read([bytes]).parsed == commands.flatMap(\.commands))
  }
}
