// `skew`: the sample skewness from exact sums of powers, rounded once.
import FeatureModel

/// The sample skewness G₁, as pandas' `skew()`: the double nearest to its exact value. Null for fewer than
/// three values; 0 where all are equal.
public enum Skew: AggregateFunction {
  public static let signature = AggregateSignature(
    name: "skew",
    summary: "Sample skewness, exact until one rounding; null for fewer than three values.",
    accepts: [.int, .double], result: { _ in .double })

  public static func plan(input: FieldType?, parameters: [String: Int64]) -> AggregatePlan {
    AggregatePlan(partials: [.powers(field(input))]) { accumulators in
      let powers = accumulators.partial(0, PowerSums.self)
      return { powers.running.skewness.map { .finite($0) } ?? .null }
    }
  }
}
