// A pull tokenizer over borrowed bytes: strict RFC 8259, one pass, no allocation. The stack of open
// containers is one word with a bit per level, which is also why the depth limit is at most 64.

/// Steps over one JSON text, token by token. Valid tokens in an invalid order are errors too, so a
/// caller that has read up to `.end` has seen a whole, correct text; strings are valid UTF-8 with
/// valid escapes.
///
/// The bytes are borrowed: they must outlive the scanner. After an error it must not be used
/// further.
public struct JSONScanner {
  /// What is accepted beyond RFC 8259.
  public struct Options: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// `// ...` to the end of the line and `/* ... */`.
    public static let comments = Options(rawValue: 1)
    /// A comma before `}` or `]`.
    public static let trailingCommas = Options(rawValue: 2)
    /// Both: what people may write in a declaration.
    public static let declarations: Options = [.comments, .trailingCommas]
  }

  private enum Expectation {
    case value, valueOrEnd, key, keyOrEnd, commaOrEnd, nothing
  }

  /// The scanned text.
  public let bytes: UnsafeRawBufferPointer
  /// Offset of the next byte to be read.
  public private(set) var offset = 0
  /// How many containers are open.
  public private(set) var depth = 0

  private let options: Options
  private let depthLimit: Int
  /// Bit i: the container at depth i + 1 is an object.
  private var objects: UInt64 = 0
  private var expectation = Expectation.value

  /// - Parameter depthLimit: the deepest nesting that is accepted, at most 64.
  public init(_ bytes: UnsafeRawBufferPointer, options: Options = [], depthLimit: Int = 64) {
    self.bytes = bytes
    self.options = options
    self.depthLimit = min(depthLimit, 64)
  }

  /// The next token. After `.end` it stays at `.end`.
  public mutating func next() throws(JSONError) -> JSONToken {
    try skipSpace()
    if expectation == .commaOrEnd, let token = try separator() { return token }
    guard offset < bytes.count else {
      guard expectation == .nothing else { throw error("the text ends early") }
      return JSONToken(.end, offset..<offset)
    }
    switch expectation {
    case .nothing: throw error("only white space may follow the value")
    case .keyOrEnd where bytes[offset] == UInt8(ascii: "}"): return close(.objectEnd)
    case .valueOrEnd where bytes[offset] == UInt8(ascii: "]"): return close(.arrayEnd)
    case .key, .keyOrEnd: return try key()
    default: return try value()
    }
  }

  /// Steps over one whole value, scalar or container, and gives its byte range. Call it where a
  /// value comes next: at the start, or after a key.
  @discardableResult
  public mutating func skipValue() throws(JSONError) -> Range<Int> {
    let outside = depth
    let first = try next()
    var start = first.range.lowerBound
    if first.kind == .string { start -= 1 }
    while depth > outside { _ = try next() }
    return start..<offset
  }

  func error(_ reason: String) -> JSONError { JSONError(offset: offset, reason: reason) }
}

// The grammar.
extension JSONScanner {
  /// After a value in a container: its end, or nil after a comma.
  private mutating func separator() throws(JSONError) -> JSONToken? {
    guard offset < bytes.count else { throw error("the text ends early") }
    let inObject = isInObject
    let closing = inObject ? UInt8(ascii: "}") : UInt8(ascii: "]")
    if bytes[offset] == closing { return close(inObject ? .objectEnd : .arrayEnd) }
    guard bytes[offset] == UInt8(ascii: ",") else {
      throw error(inObject ? "',' or '}' expected" : "',' or ']' expected")
    }
    offset += 1
    try skipSpace()
    if options.contains(.trailingCommas), offset < bytes.count, bytes[offset] == closing {
      return close(inObject ? .objectEnd : .arrayEnd)
    }
    expectation = inObject ? .key : .value
    return nil
  }

  private mutating func key() throws(JSONError) -> JSONToken {
    guard bytes[offset] == UInt8(ascii: "\"") else {
      throw error("a member's name in double quotation marks expected")
    }
    let text = try scanString()
    try skipSpace()
    guard offset < bytes.count, bytes[offset] == UInt8(ascii: ":") else {
      throw error(offset < bytes.count ? "':' expected" : "the text ends early")
    }
    offset += 1
    expectation = .value
    return JSONToken(.key, text.range, flag: text.escaped)
  }

