// Where a reply ends, for clients that get it in pieces: every byte is looked at once, however the bytes
// arrive, and nothing is made of them. Whole replies go to `ReplyDecoder`.
import FeatureModel
import Glibc

/// Finds the end of one reply after the other. It keeps its place in a reply that is not whole yet.
public struct ReplyScanner: Sendable {
  private var position = 0
  /// Values that the reply still lacks.
  private var missing = 1

  public init() {}

  /// The length of the reply that begins at the first of `bytes`; nil where it is not whole yet: call again
  /// with the same bytes and more behind them.
  /// - Throws: what is no reply; the connection is of no use afterwards.
  /// - Complexity: O(bytes not seen before).
  public mutating func scan(_ bytes: UnsafeRawBufferPointer) throws(ProtocolError) -> Int? {
    while missing > 0 {
      guard position < bytes.count, try skipItem(bytes) else { return nil }
    }
    defer { self = ReplyScanner() }
    return position
  }

  /// One value, or the header of several; false where it is not whole.
  private mutating func skipItem(_ bytes: UnsafeRawBufferPointer) throws(ProtocolError) -> Bool {
    let start = position + 1
    guard let base = bytes.baseAddress,
      let found = memchr(base + start, 0x0A, bytes.count - start)
    else { return false }
    let end = UnsafeRawPointer(found) - base
    let line = UnsafeRawBufferPointer(rebasing: bytes[start..<max(start, end - 1)])
    switch bytes[position] {
    case UInt8(ascii: "$"), UInt8(ascii: "="), UInt8(ascii: "!"):
      let length = try Self.count(line, most: 512 << 20)
      guard length < 0 || bytes.count - end - 1 >= length + 2 else { return false }
      position = length < 0 ? end + 1 : end + 3 + length
      missing -= 1
      return true
    case UInt8(ascii: "*"), UInt8(ascii: "~"), UInt8(ascii: ">"):
      missing += max(0, try Self.count(line, most: 1 << 30)) - 1
    case UInt8(ascii: "%"): missing += 2 * max(0, try Self.count(line, most: 1 << 30)) - 1
    // Attributes stand before the value that they tell about.
    case UInt8(ascii: "|"): missing += 2 * max(0, try Self.count(line, most: 1 << 30))
    default: missing -= 1
    }
    position = end + 1
    return true
  }

  /// A length; -1 for null.
  private static func count(
    _ line: UnsafeRawBufferPointer, most limit: Int64
  ) throws(ProtocolError) -> Int {
    guard let count = NumberParser.parseInt64(line), count >= -1, count <= limit else {
      throw .badLength(what: "reply")
    }
    return Int(count)
  }
}
