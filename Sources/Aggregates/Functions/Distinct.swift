// `distinct`: how many different values, exact up to a bound, then a HyperLogLog estimate.
import FeatureModel

/// The number of distinct non-null values, as distinct 64-bit hashes: exact while there are at most
/// `exactUpTo`, then estimated with a standard error of 1.04 / √(2^precision). Null where there are none.
public enum Distinct: AggregateFunction {
  public static let signature = AggregateSignature(
    name: "distinct",
    summary:
      "Number of distinct non-null values: of distinct 64-bit hashes up to exactUpTo, then a "
      + "HyperLogLog estimate of 2^precision registers. Null if none.",
    accepts: Set(FieldType.allCases),
    parameters: [
      .init(name: "exactUpTo", range: 0...65_536, defaultValue: 256),
      .init(name: "precision", range: 4...16, defaultValue: 12),
    ], result: { _ in .int })

  public static func plan(input: FieldType?, parameters: [String: Int64]) -> AggregatePlan {
    let exactUpTo = parameters["exactUpTo"] ?? 256
    let precision = parameters["precision"] ?? 12
    let type = field(input)
    let neutral = DistinctSet(exactUpTo: Int(exactUpTo), precision: Int(precision))
    let spec = PartialSpec(
      identity: "distinct(\(type.rawValue),\(exactUpTo),\(precision))", slot: .hash, width: .wide
    ) { PartialAccumulator(neutral) }
    return AggregatePlan(partials: [spec]) { accumulators in
      let set = accumulators.partial(0, DistinctSet.self)
      return {
        let count = set.running.count
        return count == 0 ? .null : .int(count)
      }
    }
  }
}
