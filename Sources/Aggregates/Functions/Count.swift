// `count`: how many events, or how many non-null values of a field.
import FeatureModel

/// The number of rows or of non-null values; 0 where there are none.
public enum Count: AggregateFunction {
  public static let signature = AggregateSignature(
    name: "count",
    summary: "Number of events (true) or of non-null values of a field; 0 for an empty window.",
    accepts: Set(FieldType.allCases), acceptsRows: true,
    categorized: Set(FieldType.allCases), result: { _ in .int })

  public static func plan(input: FieldType?, parameters: [String: Int64]) -> AggregatePlan {
    AggregatePlan(partials: [input == nil ? .rows : .values]) { accumulators in
      let count = accumulators.sum(0)
      return { .int(count.count) }
    }
  }
}
