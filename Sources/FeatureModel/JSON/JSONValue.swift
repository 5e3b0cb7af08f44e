// A JSON text as a tree, for small texts that people write: members keep their order, every node
// knows where it stood, and a name that occurs twice is an error. Event files never become trees.

/// One JSON value. Equality is that of the content; positions do not count.
public struct JSONValue: Sendable {
  public enum Content: Hashable, Sendable {
    case null
    case bool(Bool)
    /// A number without fraction and exponent that fits 64 bits.
    case int(Int64)
    case double(Double)
    case string(String)
    case array([JSONValue])
    /// In the order of the text; names are unique.
    case object([JSONMember])
  }

  public let content: Content
  /// Where the value began in its text; nil for values that were not read.
  public let position: TextPosition?

  public init(_ content: Content, at position: TextPosition? = nil) {
    self.content = content
    self.position = position
  }

  /// The member of an object; nil for other values. Linear in the number of members.
  public subscript(name: String) -> JSONValue? {
    guard case .object(let members) = content else { return nil }
    return members.first { $0.name == name }?.value
  }

  /// Reads a whole text. Throws the first defect; `JSONError.offset` is a byte offset.
  public static func parse(
    _ bytes: UnsafeRawBufferPointer, options: JSONScanner.Options = []
  ) throws(JSONError) -> JSONValue {
    var builder = JSONTreeBuilder(bytes, options: options)
    return try builder.document()
  }

  /// As `parse` on bytes.
  public static func parse(
    _ text: String, options: JSONScanner.Options = []
  ) throws(JSONError) -> JSONValue {
    let bytes = Array(text.utf8)
    let result = bytes.withUnsafeBytes { raw in
      Result { () throws(JSONError) in try parse(raw, options: options) }
    }
    return try result.get()
  }
}

/// A name and its value in an object.
public struct JSONMember: Sendable {
  public let name: String
  public let value: JSONValue
  /// Where the name began; nil where it was not read.
  public let position: TextPosition?

  public init(_ name: String, _ value: JSONValue, at position: TextPosition? = nil) {
    self.name = name
    self.value = value
    self.position = position
  }
}

extension JSONValue: Hashable {
  public static func == (left: Self, right: Self) -> Bool { left.content == right.content }
  public func hash(into hasher: inout Hasher) { hasher.combine(content) }
}

extension JSONMember: Hashable {
  public static func == (left: Self, right: Self) -> Bool {
    left.name == right.name && left.value == right.value
  }
  public func hash(into hasher: inout Hasher) {
    hasher.combine(name)
    hasher.combine(value)
  }
}

// Making values in code: `.object([("rows", .int(3))])`, scalars and arrays by literals.
extension JSONValue {
  public static let null = JSONValue(.null)
  public static func bool(_ value: Bool) -> JSONValue { JSONValue(.bool(value)) }
  public static func int(_ value: Int64) -> JSONValue { JSONValue(.int(value)) }
  public static func double(_ value: Double) -> JSONValue { JSONValue(.double(value)) }
  public static func string(_ value: String) -> JSONValue { JSONValue(.string(value)) }
  public static func array(_ elements: [JSONValue]) -> JSONValue { JSONValue(.array(elements)) }
  public static func object(_ members: [(String, JSONValue)]) -> JSONValue {
    JSONValue(.object(members.map { JSONMember($0.0, $0.1) }))
  }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral
{
  public init(stringLiteral value: String) { self.init(.string(value)) }
  public init(integerLiteral value: Int64) { self.init(.int(value)) }
  public init(booleanLiteral value: Bool) { self.init(.bool(value)) }
  public init(arrayLiteral elements: JSONValue...) { self.init(.array(elements)) }
}

extension JSONValue {
  /// A value of a field or feature as JSON: timestamps as ISO 8601 text.
  public init(_ value: Value) {
    let content: Content =
      switch value {
      case .null: .null
      case .int(let value): .int(value)
      case .double(let value): .double(value)
      case .string(let value): .string(value)
      case .bool(let value): .bool(value)
      case .timestamp(let value): .string(value.description)
      }
    self.init(content, at: nil)
  }

  /// For messages: `a number`, `an object`.
  public var kindName: String {
    switch content {
    case .null: "null"
    case .bool: "a boolean"
    case .int: "a whole number"
    case .double: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}
