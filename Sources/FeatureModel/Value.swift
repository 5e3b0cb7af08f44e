// The types a stream's field can have, and one value of such a type. A feature's value has the same types.

/// The type of a stream's field or of a feature.
public enum FieldType: String, Hashable, Sendable, CaseIterable {
  case int, double, string, bool, timestamp
}

/// One value of a field or feature; `null` is "unknown", never zero.
public enum Value: Hashable, Sendable {
  case null
  case int(Int64)
  case double(Double)
  case string(String)
  case bool(Bool)
  case timestamp(Timestamp)
}

extension Value {
  /// Texts are equal where their UTF-8 is, as everywhere in what is computed and stored; Swift's own comparison
  /// takes two spellings of a letter for one.
  public static func == (left: Self, right: Self) -> Bool {
    switch (left, right) {
    case (.null, .null): true
    case (.int(let left), .int(let right)): left == right
    case (.double(let left), .double(let right)): left == right
    case (.string(let left), .string(let right)): left.utf8.elementsEqual(right.utf8)
    case (.bool(let left), .bool(let right)): left == right
    case (.timestamp(let left), .timestamp(let right)): left == right
    default: false
    }
  }

  public func hash(into hasher: inout Hasher) {
    switch self {
    case .null: hasher.combine(0)
    case .int(let value): hasher.combine(value)
    case .double(let value): hasher.combine(value)
    case .string(let value): for byte in value.utf8 { hasher.combine(byte) }
    case .bool(let value): hasher.combine(value)
    case .timestamp(let value): hasher.combine(value)
    }
  }
}

extension Value: CustomStringConvertible {
  /// Null is empty; doubles are the shortest text that reads back to the same bits.
  public var description: String {
    switch self {
    case .null: ""
    case .int(let value): String(value)
    case .double(let value): value.description
    case .string(let value): value
    case .bool(let value): String(value)
    case .timestamp(let value): value.description
    }
  }
}
