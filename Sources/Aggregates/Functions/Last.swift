// `last`: the last non-null value of a field of any type by event time.
import FeatureModel

/// The value with the latest event time; of several at that instant the greatest, in the order of `min` and
/// `max`. Null where there are no values.
public enum Last: AggregateFunction {
  public static let signature = AggregateSignature(
    name: "last",
    summary: "The non-null value with the latest event time, at a tie the greatest. Null if none.",
    accepts: Set(FieldType.allCases), result: { $0 ?? .int })

  public static func plan(input: FieldType?, parameters: [String: Int64]) -> AggregatePlan {
    .edge(.greatest, of: field(input))
  }
}
