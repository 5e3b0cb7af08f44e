// `variance`: the sample variance from exact sums, rounded once.
import FeatureModel

/// The sample variance: the double nearest to (n·Σx² − (Σx)²) / (n·(n−1)), as Python's
/// `statistics.variance`. Never negative; null for fewer than two values, and where it is beyond the
/// finite doubles.
public enum Variance: AggregateFunction {
  public static let signature = AggregateSignature(
    name: "variance",
    summary: "Sample variance (n - 1), exact until one rounding; null for fewer than two values.",
    accepts: [.int, .double], result: { _ in .double })

  public static func plan(input: FieldType?, parameters: [String: Int64]) -> AggregatePlan {
    .variance(of: field(input)) { $0 }
  }
}

extension AggregatePlan {
  /// A function of the sample variance.
  static func variance(
    of type: FieldType, then transform: @escaping @Sendable (Double) -> Double
  ) -> AggregatePlan {
    AggregatePlan(partials: [.values, .sum(type), .squares(type)]) { accumulators in
      let (values, sums, squares) = (accumulators.sum(0), accumulators.sum(1), accumulators.sum(2))
      return {
        let variance = squares.running.sum.sampleVariance(
          count: values.count, sum: sums.running.sum)
        return variance.map { .finite(transform($0)) } ?? .null
      }
    }
  }
}
