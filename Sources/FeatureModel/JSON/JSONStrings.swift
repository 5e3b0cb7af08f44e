// Strings inside JSON: finding the end of one eight bytes at a time, checking escapes and UTF-8 on
// the way, and replacing escapes. Everything is checked while scanning, so unescaping cannot fail.

extension JSONScanner {
  /// Reads a string from its opening quotation mark to behind its closing one.
  mutating func scanString() throws(JSONError) -> (range: Range<Int>, escaped: Bool) {
    let start = offset + 1
    var position = start
    var escaped = false
    while true {
      position = Self.skipPlain(bytes, from: position)
      guard position < bytes.count else {
        throw JSONError(offset: start - 1, reason: "the string has no end")
      }
      switch bytes[position] {
      case UInt8(ascii: "\""):
        advance(to: position + 1)
        return (start..<position, escaped)
      case UInt8(ascii: "\\"):
        escaped = true
        position = try Self.checkEscape(bytes, at: position)
      case 0..<0x20:
        throw JSONError(
          offset: position, reason: "a control character must be written as an escape")
      default:
        let length = UTF8Sequence.length(bytes, at: position)
        guard length > 0 else { throw JSONError(offset: position, reason: "this is not UTF-8") }
        position += length
      }
    }
  }

  /// Appends the text of a key or string token. `bytes` is the buffer that was scanned.
  public static func unescape(
    _ token: JSONToken, in bytes: UnsafeRawBufferPointer, into text: inout [UInt8]
  ) {
    let range = token.range
    guard token.escaped else {
      text.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[range]))
      return
    }
    var position = range.lowerBound
    while position < range.upperBound {
      let byte = bytes[position]
      guard byte == UInt8(ascii: "\\") else {
        text.append(byte)
        position += 1
        continue
      }
      if bytes[position + 1] == UInt8(ascii: "u") {
        let (scalar, next) = unicodeEscape(bytes, at: position)
        text.append(contentsOf: UTF8.encode(scalar)!)
        position = next
      } else {
        text.append(simpleEscape(bytes[position + 1]))
        position += 2
      }
    }
  }

  /// The text of a key or string token.
  public func string(_ token: JSONToken) -> String {
    if !token.escaped { return String(decoding: bytes[token.range], as: UTF8.self) }
    var text: [UInt8] = []
    Self.unescape(token, in: bytes, into: &text)
    return String(decoding: text, as: UTF8.self)
  }

  /// The next byte that is not printable ASCII, a quotation mark or a backslash, or the end.
  private static func skipPlain(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highs: UInt64 = 0x8080_8080_8080_8080
    var position = start
    while position + 8 <= bytes.count {
      let word = UInt64(
        littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
      let quote = word ^ (ones &* 0x22)
      let backslash = word ^ (ones &* 0x5C)
      let special =
        ((word &- ones &* 0x20) & ~word) | ((quote &- ones) & ~quote)
        | ((backslash &- ones) & ~backslash) | word
      let hits = special & highs
      // A borrow can mark a byte above a true hit, never below: the lowest mark is exact.
      if hits != 0 { return position + hits.trailingZeroBitCount / 8 }
      position += 8
    }
    while position < bytes.count {
      let byte = bytes[position]
      if byte < 0x20 || byte >= 0x80 || byte == 0x22 || byte == 0x5C { break }
      position += 1
    }
    return position
  }

  /// The offset behind a valid escape.
  private static func checkEscape(
    _ bytes: UnsafeRawBufferPointer, at position: Int
  ) throws(JSONError) -> Int {
    guard position + 1 < bytes.count else {
      throw JSONError(offset: position, reason: "the text ends early")
    }
    switch bytes[position + 1] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
      UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      return position + 2
    case UInt8(ascii: "u"): break
    default:
      throw JSONError(
        offset: position,
        reason: "unknown escape; there are \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX")
    }
    guard let unit = hexUnit(bytes, at: position) else {
      throw JSONError(offset: position, reason: "four hexadecimal digits must follow \\u")
    }
    if unit & 0xF800 != 0xD800 { return position + 6 }
    guard unit < 0xDC00, let low = hexUnit(bytes, at: position + 6), low & 0xFC00 == 0xDC00 else {
      throw JSONError(offset: position, reason: "half of a surrogate pair stands alone")
    }
    return position + 12
  }

  /// The four digits of `\uXXXX` at this offset, or nil where there is none.
  private static func hexUnit(_ bytes: UnsafeRawBufferPointer, at position: Int) -> UInt32? {
    guard position + 6 <= bytes.count, bytes[position] == UInt8(ascii: "\\"),
      bytes[position + 1] == UInt8(ascii: "u")
    else { return nil }
    var unit: UInt32 = 0
    for byte in bytes[position + 2..<position + 6] {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): unit = unit << 4 | UInt32(byte & 15)
      case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"):
        unit = unit << 4 | (UInt32(byte & 15) + 9)
      default: return nil
      }
    }
    return unit
  }

  private static func unicodeEscape(
    _ bytes: UnsafeRawBufferPointer, at position: Int
  ) -> (scalar: Unicode.Scalar, next: Int) {
    let unit = hexUnit(bytes, at: position)!
    if let scalar = Unicode.Scalar(unit) { return (scalar, position + 6) }
    let low = hexUnit(bytes, at: position + 6)!
    let code = 0x10000 + ((unit & 0x3FF) << 10 | (low & 0x3FF))
    return (Unicode.Scalar(code)!, position + 12)
  }

  private static func simpleEscape(_ letter: UInt8) -> UInt8 {
    switch letter {
    case UInt8(ascii: "b"): 0x08
    case UInt8(ascii: "f"): 0x0C
    case UInt8(ascii: "n"): 0x0A
    case UInt8(ascii: "r"): 0x0D
    case UInt8(ascii: "t"): 0x09
    default: letter
    }
  }
}
