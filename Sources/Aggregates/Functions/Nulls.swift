// `nullCount` and `nullRatio`: events without a value, from the count of rows and that of values.
import FeatureModel

/// The number of events in which a field is null; 0 where there are no events.
public enum NullCount: AggregateFunction {
  public static let signature = AggregateSignature(
    name: "nullCount", summary: "Number of events in which the field is null; 0 if none.",
    accepts: Set(FieldType.allCases), result: { _ in .int })

  public static func plan(input: FieldType?, parameters: [String: Int64]) -> AggregatePlan {
    AggregatePlan(partials: [.rows, .values]) { accumulators in
      let (rows, values) = (accumulators.sum(0), accumulators.sum(1))
      return { .int(rows.count - values.count) }
    }
  }
}

/// The share of events in which a field is null; null where there are no events.
public enum NullRatio: AggregateFunction {
  public static let signature = AggregateSignature(
    name: "nullRatio",
    summary: "Share of the events in which the field is null, 0 to 1; null if there are no events.",
    accepts: Set(FieldType.allCases), result: { _ in .double })

  public static func plan(input: FieldType?, parameters: [String: Int64]) -> AggregatePlan {
    AggregatePlan(partials: [.rows, .values]) { accumulators in
      let (rows, values) = (accumulators.sum(0), accumulators.sum(1))
      return {
        let count = rows.count
        return count > 0 ? .double(Double(count - values.count) / Double(count)) : .null
      }
    }
  }
}
