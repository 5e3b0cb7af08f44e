// Seeded aggregations over `RandomStream`: every function of the catalogue over every type that it accepts,
// with parameters that reach its edges. Functions of exact fractions get the fields that the oracle can
// count in.
import FeatureModel

extension RandomStream {
  private static let any = [
    "site", "text", "small", "big", "tame", "wild", "flag", "stamp", "who", "at",
  ]

  /// What a function is drawn with.
  private struct Draw {
    var fields: [String] = any
    /// Of every hundred, how many are over rows.
    var rows = 0
    /// Nil: the field's own.
    var result: FieldType?
    /// A half-life in slices.
    var parameters: [String: [Int64]] = [:]
  }

  private static let draws: [String: Draw] = {
    let sums = ["small", "big", "tame", "wild"]
    let few = ["small", "tame"]
    let k: [String: [Int64]] = ["k": [1, 2, 3, 10, 1000]]
    let keep: [String: [Int64]] = ["keep": [1, 3, 64, 4096]]
    let distinct: [String: [Int64]] = ["exactUpTo": [0, 3, 64, 65_536], "precision": [4, 12]]
    let buckets: [String: [Int64]] = ["errorPermille": [1, 10, 333], "maxBuckets": [64, 2048]]
    let steps: [String: [Int64]] = [
      "from": [0, -1000, 7], "width": [1, 3, 500], "buckets": [1, 8, 100], "per": [1, 10, 1000],
    ]
    return [
      "count": Draw(rows: 50, result: .int),
      "sum": Draw(fields: sums), "mean": Draw(fields: sums, result: .double),
      "min": Draw(), "max": Draw(), "first": Draw(), "last": Draw(),
      "latest": Draw(),
      "variance": Draw(fields: few, result: .double), "stddev": Draw(fields: few, result: .double),
      "distinct": Draw(result: .int, parameters: distinct),
      "distinctRatio": Draw(result: .double, parameters: distinct),
      "skew": Draw(fields: few, result: .double), "kurtosis": Draw(fields: few, result: .double),
      "sumOfSquares": Draw(fields: few), "rms": Draw(fields: few, result: .double),
      "range": Draw(fields: ["small", "big", "site", "stamp"], result: .int),
      "nullCount": Draw(result: .int), "nullRatio": Draw(result: .double),
      "countTrue": Draw(fields: ["flag"], result: .int),
      "trueRatio": Draw(fields: ["flag"], result: .double),
      "firstTime": Draw(rows: 50, result: .timestamp),
      "lastTime": Draw(rows: 50, result: .timestamp),
      "sinceFirst": Draw(rows: 50, result: .int), "sinceLast": Draw(rows: 50, result: .int),
      "firstK": Draw(result: .string, parameters: k),
      "lastK": Draw(result: .string, parameters: k),
      "smallestK": Draw(result: .string, parameters: k),
      "largestK": Draw(result: .string, parameters: k),
      "quantile": Draw(
        fields: sums, result: .double,
        parameters: buckets.merging(["permille": [0, 1, 250, 500, 999, 1000]]) { $1 }),
      "median": Draw(fields: sums, result: .double, parameters: buckets),
      "histogram": Draw(fields: few, result: .string, parameters: steps),
      "topK": Draw(result: .string, parameters: keep.merging(k) { $1 }),
      "valueCounts": Draw(result: .string, parameters: keep),
      "mode": Draw(parameters: keep),
      "modeRatio": Draw(result: .double, parameters: keep),
      "entropy": Draw(result: .double, parameters: keep),
      "decayedCount": Draw(rows: 50, result: .double, parameters: ["halfLife": [1, 2, 3, 7, 16]]),
    ]
  }()

  /// The functions that are drawn from.
  public static var functions: Set<String> { Set(draws.keys) }

  /// An aggregation, and the type of its values; some take in a computed field.
  static func aggregation(
    _ stream: StreamDeclaration, _ derived: [String], _ slice: SliceLength,
    _ random: inout SplitMix64
  ) -> (Aggregation, FieldType) {
    let function = random.pick(draws.keys.sorted())
    let draw = draws[function]!
    let field =
      random.chance(draw.rows)
      ? nil : random.pick(draw.fields + (draw.fields == Draw().fields ? derived : []))
    var parameters: [String: Int64] = [:]
    for (name, values) in draw.parameters.sorted(by: { $0.key < $1.key }) {
      parameters[name] = random.pick(values) * (name == "halfLife" ? slice.milliseconds : 1)
    }
    let type = field.map { stream.fields[stream.index(of: $0)!].type }
    return (
      Aggregation(function: function, field: field, parameters: parameters), draw.result ?? type!
    )
  }
}
