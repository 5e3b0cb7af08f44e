// What a peer may send in one request. Whoever has not said a password gets the small ones, as with Redis:
// nobody fills memory before we know who it is.

/// Limits on one request, in bytes and arguments.
public struct RequestLimits: Hashable, Sendable {
  /// Bytes of one argument.
  public var bulkBytes = 1 << 20
  /// Arguments of one command.
  public var arguments = 1 << 17
  /// Bytes of one command, frames included.
  public var requestBytes = 16 << 20
  /// Bytes of one inline command or frame header.
  public var lineBytes = 64 << 10

  public init() {}

  /// For connections that are not authenticated yet.
  public static let stranger: RequestLimits = {
    var limits = RequestLimits()
    limits.bulkBytes = 16 << 10
    limits.arguments = 16
    limits.requestBytes = 64 << 10
    return limits
  }()
}

/// What cannot be read as the protocol; the connection is of no use afterwards.
public enum ProtocolError: Error, Hashable, Sendable {
  case unexpectedByte(expected: Character, found: UInt8)
  case badLength(what: String)
  case tooLarge(what: String, limit: Int)
  case unbalancedQuotes
  case tooDeep(limit: Int)
}

extension ProtocolError: CustomStringConvertible {
  /// In Redis's words where it has some.
  public var description: String {
    switch self {
    case .unexpectedByte(let expected, let found):
      "expected '\(expected)', got '\(Self.shown(found))'"
    case .badLength(let what): "invalid \(what) length"
    case .tooLarge(let what, let limit): "\(what) is larger than the limit of \(limit)"
    case .unbalancedQuotes: "unbalanced quotes in request"
    case .tooDeep(let limit): "a reply is nested deeper than \(limit)"
    }
  }

  private static func shown(_ byte: UInt8) -> String {
    (0x20..<0x7F).contains(byte)
      ? String(UnicodeScalar(byte))
      : "\\x" + String(byte >> 4, radix: 16)
        + String(byte & 15, radix: 16)
  }
}
