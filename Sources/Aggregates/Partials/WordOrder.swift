// Words of any type as Int64s that compare as the values do, so that one partial and one codec serve int,
// timestamp, bool and double. Doubles are in their total order: -0.0 lies just below 0.0.
import FeatureModel

/// How a field's words map to ordered Int64s and back; the mapping is its own inverse.
public enum WordOrder: UInt8, Sendable {
  /// The word is an Int64: int, timestamp, bool.
  case whole
  /// The word is a Double's bits.
  case double

  /// The order of a field's words; strings have none.
  public init(_ type: FieldType) { self = type == .double ? .double : .whole }

  /// The ordered number for a word.
  @inline(__always)
  public func ordered(_ word: UInt64) -> Int64 {
    let bits = Int64(bitPattern: word)
    return self == .double ? bits ^ ((bits >> 63) & .max) : bits
  }

  /// The value for an ordered number; null where the type has no such value.
  public static func value(_ ordered: Int64, _ type: FieldType) -> Value {
    switch type {
    case .int: .int(ordered)
    case .bool: .bool(ordered != 0)
    case .timestamp: Timestamp(milliseconds: ordered).map { .timestamp($0) } ?? .null
    case .double:
      .double(Double(bitPattern: UInt64(bitPattern: ordered ^ ((ordered >> 63) & .max))))
    case .string: .null
    }
  }
}
