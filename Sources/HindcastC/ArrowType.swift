// Arrow's types by their format strings, as far as a key, a time or a field can have them. All other types pass
// through a join untouched, and are named as they are where they cannot be used.
import CHindcast
import Hindcast

indirect enum ArrowType: Equatable, Sendable {
  enum Unit: String {
    case second = "s"
    case milli = "ms"
    case micro = "us"
    case nano = "ns"
  }

  case null
  case bool
  /// Of 1, 2, 4 or 8 bytes.
  case int(bytes: Int, signed: Bool)
  case float
  case double
  /// With offsets of 32 or 64 bits.
  case text32, text64
  case textView
  case timestamp(Unit)
  /// Days since 1970.
  case date32
  /// Milliseconds since 1970.
  case date64
  case dictionary(index: ArrowType, values: ArrowType)
  /// Any other; its format.
  case other(String)

  /// - Parameter schema: a field's, alive for the call.
  init(_ schema: ArrowSchema) {
    let format = schema.format.map { String(cString: $0) } ?? ""
    let plain = Self(format: format)
    guard let dictionary = schema.dictionary else {
      self = plain
      return
    }
    guard case .int = plain, dictionary.pointee.dictionary == nil else {
      self = .other("dictionary")
      return
    }
    self = .dictionary(index: plain, values: Self(dictionary.pointee))
  }

  private init(format: String) {
    switch format {
    case "n": self = .null
    case "b": self = .bool
    case "c": self = .int(bytes: 1, signed: true)
    case "C": self = .int(bytes: 1, signed: false)
    case "s": self = .int(bytes: 2, signed: true)
    case "S": self = .int(bytes: 2, signed: false)
    case "i": self = .int(bytes: 4, signed: true)
    case "I": self = .int(bytes: 4, signed: false)
    case "l": self = .int(bytes: 8, signed: true)
    case "L": self = .int(bytes: 8, signed: false)
    case "f": self = .float
    case "g": self = .double
    case "u": self = .text32
    case "U": self = .text64
    case "vu": self = .textView
    case "tdD": self = .date32
    case "tdm": self = .date64
    default: self = Self.timestamp(format) ?? .other(format)
    }
  }

  /// `tsm:Europe/Berlin`: an instant whatever the zone, and UTC without one.
  private static func timestamp(_ format: String) -> ArrowType? {
    guard format.utf8.count >= 4, format.hasPrefix("ts"), format.dropFirst(3).hasPrefix(":") else {
      return nil
    }
    switch format.dropFirst(2).first {
    case "s": return .timestamp(.second)
    case "m": return .timestamp(.milli)
    case "u": return .timestamp(.micro)
    case "n": return .timestamp(.nano)
    default: return nil
    }
  }

  /// What its values are to a store; nil where they are nothing, and for nulls, which may be anything.
  var field: FieldType? {
    switch self {
    case .bool: .bool
    case .int: .int
    case .float, .double: .double
    case .text32, .text64, .textView: .string
    case .timestamp, .date32, .date64: .timestamp
    case .dictionary(_, let values): values.field
    case .null, .other: nil
    }
  }

  /// For messages.
  var name: String {
    switch self {
    case .dictionary(_, let values): "a dictionary of \(values.name)"
    case .other(let format): Self.names[format.prefix { $0 != ":" && $0 != "," }] ?? "'\(format)'"
    case .null: "null"
    default: field?.rawValue ?? "null"
    }
  }

  private static let names: [Substring: String] = [
    "e": "half float", "z": "binary", "Z": "binary", "vz": "binary", "w": "binary of a fixed size",
    "d": "decimal", "tts": "time of day", "ttm": "time of day", "ttu": "time of day",
    "ttn": "time of day", "tDs": "duration", "tDm": "duration", "tDu": "duration",
    "tDn": "duration", "tiM": "interval", "tiD": "interval", "tin": "interval", "+l": "list",
    "+L": "list", "+vl": "list", "+vL": "list", "+w": "list of a fixed size", "+s": "struct",
    "+m": "map", "+ud": "union", "+us": "union", "+r": "run-end encoded",
    "dictionary": "dictionary",
  ]

  /// The bytes of a value; 0 where values have no fixed number of bytes.
  var width: Int {
    switch self {
    case .int(let bytes, _): bytes
    case .float, .date32: 4
    case .double, .timestamp, .date64: 8
    default: 0
    }
  }
}
