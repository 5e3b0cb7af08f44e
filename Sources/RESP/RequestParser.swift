// Bytes to commands: arrays of bulk strings, and inline lines as people type them. The parser keeps its place
// in a command that is not whole yet, so every byte is looked at once, however the bytes arrive. Nothing is
// copied or allocated for a command: its arguments are ranges of the caller's bytes.
//
// Protocol: https://redis.io/docs/latest/develop/reference/protocol-spec/

/// Where an argument lies, from the command's first byte.
public struct Argument: BitwiseCopyable, Sendable {
  public let start: Int32
  public let count: Int32

  @inlinable
  init(start: Int, count: Int) {
    self.start = Int32(truncatingIfNeeded: start)
    self.count = Int32(truncatingIfNeeded: count)
  }
}

/// Reads one command after the other. Not for use by two threads.
public struct RequestParser: ~Copyable {
  public enum Outcome: Equatable {
    /// A whole command of so many bytes; `arguments` tells what they are.
    case command(length: Int)
    /// Bytes to be skipped: an empty line or array.
    case nothing(length: Int)
    /// More bytes are needed. Call again with the same bytes and more behind them.
    case incomplete
    /// The line is HTTP's: `GET /metrics HTTP/1.1`.
    case http
    case failed(ProtocolError)
  }

  public private(set) var arguments: UnsafeMutablePointer<Argument>
  private var capacity: Int
  public private(set) var count = 0
  /// Arguments that the array announced; -1 before its header is read.
  private var expected = -1
  /// Bytes of the command that are understood already.
  private var position = 0
  /// An inline command as an array of bulk strings; empty for all others.
  private var translated: [UInt8] = []

  public init() {
    capacity = 16
    arguments = .allocate(capacity: capacity)
  }

  deinit { arguments.deallocate() }

  /// True between two commands.
  public var isAtStart: Bool { position == 0 && expected < 0 }

  /// Whether the command in `arguments` was a line, whose words lie elsewhere than in the caller's bytes.
  public var isInline: Bool { !translated.isEmpty }

  /// Forgets a command that is not whole.
  public mutating func reset() {
    expected = -1
    position = 0
    count = 0
  }

  /// Reads the command that begins at the first of `bytes`.
  /// - Complexity: O(bytes not seen before).
  @inline(__always)
  public mutating func parse(
    _ bytes: UnsafeRawBufferPointer, _ limits: borrowing RequestLimits
  ) -> Outcome {
    guard let first = bytes.first else { return .incomplete }
    if first != UInt8(ascii: "*") { return parseInline(bytes, limits) }
    if expected < 0 {
      if !translated.isEmpty { translated.removeAll() }
      count = 0
      switch header(bytes, at: 1, limits) {
      case .incomplete: return .incomplete
      case .failed(let error): return failed(error)
      case .value(let value, let end):
        if value <= 0 { return .nothing(length: end) }
        if value > limits.arguments {
          return failed(.tooLarge(what: "multibulk length", limit: limits.arguments))
        }
        expected = value
        position = end
      }
    }
    return parseBulks(bytes, limits)
  }

  @inline(__always)
  private mutating func parseBulks(
    _ bytes: UnsafeRawBufferPointer, _ limits: borrowing RequestLimits
  ) -> Outcome {
    let total = bytes.count
    while count < expected {
      guard position < total else { return .incomplete }
      guard bytes[position] == UInt8(ascii: "$") else {
        return failed(.unexpectedByte(expected: "$", found: bytes[position]))
      }
      // Nearly all headers: one or two digits.
      var length = 0
      var start = 0
      if total - position >= 5, let short = Self.shortHeader(bytes, position) {
        (length, start) = short
      } else {
        switch header(bytes, at: position + 1, limits) {
        case .incomplete: return .incomplete
        case .failed(let error): return failed(error)
        case .value(let value, let end): (length, start) = (value, end)
        }
      }
      guard length >= 0 else { return failed(.badLength(what: "bulk")) }
      guard length <= limits.bulkBytes else {
        return failed(.tooLarge(what: "bulk length", limit: limits.bulkBytes))
      }
      let end = start + length
      guard end + 2 <= limits.requestBytes else {
        return failed(.tooLarge(what: "request", limit: limits.requestBytes))
      }
      guard end + 2 <= total else { return .incomplete }
      guard bytes[end] == UInt8(ascii: "\r"), bytes[end + 1] == UInt8(ascii: "\n") else {
        return failed(.badLength(what: "bulk"))
      }
      if count == capacity { grow() }
      arguments[count] = Argument(start: start, count: length)
      count += 1
      position = end + 2
    }
    let length = position
    position = 0
    expected = -1
    return .command(length: length)
  }

