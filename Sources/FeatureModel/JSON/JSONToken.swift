// What `JSONScanner` gives for each step over a text, and what is wrong with a text that is not
// JSON. A token is a kind and a range of the scanned bytes: nothing is copied and nothing is
// allocated.

/// One token of a JSON text; ranges are byte offsets into the scanned buffer.
public struct JSONToken: Equatable, Sendable {
  public enum Kind: UInt8, Equatable, Sendable {
    case objectStart, objectEnd, arrayStart, arrayEnd
    /// A member's name; its colon has been read too.
    case key
    case string, number, `true`, `false`, null
    /// Nothing is left but white space.
    case end
  }

  public let kind: Kind
  /// The token's bytes; for keys and strings those between the quotation marks, still escaped.
  public let range: Range<Int>
  @usableFromInline let flag: Bool

  @usableFromInline
  init(_ kind: Kind, _ range: Range<Int>, flag: Bool = false) {
    self.kind = kind
    self.range = range
    self.flag = flag
  }

  /// For keys and strings: there are backslashes, so that `JSONScanner.unescape` is needed. Where
  /// false, the bytes of `range` are the text itself, and valid UTF-8.
  @inlinable public var escaped: Bool { (kind == .string || kind == .key) && flag }

  /// For numbers: neither fraction nor exponent. May still be too large for an Int64.
  @inlinable public var isInteger: Bool { kind == .number && flag }
}

/// Why bytes are not a JSON text, and where.
public struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Offset of the first byte that does not fit.
  public let offset: Int
  public let reason: String

  public init(offset: Int, reason: String) {
    self.offset = offset
    self.reason = reason
  }

  public var description: String { "byte \(offset): \(reason)" }
}

/// A place in a text for people: both count from 1, columns count characters of Unicode (scalars).
public struct TextPosition: Hashable, Sendable, CustomStringConvertible {
  public let line: Int
  public let column: Int

  public init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }

  /// The position of a byte offset. Linear in the offset.
  public init(of offset: Int, in bytes: UnsafeRawBufferPointer) {
    var line = 1
    var column = 1
    for byte in bytes[..<min(offset, bytes.count)] {
      if byte == UInt8(ascii: "\n") {
        line += 1
        column = 1
      } else if byte & 0xC0 != 0x80 {
        column += 1
      }
    }
    self.init(line: line, column: column)
  }

  public var description: String { "\(line):\(column)" }
}
