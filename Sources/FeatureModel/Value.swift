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
