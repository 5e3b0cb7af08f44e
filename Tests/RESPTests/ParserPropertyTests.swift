// What holds for all requests: how the bytes are cut changes nothing, no bytes do harm, and the parser agrees
// with one that is slow and obvious.
import RESP
import TestSupport
import Testing

@Suite("Requests by chance")
struct ParserPropertyTests {
  private let memory = GuardedBytes(capacity: 1 << 18)

  @Test("Any pieces of a pipeline give the commands of the whole")
  func pieces() {
    for seed in TestRounds.seeds(3000) {
      var random = SplitMix64(seed)
      let pipeline = RandomPipeline(&random, commands: 1 + random.below(12))
      let expected = pipeline.commands.map { Parsed.command($0) }
      var feeder = Feeder(memory: memory)
      feeder.label = "seed \(seed)"
      let whole = feeder.read([pipeline.bytes])
      #expect(whole == Reading(parsed: expected, rest: 0), "seed \(seed): \(pipeline.bytes.shown)")
      for most in [1 + random.below(4), 1 + random.below(200)] {
        let cut = feeder.read(random.split(pipeline.bytes, most: most))
        #expect(cut == whole, "seed \(seed), pieces of at most \(most): \(pipeline.bytes.shown)")
      }
    }
  }

  @Test("Every cut of a short pipeline, in two and three")
  func everyCut() {
    let feeder = Feeder(memory: memory)
    let bytes =
      Array("*2\r\n$4\r\nECHO\r\n$0\r\n\r\n\r\necho \"a b\" 'c'\r\n*0\r\n")
      + Array("*1\r\n$12\r\n0123456789\r\n\r\nx\n")
    let whole = feeder.read([bytes])
    #expect(whole.parsed.count == 4 && whole.rest == 0)
    for first in 0...bytes.count {
      for second in first...bytes.count {
        let pieces = [bytes[..<first], bytes[first..<second], bytes[second...]].map { Array($0) }
        #expect(feeder.read(pieces) == whole, "cut at \(first) and \(second)")
      }
    }
  }

  /// Limits that random bytes run into.
  private static func limits(_ random: inout SplitMix64) -> RequestLimits {
    var limits = RequestLimits()
    if random.chance(50) { return limits }
    limits.bulkBytes = random.below(300)
    limits.arguments = 1 + random.below(12)
    limits.requestBytes = random.below(1000)
    limits.lineBytes = random.below(200)
    return limits
  }

  private static let meaningful = Array("*$\r\n\r\n0123456789-\"'\\x HTGE/".utf8)
  private static let fragments = [
    "*1\r\n", "*2\r\n", "$1\r\n", "$10\r\n", "$-1\r\n", "*-1\r\n", "a", "\r\n", "0123456789",
    "$", "*", "\"", "$99999\r\n", "GET / HTTP/1.1\r\n", "PING\n", "\\x4", "'",
  ]

  /// Bytes that look like requests for a while.
  private static func bytes(_ random: inout SplitMix64) -> [UInt8] {
    switch random.below(4) {
    case 0: return (0..<random.below(200)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    case 1: return (0..<random.below(200)).map { _ in random.pick(meaningful) }
    case 2: return (0..<random.below(30)).flatMap { _ in Array(random.pick(fragments).utf8) }
    default:
      var bytes = RandomPipeline(&random, commands: 1 + random.below(6)).bytes
      for _ in 0..<1 + random.below(4) {
        let place = random.below(bytes.count)
        switch random.below(4) {
        case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
        case 1: bytes[place] = random.pick(meaningful)
        case 2: bytes.remove(at: place)
        default: bytes.insert(random.pick(meaningful), at: place)
        }
        if bytes.isEmpty { break }
      }
      return random.chance(30) ? Array(bytes.prefix(random.below(bytes.count + 1))) : bytes
    }
  }

  @Test("Bytes of any kind do no harm, and mean what the model says")
  func fuzz() {
    var ends: [String: Int] = [:]
    for seed in TestRounds.seeds(20_000) {
      var random = SplitMix64(seed ^ 0xF_022)
      let limits = Self.limits(&random)
      let bytes = Self.bytes(&random)
      var feeder = Feeder(limits, memory: memory)
      feeder.label = "seed \(seed)"
      let expected = ModelParser(limits: limits).read(bytes)
      let whole = feeder.read([bytes])
      #expect(whole == expected, "seed \(seed): \(bytes.shown)")
      let cut = feeder.read(random.split(bytes, most: 1 + random.below(30)))
      #expect(cut == expected, "seed \(seed), cut: \(bytes.shown)")
      ends[Self.end(expected), default: 0] += 1
    }
    // A single seed that was asked for meets one end; all seeds together meet every end often.
    guard ends.values.reduce(0, +) > 1000 else { return }
    for end in [
      "http", "incomplete", "whole", "invalid bu", "invalid mu", "expected '", "unbalanced",
      "bulk lengt", "multibulk ", "request is", "inline req",
    ] {
      #expect(ends[end, default: 0] > 20, "\(end): \(ends)")
    }
  }

  private static func end(_ reading: Reading) -> String {
    switch reading.parsed.last {
    case .failed(let error): String(error.description.prefix(10))
    case .http: "http"
    default: reading.rest > 0 ? "incomplete" : "whole"
    }
  }

  @Test("A command of many megabytes, and one of all arguments that are allowed")
  func large() {
    var parser = RequestParser()
    let limits = RequestLimits()
    let bulk = [UInt8](repeating: 0x78, count: limits.bulkBytes)
    var bytes = Array("*15\r\n")
    for _ in 0..<15 { bytes += Array("$\(bulk.count)\r\n") + bulk + Array("\r\n") }
    let outcome = bytes.withUnsafeBytes { parser.parse($0, limits) }
    let (count, last) = (parser.count, Int(parser.arguments[14].count))
    #expect(outcome == .command(length: bytes.count) && count == 15 && last == bulk.count)
    bytes = Array("*\(limits.arguments)\r\n")
    for number in 0..<limits.arguments { bytes += "$1\r\n\(number % 10)\r\n".utf8 }
    bytes.withUnsafeBytes { raw in
      let outcome = parser.parse(raw, limits)
      let count = parser.count
      #expect(outcome == .command(length: bytes.count) && count == limits.arguments)
      for number in 0..<count {
        let argument = parser.arguments[number]
        guard argument.count == 1, raw[Int(argument.start)] == UInt8(0x30 + number % 10) else {
          Issue.record("argument \(number) is another one")
          return
        }
      }
    }
  }
}
