// `largestK`: the k greatest values of a field.
import FeatureModel

/// A JSON list of values, the greatest in the order of `max` first; equal values stand side by side. Null
/// where there are none.
public enum LargestK: AggregateFunction {
  public static let signature = AggregateSignature(
    name: "largestK",
    summary: "JSON list of the k greatest non-null values, the greatest first. Null if none.",
    accepts: Set(FieldType.allCases), parameters: [.k], result: { _ in .string })

  public static func plan(input: FieldType?, parameters: [String: Int64]) -> AggregatePlan {
    .kept(.greatest, byTime: false, of: field(input), parameters)
  }
}
