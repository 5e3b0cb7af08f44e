// What a declaration can name: `sum`, `mean`, `distinct`. A function says which partials it stands on and
// how their merged values become the feature's value. Functions share partials: mean and sum over one
// field store one sum. One file per function; `AggregateCatalog` lists them.
import FeatureModel

/// An aggregate function of the catalogue.
public protocol AggregateFunction: Sendable {
  static var signature: AggregateSignature { get }

  /// What it needs for a field of type `input` (nil: rows), with all parameters filled in.
  static func plan(input: FieldType?, parameters: [String: Int64]) -> AggregatePlan

  /// The same by category, for at most `limit` of them; nil where that cannot be had.
  static func categorized(
    input: FieldType?, limit: Int, parameters: [String: Int64]
  ) -> AggregatePlan?
}

extension AggregateFunction {
  public static func categorized(
    input: FieldType?, limit: Int, parameters: [String: Int64]
  ) -> AggregatePlan? { nil }
}

/// The partials of one aggregation, and the step from them to the value.
public struct AggregatePlan: Sendable {
  public let partials: [PartialSpec]
  /// Of a function that weighs entries by their age: makes the accumulators that read the stored columns of
  /// `partials`, in their order, for the slices of a view. They are given entries one by one and store nothing.
  /// Nil where the accumulators of `partials` read their own columns, in runs.
  public let weighing: Weighing?
  /// Binds the step to accumulators of `partials`, in their order: what it returns gives the value that
  /// they stand at, whenever it is called. Types are looked at here, once, and not for each value.
  public let reading: @Sendable (_ accumulators: [Accumulator]) -> Reading

  /// Gives the value of an aggregation now.
  public typealias Reading = () -> Value

  /// Finds out for a view's slices what all its readers need, once.
  public typealias Weighing = @Sendable (SliceLength) -> @Sendable () -> [Accumulator]

  public init(
    partials: [PartialSpec], weighing: Weighing? = nil,
    reading: @escaping @Sendable (_ accumulators: [Accumulator]) -> Reading
  ) {
    self.partials = partials
    self.weighing = weighing
    self.reading = reading
  }
}

/// What one partial takes in and where it is stored.
public struct PartialSpec: Sendable {
  /// Equal identities over the same field share one stored column: `sum(double)`.
  public let identity: String
  public let slot: Slot
  public let width: Width
  /// True where the event time matters to the partial; other views need not carry it.
  public let usesTime: Bool
  public let make: @Sendable () -> Accumulator

  /// What `absorb` is given for an event.
  public enum Slot: Hashable, Sendable {
    /// Called for every event; the word is 0.
    case rows
    /// The field's word as in `EventColumn.words`.
    case word
    /// The 64-bit hash of the field's value (`DistinctSet.hash`).
    case hash
    /// The field's bytes.
    case text
  }

  /// Narrow partials share a block; wide ones have blocks of their own, so that a count never pays for
  /// a sketch.
  public enum Width: Hashable, Sendable { case narrow, wide }

  public init(
    identity: String, slot: Slot, width: Width, usesTime: Bool = false,
    make: @escaping @Sendable () -> Accumulator
  ) {
    self.identity = identity
    self.slot = slot
    self.width = width
    self.usesTime = usesTime
    self.make = make
  }
}
