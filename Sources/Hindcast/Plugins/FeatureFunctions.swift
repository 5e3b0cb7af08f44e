// The aggregate functions in Swift. Each says which properties it takes, so that the sum of a text does not
// compile, and is nothing but an `Aggregate` of the catalogue's function.
import FeatureModel

/// A function of the catalogue, still without windows.
public protocol FeatureFunction<Event> {
  associatedtype Event: Sendable
  var aggregate: Aggregate<Event> { get }
}

extension FeatureFunction {
  /// A feature for each window; a window is a whole number of slices.
  public func over(_ windows: Period...) -> Feature<Event> {
    aggregate.feature(over: windows)
  }
}

/// Any function of the catalogue by its name, with parameters by theirs; what it takes is checked when the view
/// is.
public struct Aggregate<Event: Sendable>: FeatureFunction {
  let function: String
  let name: FeatureName
  /// Nil counts rows.
  let input: FieldReference<Event>?
  let parameters: [(String, JSONValue)]

  public var aggregate: Aggregate<Event> { self }

  init(
    _ function: String, _ name: FeatureName, _ input: FieldReference<Event>?,
    _ parameters: [(String, JSONValue)] = []
  ) {
    self.function = function
    self.name = name
    self.input = input
    self.parameters = parameters
  }

  /// Of rows.
  public init(
    _ function: String, _ name: FeatureName, _ parameters: KeyValuePairs<String, JSONValue> = [:]
  ) { self.init(function, name, nil, Array(parameters)) }

  public init<Property: FieldValue>(
    _ function: String, _ name: FeatureName, of path: FieldPath<Event, Property>,
    _ parameters: KeyValuePairs<String, JSONValue> = [:]
  ) { self.init(function, name, .path(path), Array(parameters)) }

  public init<Property: FieldValue>(
    _ function: String, _ name: FeatureName, of field: Derived<Event, Property>,
    _ parameters: KeyValuePairs<String, JSONValue> = [:]
  ) { self.init(function, name, .name(field.name), Array(parameters)) }

  fileprivate func feature(over windows: [Period]) -> Feature<Event> {
    let (function, input, parameters) = (function, input, Members(list: parameters))
    return Feature(name.template, over: windows) { stream in
      let field: JSONValue = input.map { .string($0.name(in: stream)) } ?? true
      return [(function, field)] + parameters.list
    }
  }

  private struct Members: Sendable { let list: [(String, JSONValue)] }
}

/// How many events there are, or how many have a value in a property.
public struct Count<Event: Sendable>: FeatureFunction {
  public let aggregate: Aggregate<Event>

  public init(_ name: FeatureName) { aggregate = Aggregate("count", name, nil) }

  public init<Property: FieldValue>(
    _ name: FeatureName, of path: FieldPath<Event, Property>
  ) { aggregate = Aggregate("count", name, .path(path)) }

  public init<Property: FieldValue>(_ name: FeatureName, of field: Derived<Event, Property>) {
    aggregate = Aggregate("count", name, .name(field.name))
  }
}

/// How many events there are, or how many have a value in a property, each halved with every half-life of its
/// age; a half-life is a whole number of slices.
public struct DecayedCount<Event: Sendable>: FeatureFunction {
  public let aggregate: Aggregate<Event>

  public init(_ name: FeatureName, halfLife: Period) {
    aggregate = Aggregate("decayedCount", name, nil, Self.parameters(halfLife))
  }

  public init<Property: FieldValue>(
    _ name: FeatureName, of path: FieldPath<Event, Property>, halfLife: Period
  ) { aggregate = Aggregate("decayedCount", name, .path(path), Self.parameters(halfLife)) }

  public init<Property: FieldValue>(
    _ name: FeatureName, of field: Derived<Event, Property>, halfLife: Period
  ) { aggregate = Aggregate("decayedCount", name, .name(field.name), Self.parameters(halfLife)) }

  private static func parameters(_ halfLife: Period) -> [(String, JSONValue)] {
    [("halfLife", .string(halfLife.text))]
  }
}

/// How many different values there are: exact up to a bound, then by a HyperLogLog.
public struct Distinct<Event: Sendable>: FeatureFunction {
  public let aggregate: Aggregate<Event>

  public init<Property: FieldValue>(
    _ name: FeatureName, of path: FieldPath<Event, Property>, exactUpTo: Int? = nil,
    precision: Int? = nil
  ) {
    aggregate = Aggregate(
      "distinct", name, .path(path), Self.parameters(exactUpTo, precision))
  }

  public init<Property: FieldValue>(
    _ name: FeatureName, of field: Derived<Event, Property>, exactUpTo: Int? = nil,
    precision: Int? = nil
  ) {
    aggregate = Aggregate(
      "distinct", name, .name(field.name), Self.parameters(exactUpTo, precision))
  }

  private static func parameters(_ exactUpTo: Int?, _ precision: Int?) -> [(String, JSONValue)] {
    [("exactUpTo", exactUpTo), ("precision", precision)].compactMap { name, value in
      value.map { (name, .int(Int64($0))) }
    }
  }
}
