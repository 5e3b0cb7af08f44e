// Answers that are lists or maps: canonical JSON text without spaces, numbers in their shortest form,
// instants as ISO 8601 text, so that they pass through every path as any other text does.
import FeatureModel

/// A JSON text under construction.
struct AnswerText {
  private var bytes: [UInt8] = []
  private var needsComma = false

  /// The finished text.
  var value: Value { .string(String(decoding: bytes, as: UTF8.self)) }

  /// `[` or `{`, then what `body` appends, then its counterpart.
  mutating func group(_ brackets: StaticString, _ body: (inout AnswerText) -> Void) {
    separate()
    bytes.append(brackets.utf8Start[0])
    needsComma = false
    body(&self)
    bytes.append(brackets.utf8Start[1])
    needsComma = true
  }

  /// A list of parts.
  mutating func list(_ body: (inout AnswerText) -> Void) { group("[]", body) }

  /// A member's name.
  mutating func name(_ text: [UInt8]) {
    separate()
    text.withUnsafeBytes { JSONWriter.append(utf8: $0, to: &bytes) }
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  mutating func append(text: [UInt8]) {
    separate()
    text.withUnsafeBytes { JSONWriter.append(utf8: $0, to: &bytes) }
  }

  mutating func append(_ number: Int64) { append(.int(number)) }

  mutating func append(_ value: Value) {
    separate()
    switch value {
    case .null: bytes.append(contentsOf: "null".utf8)
    case .string(let text): JSONWriter.append(string: text, to: &bytes)
    case .timestamp(let time): JSONWriter.append(string: time.description, to: &bytes)
    case .double(let number): JSONWriter.append(number, to: &bytes)
    case .int, .bool: bytes.append(contentsOf: value.description.utf8)
    }
  }

  private mutating func separate() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
    needsComma = true
  }
}
