// What a stored property of an engineer's own event type can be, so that it is a field of a stream: the types
// of fields, whole numbers of fewer bits, optionals of these (null), and enums with such raw values.
import FeatureModel

/// A property of an event, as `\.sender` names it.
public typealias FieldPath<Event, Property> = any KeyPath<Event, Property> & Sendable

/// A type of property that a stream's field can hold. For an enum with raw values, `extension Kind:
/// KeyFieldValue {}` is enough.
public protocol FieldValue: Sendable {
  static var fieldType: FieldType { get }
  /// Of the field's type, or null.
  var fieldValue: Value { get }
  /// Nil where the value is null, or outside of what the type can hold.
  init?(fieldValue: Value)
}

/// What can be summed: whole numbers and doubles.
public protocol NumberFieldValue: FieldValue {}

/// What can be a part of an entity's key: everything but doubles, because a key needs exact values.
public protocol KeyFieldValue: FieldValue {}

extension FieldValue where Self: FixedWidthInteger {
  public static var fieldType: FieldType { .int }
  public var fieldValue: Value { .int(Int64(self)) }
  public init?(fieldValue: Value) {
    guard case .int(let number) = fieldValue, let own = Self(exactly: number) else { return nil }
    self = own
  }
}

// All whose values fit an int field; a UInt or UInt64 need not.
extension Int: NumberFieldValue, KeyFieldValue {}
extension Int64: NumberFieldValue, KeyFieldValue {}
extension Int32: NumberFieldValue, KeyFieldValue {}
extension Int16: NumberFieldValue, KeyFieldValue {}
extension Int8: NumberFieldValue, KeyFieldValue {}
extension UInt32: NumberFieldValue, KeyFieldValue {}
extension UInt16: NumberFieldValue, KeyFieldValue {}
extension UInt8: NumberFieldValue, KeyFieldValue {}

extension Double: NumberFieldValue {
  public static var fieldType: FieldType { .double }
  public var fieldValue: Value { .double(self) }
  public init?(fieldValue: Value) {
    switch fieldValue {
    case .double(let number): self = number
    case .int(let number): self = Double(number)
    default: return nil
    }
  }
}

extension String: KeyFieldValue {
  public static var fieldType: FieldType { .string }
  public var fieldValue: Value { .string(self) }
  public init?(fieldValue: Value) {
    guard case .string(let text) = fieldValue else { return nil }
    self = text
  }
}

extension Bool: KeyFieldValue {
  public static var fieldType: FieldType { .bool }
  public var fieldValue: Value { .bool(self) }
  public init?(fieldValue: Value) {
    guard case .bool(let truth) = fieldValue else { return nil }
    self = truth
  }
}

extension Timestamp: KeyFieldValue {
  public static var fieldType: FieldType { .timestamp }
  public var fieldValue: Value { .timestamp(self) }
  public init?(fieldValue: Value) {
    guard case .timestamp(let time) = fieldValue else { return nil }
    self = time
  }
}

extension Optional: FieldValue where Wrapped: FieldValue {
  public static var fieldType: FieldType { Wrapped.fieldType }
  public var fieldValue: Value { self?.fieldValue ?? .null }
  public init?(fieldValue: Value) {
    if fieldValue == .null {
      self = .none
    } else {
      guard let value = Wrapped(fieldValue: fieldValue) else { return nil }
      self = .some(value)
    }
  }
}

extension Optional: NumberFieldValue where Wrapped: NumberFieldValue {}
extension Optional: KeyFieldValue where Wrapped: KeyFieldValue {}

extension FieldValue where Self: RawRepresentable, RawValue: FieldValue {
  public static var fieldType: FieldType { RawValue.fieldType }
  public var fieldValue: Value { rawValue.fieldValue }
  public init?(fieldValue: Value) {
    guard let raw = RawValue(fieldValue: fieldValue) else { return nil }
    self.init(rawValue: raw)
  }
}
