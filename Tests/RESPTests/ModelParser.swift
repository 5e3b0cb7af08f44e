// What the parser should make of bytes, said in the plainest way: it begins anew at every command, knows
// nothing of pieces, and copies whatever it looks at.
import RESP

struct ModelParser {
  let limits: RequestLimits

  private enum Step {
    case command([[UInt8]], length: Int)
    case nothing(length: Int)
    case incomplete
    case http
    case failed(ProtocolError)
  }

  func read(_ bytes: [UInt8]) -> Reading {
    var reading = Reading()
    var rest = bytes
    while !rest.isEmpty {
      switch rest[0] == UInt8(ascii: "*") ? array(rest) : line(rest) {
      case .command(let arguments, let length):
        reading.parsed.append(.command(arguments))
        rest = Array(rest.dropFirst(length))
      case .nothing(let length): rest = Array(rest.dropFirst(length))
      case .incomplete:
        reading.rest = rest.count
        return reading
      case .http:
        reading.parsed.append(.http)
        reading.rest = -1
        return reading
      case .failed(let error):
        reading.parsed.append(.failed(error))
        reading.rest = -1
        return reading
      }
    }
    return reading
  }

  private enum Number {
    case value(Int, end: Int)
    case incomplete
    case bad
  }

  /// A number up to its line's end.
  private func number(_ bytes: [UInt8], at start: Int) -> Number {
    let line = Array(bytes[start...].prefix { $0 != 0x0D })
    let digits = line.first == UInt8(ascii: "-") ? Array(line.dropFirst()) : line
    if digits.count > 10 || digits.contains(where: { $0 < 0x30 || $0 > 0x39 }) { return .bad }
    let end = start + line.count
    if end + 1 >= bytes.count { return .incomplete }
    if digits.isEmpty || bytes[end + 1] != 0x0A { return .bad }
    return .value(Int(String(decoding: line, as: UTF8.self))!, end: end + 2)
  }

  private func array(_ bytes: [UInt8]) -> Step {
    var place = 0
    var count = 0
    switch number(bytes, at: 1) {
    case .bad: return .failed(.badLength(what: "multibulk"))
    case .incomplete: return .incomplete
    case .value(let value, let end): (count, place) = (value, end)
    }
    if count <= 0 { return .nothing(length: place) }
    if count > limits.arguments {
      return .failed(.tooLarge(what: "multibulk length", limit: limits.arguments))
    }
    var arguments: [[UInt8]] = []
    while arguments.count < count {
      if place >= bytes.count { return .incomplete }
      if bytes[place] != UInt8(ascii: "$") {
        return .failed(.unexpectedByte(expected: "$", found: bytes[place]))
      }
      switch number(bytes, at: place + 1) {
      case .bad: return .failed(.badLength(what: "bulk"))
      case .incomplete: return .incomplete
      case .value(let length, let start):
        if length < 0 { return .failed(.badLength(what: "bulk")) }
        if length > limits.bulkBytes {
          return .failed(.tooLarge(what: "bulk length", limit: limits.bulkBytes))
        }
        let end = start + length + 2
        if end > limits.requestBytes {
          return .failed(.tooLarge(what: "request", limit: limits.requestBytes))
        }
        if end > bytes.count { return .incomplete }
        if Array(bytes[end - 2..<end]) != [0x0D, 0x0A] {
          return .failed(.badLength(what: "bulk"))
        }
        arguments.append(Array(bytes[start..<end - 2]))
        place = end
      }
    }
    return .command(arguments, length: place)
  }

  private func line(_ bytes: [UInt8]) -> Step {
    let end = bytes.firstIndex(of: 0x0A) ?? bytes.count
    if end > limits.lineBytes {
      return .failed(.tooLarge(what: "inline request", limit: limits.lineBytes))
    }
    if end == bytes.count { return .incomplete }
    var line = Array(bytes[..<end])
    if line.last == 0x0D { line.removeLast() }
    if isHTTP(line) { return .http }
    guard let words = words(line) else { return .failed(.unbalancedQuotes) }
    if words.isEmpty { return .nothing(length: end + 1) }
    if words.count > limits.arguments {
      return .failed(.tooLarge(what: "multibulk length", limit: limits.arguments))
    }
    return .command(words, length: end + 1)
  }

  private func isHTTP(_ line: [UInt8]) -> Bool {
    func begins(_ text: String) -> Bool { Array(line.prefix(text.utf8.count)) == Array(text.utf8) }
    if begins("POST ") || begins("Host:") { return true }
    let ending = Array(line.suffix(9).prefix(8))
    return (begins("GET /") || begins("HEAD /")) && ending == Array(" HTTP/1.".utf8)
  }

  /// A machine with five states, one byte after the other.
  private func words(_ line: [UInt8]) -> [[UInt8]]? {
    enum State { case between, word, double, single, closed }
    let blanks: Set<UInt8> = [0, 9, 10, 11, 12, 13, 32]
    var state = State.between
    var words: [[UInt8]] = []
    var at = 0
    while at < line.count {
      let byte = line[at]
      at += 1
      let isEscape = byte == 0x5C && at < line.count
      switch state {
      case .between, .word, .closed:
        if blanks.contains(byte) {
          state = .between
          continue
        }
        if state == .closed { return nil }
        if state == .between { words.append([]) }
        state = byte == 0x22 ? .double : byte == 0x27 ? .single : .word
        if state == .word { words[words.count - 1].append(byte) }
      case .single where isEscape && line[at] == 0x27:
        words[words.count - 1].append(0x27)
        at += 1
      case .double where isEscape:
        words[words.count - 1].append(escape(line, &at))
      case .single, .double:
        if byte == (state == .single ? 0x27 : 0x22) {
          state = .closed
        } else {
          words[words.count - 1].append(byte)
        }
      }
    }
    return state == .double || state == .single ? nil : words
  }

  private func escape(_ line: [UInt8], _ at: inout Int) -> UInt8 {
    let byte = line[at]
    at += 1
    let digits = Array("0123456789abcdef0123456789ABCDEF".utf8)
    if byte == UInt8(ascii: "x"), at + 2 <= line.count,
      let high = digits.lastIndex(of: line[at]), let low = digits.lastIndex(of: line[at + 1])
    {
      at += 2
      return UInt8(high % 16 * 16 + low % 16)
    }
    let meanings = Dictionary(
      uniqueKeysWithValues: zip("nrtba".utf8, [10, 13, 9, 8, 7] as [UInt8]))
    return meanings[byte] ?? byte
  }
}
