// `sum`: the exact sum, rounded once for doubles.
import FeatureModel

/// The sum of a field: of ints exact, or null where it is outside of Int64; of doubles the double nearest
/// to the exact sum, or null where that is beyond the finite doubles. 0 where there are no values.
public enum Sum: AggregateFunction {
  public static let signature = AggregateSignature(
    name: "sum",
    summary: "Exact sum of the non-null values, for doubles rounded once; 0 for an empty window.",
    accepts: [.int, .double], categorized: [.int, .double], result: { $0 ?? .int })

  public static func plan(input: FieldType?, parameters: [String: Int64]) -> AggregatePlan {
    let type = field(input)
    return AggregatePlan(partials: [.sum(type)]) { accumulators in
      let sum = accumulators.sum(0)
      return { sum.running.sum.value(type) }
    }
  }
}
