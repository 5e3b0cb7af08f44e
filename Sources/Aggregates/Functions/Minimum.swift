// `min`: the least non-null value of a field of any type.
import FeatureModel

/// The least value; doubles in their total order (-0.0 below 0.0), false below true, strings by the bytes of
/// their UTF-8. Null where there are no values.
public enum Minimum: AggregateFunction {
  public static let signature = AggregateSignature(
    name: "min",
    summary: "The least non-null value; strings compare by the bytes of their UTF-8. Null if none.",
    accepts: Set(FieldType.allCases), categorized: [.int, .double, .bool, .timestamp],
    result: { $0 ?? .int })

  public static func plan(input: FieldType?, parameters: [String: Int64]) -> AggregatePlan {
    .extremum(.least, of: field(input))
  }
}
