// A command as people type it: words between blanks, quoted where they hold some. The rules are those of
// redis-cli, so that a line means the same here and there.

enum InlineCommand {
  /// The words of a line; nil where quotes are not closed, or closed in the middle of a word.
  static func words(_ line: Slice<UnsafeRawBufferPointer>) -> [[UInt8]]? {
    var rest = line
    var words: [[UInt8]] = []
    while true {
      while let byte = rest.first, isBlank(byte) { rest.removeFirst() }
      guard let first = rest.first else { return words }
      var word: [UInt8] = []
      if first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") {
        guard takeQuoted(&rest, first, &word) else { return nil }
      } else {
        while let byte = rest.first, !isBlank(byte) {
          // A quote inside of a word opens one, as in a shell.
          if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
            guard takeQuoted(&rest, byte, &word) else { return nil }
            break
          }
          word.append(byte)
          rest.removeFirst()
        }
      }
      words.append(word)
    }
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == 0x20 || (0x09...0x0D).contains(byte) || byte == 0
  }

  /// Takes a quoted part off `rest`; what follows the closing quote must be a blank.
  private static func takeQuoted(
    _ rest: inout Slice<UnsafeRawBufferPointer>, _ quote: UInt8, _ word: inout [UInt8]
  ) -> Bool {
    rest.removeFirst()
    while let byte = rest.popFirst() {
      if byte == quote { return rest.first.map(isBlank) ?? true }
      guard byte == UInt8(ascii: "\\"), let next = rest.first else {
        word.append(byte)
        continue
      }
      if quote == UInt8(ascii: "'") {
        if next == quote {
          word.append(next)
          rest.removeFirst()
        } else {
          word.append(byte)
        }
        continue
      }
      rest.removeFirst()
      word.append(escaped(next, &rest))
    }
    return false
  }

  private static func escaped(
    _ byte: UInt8, _ rest: inout Slice<UnsafeRawBufferPointer>
  ) -> UInt8 {
    switch byte {
    case UInt8(ascii: "n"): return 0x0A
    case UInt8(ascii: "r"): return 0x0D
    case UInt8(ascii: "t"): return 0x09
    case UInt8(ascii: "b"): return 0x08
    case UInt8(ascii: "a"): return 0x07
    case UInt8(ascii: "x"):
      guard rest.count >= 2, let high = digit(rest[rest.startIndex]),
        let low = digit(rest[rest.startIndex + 1])
      else { return byte }
      rest.removeFirst(2)
      return high << 4 | low
    default: return byte
    }
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x41 + 10
    case 0x61...0x66: byte - 0x61 + 10
    default: nil
    }
  }

  /// `GET /path HTTP/1.1`, and what a page in a browser could send us: those end the connection.
  static func isHTTP(_ line: Slice<UnsafeRawBufferPointer>) -> Bool {
    let text = line.prefix(8)
    if text.starts(with: "Host:".utf8) || text.starts(with: "POST ".utf8) { return true }
    guard text.starts(with: "GET /".utf8) || text.starts(with: "HEAD /".utf8) else { return false }
    return line.suffix(9).starts(with: " HTTP/1.".utf8)
  }
}
