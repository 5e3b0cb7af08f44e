// `mean`: the sum, rounded once, divided by the count.
import FeatureModel

/// The arithmetic mean: the double nearest to the exact sum, divided by the number of values (as Python's
/// `statistics.fmean`). Where that sum is beyond the doubles, the double nearest to the exact quotient.
/// Null where there are no values.
public enum Mean: AggregateFunction {
  public static let signature = AggregateSignature(
    name: "mean",
    summary: "Exact sum of the non-null values, rounded once, over their number; null if none.",
    accepts: [.int, .double], categorized: [.int, .double], result: { _ in .double })

  public static func plan(input: FieldType?, parameters: [String: Int64]) -> AggregatePlan {
    AggregatePlan(partials: [.values, .sum(field(input))]) { accumulators in
      let (values, sums) = (accumulators.sum(0), accumulators.sum(1))
      return { sums.running.sum.mean(of: values.count) }
    }
  }
}
