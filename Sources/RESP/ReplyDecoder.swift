// Replies from bytes, for clients: whole values of either version of the protocol. Bytes from outside are never
// trusted: lengths are held against what is there and nesting against a limit.

/// One reply.
public indirect enum RESPValue: Hashable, Sendable {
  case simple(String)
  case error(String)
  case integer(Int64)
  /// Any bytes; also verbatim text.
  case bulk([UInt8])
  case null
  case double(Double)
  case bool(Bool)
  case bigNumber(String)
  case array([RESPValue])
  /// Sets and pushes are arrays of another kind.
  case set([RESPValue])
  case push([RESPValue])
  case map([Pair])

  public struct Pair: Hashable, Sendable {
    public let key: RESPValue
    public let value: RESPValue

    public init(_ key: RESPValue, _ value: RESPValue) {
      self.key = key
      self.value = value
    }
  }
}

extension RESPValue {
  /// The text of a string, simple or bulk.
  public var text: String? {
    switch self {
    case .simple(let text), .bigNumber(let text): text
    case .bulk(let bytes): String(decoding: bytes, as: UTF8.self)
    default: nil
    }
  }

  /// The pairs of a map, or of the array that stands for one in RESP2.
  public var pairs: [Pair]? {
    switch self {
    case .map(let pairs): pairs
    case .array(let items) where items.count % 2 == 0:
      stride(from: 0, to: items.count, by: 2).map { Pair(items[$0], items[$0 + 1]) }
    default: nil
    }
  }

  /// The items of an array, set or push.
  public var items: [RESPValue]? {
    switch self {
    case .array(let items), .set(let items), .push(let items): items
    default: nil
    }
  }
}

public enum ReplyDecoder {
  /// Nesting that no honest reply has.
  public static let depthLimit = 32

  /// The reply at the start of `bytes`, and its length; nil where it is not whole yet.
  /// - Complexity: O(bytes); a reply that comes in pieces is read anew for each.
  public static func decode(
    _ bytes: UnsafeRawBufferPointer
  ) throws(ProtocolError) -> (value: RESPValue, length: Int)? {
    var reader = ReplyReader(bytes: bytes)
    guard let value = try reader.value(depth: 0) else { return nil }
    return (value, reader.position)
  }
}

private struct ReplyReader {
  let bytes: UnsafeRawBufferPointer
  var position = 0

  /// Up to the line's end, which is skipped; nil where there is none yet.
  private mutating func line() throws(ProtocolError) -> String? {
    guard let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) else { return nil }
    guard end > position, bytes[end - 1] == UInt8(ascii: "\r") else {
      throw .badLength(what: "line")
    }
    defer { position = end + 1 }
    return String(decoding: bytes[position..<end - 1], as: UTF8.self)
  }

  mutating func value(depth: Int) throws(ProtocolError) -> RESPValue? {
    guard depth < ReplyDecoder.depthLimit else {
      throw .tooDeep(limit: ReplyDecoder.depthLimit)
    }
    guard position < bytes.count else { return nil }
    let kind = bytes[position]
    position += 1
    guard let line = try line() else { return nil }
    switch kind {
    case UInt8(ascii: "+"): return .simple(line)
    case UInt8(ascii: "-"): return .error(line)
    case UInt8(ascii: ":"): return .integer(try number(line))
    case UInt8(ascii: ","): return .double(try double(line))
    case UInt8(ascii: "#"): return .bool(try flag(line))
    case UInt8(ascii: "_"): return .null
    case UInt8(ascii: "("): return .bigNumber(line)
    case UInt8(ascii: "$"), UInt8(ascii: "="), UInt8(ascii: "!"): return try bulk(kind, line)
    case UInt8(ascii: "*"), UInt8(ascii: "~"), UInt8(ascii: ">"), UInt8(ascii: "%"),
      UInt8(ascii: "|"):
      return try aggregate(kind, line, depth)
    default: throw .unexpectedByte(expected: "*", found: kind)
    }
  }

  private func number(_ text: String) throws(ProtocolError) -> Int64 {
    guard let number = Int64(text) else { throw .badLength(what: "integer") }
    return number
  }

  private func double(_ text: String) throws(ProtocolError) -> Double {
    guard let double = Double(text) else { throw .badLength(what: "double") }
    return double
  }

  private func flag(_ text: String) throws(ProtocolError) -> Bool {
    guard text == "t" || text == "f" else { throw .badLength(what: "boolean") }
    return text == "t"
  }

  private mutating func bulk(_ kind: UInt8, _ line: String) throws(ProtocolError) -> RESPValue? {
    let length = try number(line)
    if length == -1 { return .null }
    guard length >= 0, length <= 512 << 20 else { throw .badLength(what: "bulk") }
    guard bytes.count - position >= Int(length) + 2 else { return nil }
    let end = position + Int(length)
    guard bytes[end] == UInt8(ascii: "\r"), bytes[end + 1] == UInt8(ascii: "\n") else {
      throw .badLength(what: "bulk")
    }
    var content = bytes[position..<end]
    position = end + 2
    if kind == UInt8(ascii: "!") { return .error(String(decoding: content, as: UTF8.self)) }
    // Verbatim text begins with its format, "txt:".
    if kind == UInt8(ascii: "="), content.count >= 4 { content = content.dropFirst(4) }
    return .bulk(Array(content))
  }

  private mutating func aggregate(
    _ kind: UInt8, _ line: String, _ depth: Int
  ) throws(ProtocolError) -> RESPValue? {
    let count = try number(line)
    if count == -1 { return .null }
    let isMap = kind == UInt8(ascii: "%") || kind == UInt8(ascii: "|")
    // No item is shorter than three bytes.
    guard count >= 0, count <= 1 << 30 else { throw .badLength(what: "multibulk") }
    guard Int(count) * 3 <= bytes.count - position else { return nil }
    var items: [RESPValue] = []
    items.reserveCapacity(Int(count))
    for _ in 0..<(isMap ? 2 * count : count) {
      guard let item = try value(depth: depth + 1) else { return nil }
      items.append(item)
    }
    switch kind {
    // Attributes tell about the reply behind them.
    case UInt8(ascii: "|"): return try value(depth: depth + 1)
    case UInt8(ascii: "%"):
      return .map(
        stride(from: 0, to: items.count, by: 2).map { .init(items[$0], items[$0 + 1]) })
    case UInt8(ascii: "~"): return .set(items)
    case UInt8(ascii: ">"): return .push(items)
    default: return .array(items)
    }
  }
}
