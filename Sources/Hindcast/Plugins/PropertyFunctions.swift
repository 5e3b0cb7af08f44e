// The functions of one property without parameters: four of numbers, four of any property.
import FeatureModel

/// The exact sum.
public struct Sum<Event: Sendable>: FeatureFunction {
  public let aggregate: Aggregate<Event>

  public init<Property: NumberFieldValue>(
    _ name: FeatureName, of path: FieldPath<Event, Property>
  ) { aggregate = Aggregate("sum", name, .path(path)) }

  public init<Property: NumberFieldValue>(_ name: FeatureName, of field: Derived<Event, Property>) {
    aggregate = Aggregate("sum", name, .name(field.name))
  }
}

/// The mean: the exact sum over the count.
public struct Mean<Event: Sendable>: FeatureFunction {
  public let aggregate: Aggregate<Event>

  public init<Property: NumberFieldValue>(
    _ name: FeatureName, of path: FieldPath<Event, Property>
  ) { aggregate = Aggregate("mean", name, .path(path)) }

  public init<Property: NumberFieldValue>(_ name: FeatureName, of field: Derived<Event, Property>) {
    aggregate = Aggregate("mean", name, .name(field.name))
  }
}

/// The sample variance, rounded once.
public struct Variance<Event: Sendable>: FeatureFunction {
  public let aggregate: Aggregate<Event>

  public init<Property: NumberFieldValue>(
    _ name: FeatureName, of path: FieldPath<Event, Property>
  ) { aggregate = Aggregate("variance", name, .path(path)) }

  public init<Property: NumberFieldValue>(_ name: FeatureName, of field: Derived<Event, Property>) {
    aggregate = Aggregate("variance", name, .name(field.name))
  }
}

/// The sample standard deviation.
public struct Stddev<Event: Sendable>: FeatureFunction {
  public let aggregate: Aggregate<Event>

  public init<Property: NumberFieldValue>(
    _ name: FeatureName, of path: FieldPath<Event, Property>
  ) { aggregate = Aggregate("stddev", name, .path(path)) }

  public init<Property: NumberFieldValue>(_ name: FeatureName, of field: Derived<Event, Property>) {
    aggregate = Aggregate("stddev", name, .name(field.name))
  }
}

/// The least value; texts by the bytes of their UTF-8.
public struct Min<Event: Sendable>: FeatureFunction {
  public let aggregate: Aggregate<Event>

  public init<Property: FieldValue>(
    _ name: FeatureName, of path: FieldPath<Event, Property>
  ) { aggregate = Aggregate("min", name, .path(path)) }

  public init<Property: FieldValue>(_ name: FeatureName, of field: Derived<Event, Property>) {
    aggregate = Aggregate("min", name, .name(field.name))
  }
}

/// The greatest value.
public struct Max<Event: Sendable>: FeatureFunction {
  public let aggregate: Aggregate<Event>

  public init<Property: FieldValue>(
    _ name: FeatureName, of path: FieldPath<Event, Property>
  ) { aggregate = Aggregate("max", name, .path(path)) }

  public init<Property: FieldValue>(_ name: FeatureName, of field: Derived<Event, Property>) {
    aggregate = Aggregate("max", name, .name(field.name))
  }
}

/// The value of the earliest event.
public struct First<Event: Sendable>: FeatureFunction {
  public let aggregate: Aggregate<Event>

  public init<Property: FieldValue>(
    _ name: FeatureName, of path: FieldPath<Event, Property>
  ) { aggregate = Aggregate("first", name, .path(path)) }

  public init<Property: FieldValue>(_ name: FeatureName, of field: Derived<Event, Property>) {
    aggregate = Aggregate("first", name, .name(field.name))
  }
}

/// The value of the latest event.
public struct Last<Event: Sendable>: FeatureFunction {
  public let aggregate: Aggregate<Event>

  public init<Property: FieldValue>(
    _ name: FeatureName, of path: FieldPath<Event, Property>
  ) { aggregate = Aggregate("last", name, .path(path)) }

  public init<Property: FieldValue>(_ name: FeatureName, of field: Derived<Event, Property>) {
    aggregate = Aggregate("last", name, .name(field.name))
  }
}
