// `stddev`: the square root of `variance`.
import FeatureModel

/// The sample standard deviation: the square root of the rounded sample variance, rounded again; null for
/// fewer than two values.
public enum Stddev: AggregateFunction {
  public static let signature = AggregateSignature(
    name: "stddev",
    summary: "Sample standard deviation, the root of variance; null for fewer than two values.",
    accepts: [.int, .double], result: { _ in .double })

  public static func plan(input: FieldType?, parameters: [String: Int64]) -> AggregatePlan {
    .variance(of: field(input)) { $0.squareRoot() }
  }
}
