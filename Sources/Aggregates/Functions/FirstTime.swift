// `firstTime` and `sinceFirst`: when the first event of a window happened, and how long that was ago.
import FeatureModel

/// The time of the earliest event, or of the earliest one in which a field has a value. Null where there is
/// none.
public enum FirstTime: AggregateFunction {
  public static let signature = AggregateSignature(
    name: "firstTime",
    summary: "Time of the earliest event (true) or of the earliest with a value; null if none.",
    accepts: Set(FieldType.allCases), acceptsRows: true, result: { _ in .timestamp })

  public static func plan(input: FieldType?, parameters: [String: Int64]) -> AggregatePlan {
    .edgeTime(.least, of: input)
  }
}

/// Milliseconds from `firstTime` to the start of the request's slice: a function of entity and slice, never
/// of the instant within it. Below 0 only for `fresh` requests, which see events of the slice itself. Null
/// where there is no event.
public enum SinceFirst: AggregateFunction {
  public static let signature = AggregateSignature(
    name: "sinceFirst",
    summary: "Milliseconds from firstTime to the start of the request's slice; null if none.",
    accepts: Set(FieldType.allCases), acceptsRows: true, result: { _ in .int })

  public static func plan(input: FieldType?, parameters: [String: Int64]) -> AggregatePlan {
    .age(.least, of: input)
  }
}
