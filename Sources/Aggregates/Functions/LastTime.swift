// `lastTime` and `sinceLast`: when the last event of a window happened, and how long that was ago.
import FeatureModel

/// The time of the latest event, or of the latest one in which a field has a value. Null where there is none.
public enum LastTime: AggregateFunction {
  public static let signature = AggregateSignature(
    name: "lastTime",
    summary: "Time of the latest event (true) or of the latest with a value; null if none.",
    accepts: Set(FieldType.allCases), acceptsRows: true, result: { _ in .timestamp })

  public static func plan(input: FieldType?, parameters: [String: Int64]) -> AggregatePlan {
    .edgeTime(.greatest, of: input)
  }
}

/// Milliseconds from `lastTime` to the start of the request's slice: a function of entity and slice, never
/// of the instant within it. Below 0 only for `fresh` requests, which see events of the slice itself. Null
/// where there is no event.
public enum SinceLast: AggregateFunction {
  public static let signature = AggregateSignature(
    name: "sinceLast",
    summary: "Milliseconds from lastTime to the start of the request's slice; null if none.",
    accepts: Set(FieldType.allCases), acceptsRows: true, result: { _ in .int })

  public static func plan(input: FieldType?, parameters: [String: Int64]) -> AggregatePlan {
    .age(.greatest, of: input)
  }
}
