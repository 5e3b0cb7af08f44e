// `countTrue` and `trueRatio`: a bool field as a count and as a share.
import FeatureModel

/// The number of events in which a bool field is true; 0 where there are none.
public enum CountTrue: AggregateFunction {
  public static let signature = AggregateSignature(
    name: "countTrue", summary: "Number of events in which a bool field is true; 0 if none.",
    accepts: [.bool], result: { _ in .int })

  public static func plan(input: FieldType?, parameters: [String: Int64]) -> AggregatePlan {
    AggregatePlan(partials: [.trues]) { accumulators in
      let trues = accumulators.sum(0)
      return { .int(trues.count) }
    }
  }
}

/// The share of true among the non-null values of a bool field; null where there are none.
public enum TrueRatio: AggregateFunction {
  public static let signature = AggregateSignature(
    name: "trueRatio",
    summary: "Share of true among the non-null values of a bool field, 0 to 1; null if none.",
    accepts: [.bool], result: { _ in .double })

  public static func plan(input: FieldType?, parameters: [String: Int64]) -> AggregatePlan {
    AggregatePlan(partials: [.values, .trues]) { accumulators in
      let (values, trues) = (accumulators.sum(0), accumulators.sum(1))
      return {
        let count = values.count
        return count > 0 ? .double(Double(trues.count) / Double(count)) : .null
      }
    }
  }
}
