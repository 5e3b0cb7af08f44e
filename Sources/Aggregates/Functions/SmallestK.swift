// `smallestK`: the k least values of a field.
import FeatureModel

/// A JSON list of values in the order of `min`, the least first; equal values stand side by side. Null where
/// there are none.
public enum SmallestK: AggregateFunction {
  public static let signature = AggregateSignature(
    name: "smallestK",
    summary: "JSON list of the k least non-null values, the least first. Null if none.",
    accepts: Set(FieldType.allCases), parameters: [.k], result: { _ in .string })

  public static func plan(input: FieldType?, parameters: [String: Int64]) -> AggregatePlan {
    .kept(.least, byTime: false, of: field(input), parameters)
  }
}
