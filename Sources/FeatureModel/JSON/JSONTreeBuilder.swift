// Tokens to a tree. Lines and columns are counted along the way, so that the whole stays linear.

struct JSONTreeBuilder {
  private var scanner: JSONScanner
  private var countedTo = 0
  private var line = 1
  private var column = 1

  init(_ bytes: UnsafeRawBufferPointer, options: JSONScanner.Options) {
    scanner = JSONScanner(bytes, options: options)
  }

  mutating func document() throws(JSONError) -> JSONValue {
    let value = try value(try scanner.next())
    _ = try scanner.next()
    return value
  }

  private mutating func value(_ token: JSONToken) throws(JSONError) -> JSONValue {
    let position = position(of: token)
    switch token.kind {
    case .objectStart: return JSONValue(.object(try members()), at: position)
    case .arrayStart: return JSONValue(.array(try elements()), at: position)
    case .string: return JSONValue(.string(scanner.string(token)), at: position)
    case .number: return JSONValue(try number(token), at: position)
    case .true: return JSONValue(.bool(true), at: position)
    case .false: return JSONValue(.bool(false), at: position)
    default: return JSONValue(.null, at: position)
    }
  }

  private mutating func members() throws(JSONError) -> [JSONMember] {
    var members: [JSONMember] = []
    var names: Set<String> = []
    while true {
      let token = try scanner.next()
      guard token.kind == .key else { return members }
      let name = scanner.string(token)
      guard names.insert(name).inserted else {
        throw JSONError(
          offset: token.range.lowerBound - 1, reason: "the name '\(name)' occurs twice")
      }
      let position = position(of: token)
      members.append(JSONMember(name, try value(try scanner.next()), at: position))
    }
  }

  private mutating func elements() throws(JSONError) -> [JSONValue] {
    var elements: [JSONValue] = []
    while true {
      let token = try scanner.next()
      if token.kind == .arrayEnd { return elements }
      elements.append(try value(token))
    }
  }

  private func number(_ token: JSONToken) throws(JSONError) -> JSONValue.Content {
    let text = UnsafeRawBufferPointer(rebasing: scanner.bytes[token.range])
    if token.isInteger, let value = NumberParser.parseInt64(text) { return .int(value) }
    if let value = NumberParser.parseDouble(text) { return .double(value) }
    throw JSONError(offset: token.range.lowerBound, reason: "the number is too large for a double")
  }

  private mutating func position(of token: JSONToken) -> TextPosition {
    let isText = token.kind == .string || token.kind == .key
    let offset = token.range.lowerBound - (isText ? 1 : 0)
    for byte in scanner.bytes[countedTo..<offset] {
      if byte == UInt8(ascii: "\n") {
        line += 1
        column = 1
      } else if byte & 0xC0 != 0x80 {
        column += 1
      }
    }
    countedTo = offset
    return TextPosition(line: line, column: column)
  }
}
