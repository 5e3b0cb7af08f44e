// `quantile` and `median`: a value of some rank, within a declared relative error, from buckets that grow with
// the values (DDSketch). All quantiles of a field at one error share their buckets.
import FeatureModel

/// The value of rank ⌊(n − 1) · permille / 1000⌋, counted from 0 in ascending order, within a relative error
/// of `errorPermille` thousandths as long as at most `maxBuckets` buckets are occupied; beyond that every
/// joining of buckets about doubles the error. Null where there are no values.
public enum Quantile: AggregateFunction {
  public static let signature = AggregateSignature(
    name: "quantile",
    summary:
      "The value below which permille thousandths of the non-null values lie, within a relative "
      + "error of errorPermille thousandths. Null if none.",
    accepts: [.int, .double],
    parameters: [
      .init(name: "permille", range: 0...1000, defaultValue: 500), .errorPermille, .maxBuckets,
    ], result: { _ in .double })

  public static func plan(input: FieldType?, parameters: [String: Int64]) -> AggregatePlan {
    .quantile(parameters["permille"] ?? 500, of: field(input), parameters)
  }
}

/// The quantile of 500 thousandths: of an even number of values the lower of the two in the middle.
public enum Median: AggregateFunction {
  public static let signature = AggregateSignature(
    name: "median",
    summary:
      "The middle value, within a relative error of errorPermille thousandths. Null if none.",
    accepts: [.int, .double], parameters: [.errorPermille, .maxBuckets], result: { _ in .double })

  public static func plan(input: FieldType?, parameters: [String: Int64]) -> AggregatePlan {
    .quantile(500, of: field(input), parameters)
  }
}

extension AggregateSignature.Parameter {
  /// The relative error of a quantile in thousandths.
  static let errorPermille = AggregateSignature.Parameter(
    name: "errorPermille", range: 1...333, defaultValue: 10)
  /// How many buckets a quantile may occupy.
  static let maxBuckets = AggregateSignature.Parameter(
    name: "maxBuckets", range: 64...65_536, defaultValue: 2048)
}

extension AggregatePlan {
  static func quantile(
    _ permille: Int64, of type: FieldType, _ parameters: [String: Int64]
  ) -> AggregatePlan {
    let error = parameters["errorPermille"] ?? 10
    let limit = parameters["maxBuckets"] ?? 2048
    let parts = BucketScheme.parts(errorPermille: error)
    let scheme = BucketScheme.powers(parts: parts, isDouble: type == .double)
    let neutral = BucketCounts(scheme, limit: Int(limit))
    let spec = PartialSpec(
      identity: "quantiles(\(type.rawValue),\(error),\(limit))", slot: .word, width: .wide
    ) { PartialAccumulator(neutral) }
    return AggregatePlan(partials: [spec]) { accumulators in
      let counts = accumulators.partial(0, BucketCounts.self)
      return { counts.running.quantile(permille, parts: parts).map { .double($0) } ?? .null }
    }
  }
}

extension BucketCounts {
  /// The middle of the bucket that holds the value of a rank; nil where there are no values.
  func quantile(_ permille: Int64, parts: Int64) -> Double? {
    let counts = settled
    let total = counts.buckets.reduce(0 as Int64) { $0.addingSaturated(to: $1.count) }
    guard total > 0 else { return nil }
    let rank = Int64(Int128(total - 1) * Int128(permille) / 1000)
    var before: Int64 = 0
    for bucket in counts.buckets {
      before = before.addingSaturated(to: bucket.count)
      if rank < before {
        return BucketScheme.middle(bucket.key, level: counts.level, parts: parts)
      }
    }
    return nil
  }
}
