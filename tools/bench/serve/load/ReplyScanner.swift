// Where replies end. Values are skipped, not looked at: nobody waits for the load generator.

/// Counts whole replies of RESP2 in bytes that come in pieces.
struct ReplyScanner {
  private(set) var replies = 0
  private(set) var errors = 0
  private(set) var firstError = ""
  /// Elements of the reply in hand that have not come yet.
  private var pending = 1

  /// - Returns: how many of the bytes are done with; the rest is asked for again with more behind it.
  mutating func scan(_ bytes: UnsafeRawBufferPointer) -> Int {
    var position = 0
    while let (kind, number, content) = Self.line(bytes, position) {
      var end = content
      switch kind {
      case UInt8(ascii: "$"):
        if number >= 0 { end += number + 2 }
        guard end <= bytes.count else { return position }
      case UInt8(ascii: "*"): pending += max(0, number)
      case UInt8(ascii: "-"):
        if errors == 0 {
          firstError = String(decoding: bytes[position..<content - 2], as: UTF8.self)
        }
        errors += 1
      default: break
      }
      position = end
      pending -= 1
      if pending == 0 {
        replies += 1
        pending = 1
      }
    }
    return position
  }

  /// The kind of an element, the number in its line and the place behind the line; nil where it is not whole.
  @inline(__always)
  private static func line(
    _ bytes: UnsafeRawBufferPointer, _ start: Int
  ) -> (kind: UInt8, number: Int, content: Int)? {
    var place = start + 1
    var number = 0
    var isNegative = false
    while place < bytes.count {
      let byte = bytes[place]
      if byte == 13 {
        guard place + 1 < bytes.count else { return nil }
        return (bytes[start], isNegative ? -number : number, place + 2)
      }
      if byte == UInt8(ascii: "-") {
        isNegative = true
      } else {
        number = number &* 10 &+ Int(byte &- 0x30)
      }
      place += 1
    }
    return nil
  }
}
