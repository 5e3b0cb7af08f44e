// Commands as a client might send them, from a seed: arrays and inline lines mixed, binary and empty arguments,
// every way to quote, and what means nothing in between.
import TestSupport

struct RandomPipeline {
  private(set) var bytes: [UInt8] = []
  private(set) var commands: [[[UInt8]]] = []

  init(_ random: inout SplitMix64, commands count: Int) {
    while commands.count < count {
      switch random.below(10) {
      case 0: bytes += random.pick(["\r\n", "\n", " \t\r\n", "*0\r\n", "*-1\r\n", "*-7\r\n"]).utf8
      case 1...3: addLine(&random)
      default: addArray(&random)
      }
    }
  }

  private mutating func addArray(_ random: inout SplitMix64) {
    let count = random.chance(5) ? 20 + random.below(60) : 1 + random.below(5)
    let arguments = (0..<count).map { _ in Self.argument(&random) }
    bytes += "*\(count)\r\n".utf8
    for argument in arguments {
      // Leading zeros are unusual, and allowed.
      bytes += (random.chance(3) ? "$00\(argument.count)\r\n" : "$\(argument.count)\r\n").utf8
      bytes += argument
      bytes += "\r\n".utf8
    }
    commands.append(arguments)
  }

  private mutating func addLine(_ random: inout SplitMix64) {
    let arguments = (0..<1 + random.below(4)).map { _ in Self.argument(&random) }
    if random.chance(50) { bytes.append(0x20) }
    for (index, argument) in arguments.enumerated() {
      if index > 0 { bytes += random.pick([" ", "  ", "\t", " \u{B}"]).utf8 }
      bytes += Self.word(argument, &random)
    }
    bytes += random.pick(["\r\n", "\n", " \r\n"]).utf8
    commands.append(arguments)
  }

  private static func argument(_ random: inout SplitMix64) -> [UInt8] {
    let length: Int
    switch random.below(20) {
    case 0: length = 0
    case 1: length = random.pick([9, 10, 11, 98, 99, 100, 101])
    case 2: length = random.below(400)
    default: length = 1 + random.below(12)
    }
    if random.chance(50) { return (0..<length).map { _ in UInt8(0x61 + random.below(26)) } }
    if random.chance(30) {
      // What would mean something in another place.
      let trouble = Array("\r\n$*-0123 \"'\\x+:".utf8)
      return (0..<length).map { _ in random.pick(trouble) }
    }
    return (0..<length).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }

  /// A word of an inline line.
  private static func word(_ bytes: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
    let isPlain = !bytes.isEmpty && bytes.allSatisfy { (0x61...0x7A).contains($0) }
    if isPlain, random.chance(60) { return bytes }
    // Single quotes know no escape but that of their own.
    if !bytes.contains(where: { $0 == 0x0A || $0 == 0x5C }), random.chance(50) {
      return [0x27] + bytes.flatMap { $0 == 0x27 ? [0x5C, 0x27] : [$0] } + [0x27]
    }
    var word: [UInt8] = [0x22]
    for byte in bytes {
      switch byte {
      case 0x0A: word += "\\n".utf8
      case 0x0D where random.chance(50): word += "\\r".utf8
      case 0x09: word += "\\t".utf8
      case 0x08: word += "\\b".utf8
      case 0x07: word += "\\a".utf8
      case 0x22, 0x5C: word += [0x5C, byte]
      case 0x20...0x7E where random.chance(90): word.append(byte)
      default:
        let digits = Array((random.chance(50) ? "0123456789abcdef" : "0123456789ABCDEF").utf8)
        word += [0x5C, 0x78, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return word + [0x22]
  }
}