  /// `$d\r\n` or `$dd\r\n`: the length, and where the bytes begin.
  @inline(__always)
  private static func shortHeader(
    _ bytes: UnsafeRawBufferPointer, _ at: Int
  ) -> (length: Int, start: Int)? {
    let first = Int(bytes[at + 1]) - 0x30
    guard first >= 0, first < 10 else { return nil }
    if bytes[at + 2] == UInt8(ascii: "\r") {
      return bytes[at + 3] == UInt8(ascii: "\n") ? (first, at + 4) : nil
    }
    let second = Int(bytes[at + 2]) - 0x30
    guard second >= 0, second < 10, bytes[at + 3] == UInt8(ascii: "\r"),
      bytes[at + 4] == UInt8(ascii: "\n")
    else { return nil }
    return (first * 10 + second, at + 5)
  }

  private enum Header {
    case value(Int, end: Int)
    case incomplete
    case failed(ProtocolError)
  }

  /// A decimal number up to the line's end.
  private func header(
    _ bytes: UnsafeRawBufferPointer, at start: Int, _ limits: borrowing RequestLimits
  ) -> Header {
    var at = start
    var value = 0
    let isNegative = at < bytes.count && bytes[at] == UInt8(ascii: "-")
    if isNegative { at += 1 }
    let digits = at
    while at < bytes.count, bytes[at] != UInt8(ascii: "\r") {
      let digit = Int(bytes[at]) - 0x30
      guard digit >= 0, digit < 10, at - digits < 10 else {
        return .failed(.badLength(what: start == 1 ? "multibulk" : "bulk"))
      }
      value = value * 10 + digit
      at += 1
    }
    guard at + 1 < bytes.count else { return .incomplete }
    guard at > digits, bytes[at + 1] == UInt8(ascii: "\n") else {
      return .failed(.badLength(what: start == 1 ? "multibulk" : "bulk"))
    }
    return .value(isNegative ? -value : value, end: at + 2)
  }

  private mutating func failed(_ error: ProtocolError) -> Outcome {
    reset()
    return .failed(error)
  }

  private mutating func grow() {
    let larger = UnsafeMutablePointer<Argument>.allocate(capacity: capacity * 2)
    larger.moveInitialize(from: arguments, count: count)
    arguments.deallocate()
    arguments = larger
    capacity *= 2
  }

  /// The bytes that the arguments' ranges are of: the caller's, or for an inline command its translation,
  /// borrowed until the next `parse`.
  @inline(__always)
  public func source(_ bytes: UnsafeRawBufferPointer, length: Int) -> UnsafeRawBufferPointer {
    if translated.isEmpty { return UnsafeRawBufferPointer(rebasing: bytes[..<length]) }
    // The array is not touched before the next `parse`, so its memory stays where it is.
    return translated.withUnsafeBytes {
      UnsafeRawBufferPointer(start: $0.baseAddress, count: $0.count)
    }
  }
}

// Inline commands.
extension RequestParser {
  private mutating func parseInline(
    _ bytes: UnsafeRawBufferPointer, _ limits: borrowing RequestLimits
  ) -> Outcome {
    translated.removeAll(keepingCapacity: true)
    count = 0
    // What was searched before has no line end.
    guard let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) else {
      if bytes.count > limits.lineBytes {
        return failed(.tooLarge(what: "inline request", limit: limits.lineBytes))
      }
      position = bytes.count
      return .incomplete
    }
    position = 0
    guard end <= limits.lineBytes else {
      return failed(.tooLarge(what: "inline request", limit: limits.lineBytes))
    }
    var line = bytes[..<end]
    if line.last == UInt8(ascii: "\r") { line.removeLast() }
    if InlineCommand.isHTTP(line) { return .http }
    guard let words = InlineCommand.words(line) else { return failed(.unbalancedQuotes) }
    if words.isEmpty { return .nothing(length: end + 1) }
    guard words.count <= limits.arguments else {
      return failed(.tooLarge(what: "multibulk length", limit: limits.arguments))
    }
    translate(words)
    return .command(length: end + 1)
  }

  private mutating func translate(_ words: [[UInt8]]) {
    translated += "*\(words.count)\r\n".utf8
    for word in words {
      translated += "$\(word.count)\r\n".utf8
      if count == capacity { grow() }
      arguments[count] = Argument(start: translated.count, count: word.count)
      count += 1
      translated += word
      translated += "\r\n".utf8
    }
  }
}
