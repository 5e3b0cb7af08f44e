// `firstK`: the k first values of a field with their times.
import FeatureModel

/// A JSON list of pairs of time and value, the earliest first, at a tie the least first. Null where there
/// are none.
public enum FirstK: AggregateFunction {
  public static let signature = AggregateSignature(
    name: "firstK",
    summary:
      "JSON list of [time, value] of the k earliest values, the earliest first. Null if none.",
    accepts: Set(FieldType.allCases), parameters: [.k], result: { _ in .string })

  public static func plan(input: FieldType?, parameters: [String: Int64]) -> AggregatePlan {
    .kept(.least, byTime: true, of: field(input), parameters)
  }
}
