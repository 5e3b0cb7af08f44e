// `distinct` and `distinctRatio`: how many different values, exact up to a bound, then a HyperLogLog estimate.
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
    parameters: [.exactUpTo, .precision], result: { _ in .int })

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

/// The number of distinct values over the number of values: 1 where none repeats. Exact up to `exactUpTo`
/// distinct values, then with the error of `distinct`, at most 1. Null where there are no values.
public enum DistinctRatio: AggregateFunction {
  public static let signature = AggregateSignature(
    name: "distinctRatio",
    summary: "Distinct non-null values, counted as by distinct, over all of them. Null if none.",
    accepts: Set(FieldType.allCases), parameters: [.exactUpTo, .precision],
    result: { _ in .double })

  public static func plan(input: FieldType?, parameters: [String: Int64]) -> AggregatePlan {
    let exactUpTo = parameters["exactUpTo"] ?? 256
    let precision = parameters["precision"] ?? 12
    let neutral = CountedSet(exactUpTo: Int(exactUpTo), precision: Int(precision))
    let type = field(input)
    let spec = PartialSpec(
      identity: "distinctOfAll(\(type.rawValue),\(exactUpTo),\(precision))", slot: .hash,
      width: .wide
    ) { PartialAccumulator(neutral) }
    return AggregatePlan(partials: [spec]) { accumulators in
      let set = accumulators.partial(0, CountedSet.self)
      return { set.running.ratio.map { .double($0) } ?? .null }
    }
  }
}

extension AggregateSignature.Parameter {
  /// Up to how many distinct values a count is exact.
  static let exactUpTo = AggregateSignature.Parameter(
    name: "exactUpTo", range: 0...65_536, defaultValue: 256)
  /// Beyond that, 2^precision registers.
  static let precision = AggregateSignature.Parameter(
    name: "precision", range: 4...16, defaultValue: 12)
}
