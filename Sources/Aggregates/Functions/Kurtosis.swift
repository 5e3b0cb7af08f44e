// `kurtosis`: the sample excess kurtosis from exact sums of powers, rounded once.
import FeatureModel

/// The sample excess kurtosis G₂, as pandas' `kurt()`: the double nearest to its exact value. Null for fewer
/// than four values; 0 where all are equal.
public enum Kurtosis: AggregateFunction {
  public static let signature = AggregateSignature(
    name: "kurtosis",
    summary: "Sample excess kurtosis, exact until one rounding; null for fewer than four values.",
    accepts: [.int, .double], result: { _ in .double })

  public static func plan(input: FieldType?, parameters: [String: Int64]) -> AggregatePlan {
    AggregatePlan(partials: [.powers(field(input))]) { accumulators in
      let powers = accumulators.partial(0, PowerSums.self)
      return { powers.running.kurtosis.map { .finite($0) } ?? .null }
    }
  }
}
