// A view's filter in Swift: comparisons of properties with values, combined with && || and !. It becomes the
// text of a filter and is read as such, so that it means what a declaration file means by it, nulls included.
import FeatureModel

/// A condition on one event. A text stands for itself: `"parents < 2 and not is_bot"`.
public struct Condition<Event: Sendable>: Sendable, ExpressibleByStringLiteral {
  let text: @Sendable (EventStream<Event>) -> String

  init(_ text: @escaping @Sendable (EventStream<Event>) -> String) { self.text = text }

  public init(stringLiteral value: String) { text = { _ in value } }

  /// A bool property alone.
  public init(_ path: FieldPath<Event, Bool>) {
    self.init { FilterPrinter.name(FieldReference.path(path).name(in: $0)) }
  }

  /// A comparison in the words of the filters' language.
  init(_ field: FieldReference<Event>, _ comparison: Filter.Comparison, _ value: Value) {
    self.init { stream in
      let name = FilterPrinter.name(field.name(in: stream))
      switch (comparison, value) {
      case (.equal, .null): return "\(name) is null"
      case (.notEqual, .null): return "\(name) is not null"
      default: return "\(name) \(comparison.rawValue) \(FilterPrinter.literal(value))"
      }
    }
  }

  /// The property has one of some values.
  public static func isIn<Property: FieldValue>(
    _ path: FieldPath<Event, Property>, _ values: [Property]
  ) -> Condition {
    Condition { stream in
      let name = FilterPrinter.name(FieldReference.path(path).name(in: stream))
      let known = values.map(\.fieldValue).filter { $0 != .null }
      let list = "\(name) in (\(known.map(FilterPrinter.literal).joined(separator: ", ")))"
      if known.count == values.count { return list }
      return known.isEmpty ? "\(name) is null" : "(\(list) or \(name) is null)"
    }
  }

  /// A computed field, compared with a value.
  public static func compare<Property: FieldValue>(
    _ derived: Derived<Event, Property>, _ comparison: Filter.Comparison, _ value: Property
  ) -> Condition {
    Condition(.name(derived.name), comparison, value.fieldValue)
  }

  public static func && (left: Condition, right: Condition) -> Condition {
    Condition { "(\(left.text($0))) and (\(right.text($0)))" }
  }

  public static func || (left: Condition, right: Condition) -> Condition {
    Condition { "(\(left.text($0))) or (\(right.text($0)))" }
  }

  public static prefix func ! (condition: Condition) -> Condition {
    Condition { "not (\(condition.text($0)))" }
  }
}

/// The bool property is false.
public prefix func ! <Event>(path: FieldPath<Event, Bool>) -> Condition<Event> {
  !Condition(path)
}

public func == <Event, Property: FieldValue & Equatable>(
  path: FieldPath<Event, Property>, value: Property
) -> Condition<Event> { Condition(.path(path), .equal, value.fieldValue) }

public func != <Event, Property: FieldValue & Equatable>(
  path: FieldPath<Event, Property>, value: Property
) -> Condition<Event> { Condition(.path(path), .notEqual, value.fieldValue) }

/// With nil: the property is null.
public func == <Event, Property: FieldValue & Equatable>(
  path: FieldPath<Event, Property?>, value: Property?
) -> Condition<Event> { Condition(.path(path), .equal, value.fieldValue) }

/// With nil: the property is not null.
public func != <Event, Property: FieldValue & Equatable>(
  path: FieldPath<Event, Property?>, value: Property?
) -> Condition<Event> { Condition(.path(path), .notEqual, value.fieldValue) }

public func < <Event, Property: FieldValue & Comparable>(
  path: FieldPath<Event, Property>, value: Property
) -> Condition<Event> { Condition(.path(path), .less, value.fieldValue) }

public func <= <Event, Property: FieldValue & Comparable>(
  path: FieldPath<Event, Property>, value: Property
) -> Condition<Event> { Condition(.path(path), .lessOrEqual, value.fieldValue) }

public func > <Event, Property: FieldValue & Comparable>(
  path: FieldPath<Event, Property>, value: Property
) -> Condition<Event> { Condition(.path(path), .greater, value.fieldValue) }

public func >= <Event, Property: FieldValue & Comparable>(
  path: FieldPath<Event, Property>, value: Property
) -> Condition<Event> { Condition(.path(path), .greaterOrEqual, value.fieldValue) }

public func < <Event, Property: FieldValue & Comparable>(
  path: FieldPath<Event, Property?>, value: Property
) -> Condition<Event> { Condition(.path(path), .less, value.fieldValue) }

public func <= <Event, Property: FieldValue & Comparable>(
  path: FieldPath<Event, Property?>, value: Property
) -> Condition<Event> { Condition(.path(path), .lessOrEqual, value.fieldValue) }

public func > <Event, Property: FieldValue & Comparable>(
  path: FieldPath<Event, Property?>, value: Property
) -> Condition<Event> { Condition(.path(path), .greater, value.fieldValue) }

public func >= <Event, Property: FieldValue & Comparable>(
  path: FieldPath<Event, Property?>, value: Property
) -> Condition<Event> { Condition(.path(path), .greaterOrEqual, value.fieldValue) }
