// `first`: the first non-null value of a field of any type by event time.
import FeatureModel

/// The value with the earliest event time; of several at that instant the least, in the order of `min` and
/// `max`. Null where there are no values.
public enum First: AggregateFunction {
  public static let signature = AggregateSignature(
    name: "first",
    summary: "The non-null value with the earliest event time, at a tie the least. Null if none.",
    accepts: Set(FieldType.allCases), result: { $0 ?? .int })

  public static func plan(input: FieldType?, parameters: [String: Int64]) -> AggregatePlan {
    .edge(.least, of: field(input))
  }
}