  private mutating func value() throws(JSONError) -> JSONToken {
    switch bytes[offset] {
    case UInt8(ascii: "\""):
      let text = try scanString()
      finishValue()
      return JSONToken(.string, text.range, flag: text.escaped)
    case UInt8(ascii: "{"): return try open(.objectStart, isObject: true)
    case UInt8(ascii: "["): return try open(.arrayStart, isObject: false)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    case UInt8(ascii: "t"): return try word("true", .true)
    case UInt8(ascii: "f"): return try word("false", .false)
    case UInt8(ascii: "n"): return try word("null", .null)
    default: throw error("a value expected")
    }
  }

  private mutating func open(
    _ kind: JSONToken.Kind, isObject: Bool
  ) throws(JSONError) -> JSONToken {
    guard depth < depthLimit else { throw error("nested more than \(depthLimit) levels deep") }
    let bit = UInt64(1) << UInt64(depth)
    objects = isObject ? objects | bit : objects & ~bit
    depth += 1
    offset += 1
    expectation = isObject ? .keyOrEnd : .valueOrEnd
    return JSONToken(kind, offset - 1..<offset)
  }

  private mutating func close(_ kind: JSONToken.Kind) -> JSONToken {
    depth -= 1
    offset += 1
    finishValue()
    return JSONToken(kind, offset - 1..<offset)
  }

  private var isInObject: Bool { depth > 0 && objects >> UInt64(depth - 1) & 1 == 1 }

  private mutating func finishValue() { expectation = depth == 0 ? .nothing : .commaOrEnd }

  private mutating func word(
    _ text: StaticString, _ kind: JSONToken.Kind
  ) throws(JSONError) -> JSONToken {
    let start = offset
    for index in 0..<text.utf8CodeUnitCount {
      guard offset < bytes.count, bytes[offset] == text.utf8Start[index] else {
        throw error("'\(text)' expected")
      }
      offset += 1
    }
    finishValue()
    return JSONToken(kind, start..<offset)
  }

  private mutating func number() throws(JSONError) -> JSONToken {
    let start = offset
    var isInteger = true
    if bytes[offset] == UInt8(ascii: "-") { offset += 1 }
    if offset < bytes.count, bytes[offset] == UInt8(ascii: "0") {
      offset += 1
    } else {
      try digits()
    }
    if offset < bytes.count, bytes[offset] == UInt8(ascii: ".") {
      isInteger = false
      offset += 1
      try digits()
    }
    if offset < bytes.count, bytes[offset] | 0x20 == UInt8(ascii: "e") {
      isInteger = false
      offset += 1
      if offset < bytes.count,
        bytes[offset] == UInt8(ascii: "+") || bytes[offset] == UInt8(ascii: "-")
      {
        offset += 1
      }
      try digits()
    }
    finishValue()
    return JSONToken(.number, start..<offset, flag: isInteger)
  }

  private mutating func digits() throws(JSONError) {
    let start = offset
    while offset < bytes.count, bytes[offset] &- UInt8(ascii: "0") < 10 { offset += 1 }
    guard offset > start else { throw error("a digit expected") }
  }
}

// White space and comments.
extension JSONScanner {
  private mutating func skipSpace() throws(JSONError) {
    while offset < bytes.count {
      switch bytes[offset] {
      case 0x20, 0x0A, 0x0D, 0x09: offset += 1
      case UInt8(ascii: "/") where options.contains(.comments): try skipComment()
      default: return
      }
    }
  }

  private mutating func skipComment() throws(JSONError) {
    let second = offset + 1 < bytes.count ? bytes[offset + 1] : 0
    if second == UInt8(ascii: "/") {
      while offset < bytes.count, bytes[offset] != 0x0A { offset += 1 }
      return
    }
    guard second == UInt8(ascii: "*") else { throw error("'//' or '/*' expected") }
    var position = offset + 2
    while position + 1 < bytes.count {
      if bytes[position] == UInt8(ascii: "*"), bytes[position + 1] == UInt8(ascii: "/") {
        offset = position + 2
        return
      }
      position += 1
    }
    throw error("the comment has no end")
  }

  mutating func advance(to position: Int) { offset = position }
}
