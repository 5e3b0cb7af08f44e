// How the entity that is to be forgotten is named: by fields and their values, as texts. A text means what the
// field's type makes of it; where it can be no value of the type, no event and no key has it.
import FeatureModel

/// A field of an entity, and its value.
public struct EntityPart: Hashable, Sendable {
  public let field: String
  /// UTF-8, or whatever bytes an event had: a number in decimals, `true` or `false`, ISO 8601 or epoch
  /// milliseconds.
  public let text: [UInt8]

  public init(_ field: String, _ text: [UInt8]) {
    self.field = field
    self.text = text
  }

  public init(_ field: String, _ text: String) { self.init(field, Array(text.utf8)) }

  /// From `sender=ann@example.com`: all behind the first `=` is the value.
  public init(parsing word: some Collection<UInt8>) throws(StoreError) {
    guard let sign = word.firstIndex(of: UInt8(ascii: "=")), sign != word.startIndex else {
      // The word may be the entity itself, which errors and logs are not to tell.
      throw .invalid("a word names no entity: write FIELD=VALUE, as in sender=ann@example.com")
    }
    self.init(
      String(decoding: word[..<sign], as: UTF8.self), Array(word[word.index(after: sign)...]))
  }

  /// What the text means in a field of some type: the text as keys have it, and the word as columns do (0 for
  /// strings). Nil where it is no such value.
  func value(as type: FieldType) -> (text: [UInt8], word: UInt64)? {
    let word: UInt64
    switch type {
    case .string: return (text, 0)
    case .double: return nil
    case .int:
      guard let number = text.withUnsafeBytes({ NumberParser.parseInt64($0) }) else { return nil }
      word = UInt64(bitPattern: number)
    case .bool:
      guard text == Array("true".utf8) || text == Array("false".utf8) else { return nil }
      word = text.count == 4 ? 1 : 0
    case .timestamp:
      guard let time = Timestamp(parsing: String(decoding: text, as: UTF8.self)) else { return nil }
      word = UInt64(bitPattern: time.milliseconds)
    }
    var canonical: [UInt8] = []
    EntityKeyBuilder.append(word: word, type, to: &canonical)
    return (canonical, word)
  }
}
