// JSON out: one compact form that is the same for equal values, and an indented one for people. The
// parts are there for writers of JSON Lines too, which go without a tree.

/// Appends JSON to bytes.
public enum JSONWriter {
  /// The compact form: no white space, members in their order, doubles as their shortest text.
  public static func append(_ value: JSONValue, to bytes: inout [UInt8]) {
    switch value.content {
    case .array(let elements):
      appendList(elements, "[", "]", to: &bytes) { append($0, to: &$1) }
    case .object(let members):
      appendList(members, "{", "}", to: &bytes) { member, bytes in
        append(string: member.name, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        append(member.value, to: &bytes)
      }
    default: appendScalar(value, to: &bytes)
    }
  }

  /// A string with its quotation marks; only what must be escaped is.
  public static func append(string: String, to bytes: inout [UInt8]) {
    var string = string
    string.withUTF8 { append(utf8: UnsafeRawBufferPointer($0), to: &bytes) }
  }

  /// As `append(string:)` for bytes that are valid UTF-8.
  public static func append(utf8: UnsafeRawBufferPointer, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    var start = 0
    for position in utf8.indices {
      let byte = utf8[position]
      guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else {
        continue
      }
      bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: utf8[start..<position]))
      appendEscape(byte, to: &bytes)
      start = position + 1
    }
    bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: utf8[start...]))
    bytes.append(UInt8(ascii: "\""))
  }

  /// The shortest text that reads back to the same bits; JSON has no NaN and no infinity: `null`.
  public static func append(_ value: Double, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: value.isFinite ? value.description.utf8 : "null".utf8)
  }

  private static func appendEscape(_ byte: UInt8, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\\"))
    switch byte {
    case 0x08: bytes.append(UInt8(ascii: "b"))
    case 0x09: bytes.append(UInt8(ascii: "t"))
    case 0x0A: bytes.append(UInt8(ascii: "n"))
    case 0x0C: bytes.append(UInt8(ascii: "f"))
    case 0x0D: bytes.append(UInt8(ascii: "r"))
    case 0..<0x20:
      bytes.append(contentsOf: "u00".utf8)
      bytes.append(UInt8(ascii: "0") + byte >> 4)
      bytes.append(Array("0123456789abcdef".utf8)[Int(byte & 15)])
    default: bytes.append(byte)
    }
  }

  private static func appendScalar(_ value: JSONValue, to bytes: inout [UInt8]) {
    switch value.content {
    case .bool(let value): bytes.append(contentsOf: value ? "true".utf8 : "false".utf8)
    case .int(let value): bytes.append(contentsOf: String(value).utf8)
    case .double(let value): append(value, to: &bytes)
    case .string(let value): append(string: value, to: &bytes)
    default: bytes.append(contentsOf: "null".utf8)
    }
  }

  private static func appendList<Element>(
    _ list: [Element], _ open: Unicode.Scalar, _ close: Unicode.Scalar, to bytes: inout [UInt8],
    _ element: (Element, inout [UInt8]) -> Void
  ) {
    bytes.append(UInt8(ascii: open))
    for index in list.indices {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      element(list[index], &bytes)
    }
    bytes.append(UInt8(ascii: close))
  }
}

extension JSONValue {
  /// The compact form as text.
  public var compact: String {
    var bytes: [UInt8] = []
    JSONWriter.append(self, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Two spaces per level; lists of scalars stay on one line. No line end behind it.
  public var pretty: String { pretty(indent: "") }

  private func pretty(indent: String) -> String {
    let inner = indent + "  "
    func lines(_ open: String, _ items: [String], _ close: String) -> String {
      "\(open)\n\(inner)\(items.joined(separator: ",\n" + inner))\n\(indent)\(close)"
    }
    switch content {
    case .array(let elements) where elements.allSatisfy(\.isScalar):
      return "[\(elements.map(\.compact).joined(separator: ", "))]"
    case .array(let elements): return lines("[", elements.map { $0.pretty(indent: inner) }, "]")
    case .object(let members) where !members.isEmpty:
      let items = members.map {
        "\(JSONValue.string($0.name).compact): \($0.value.pretty(indent: inner))"
      }
      return lines("{", items, "}")
    default: return compact
    }
  }

  private var isScalar: Bool {
    switch content {
    case .array, .object: false
    default: true
    }
  }
}
