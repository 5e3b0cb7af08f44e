// `lastK`: the k last values of a field with their times.
import FeatureModel

/// A JSON list of pairs of time and value, the latest first, at a tie the greatest first. Null where there
/// are none.
public enum LastK: AggregateFunction {
  public static let signature = AggregateSignature(
    name: "lastK",
    summary: "JSON list of [time, value] of the k latest values, the latest first. Null if none.",
    accepts: Set(FieldType.allCases), parameters: [.k], result: { _ in .string })

  public static func plan(input: FieldType?, parameters: [String: Int64]) -> AggregatePlan {
    .kept(.greatest, byTime: true, of: field(input), parameters)
  }
}
