// Seeded views over `RandomStream`: every function over every type that it accepts, odd windows, filters.
import FeatureModel

extension RandomStream {
  /// Views of different slices, keys, filters and features.
  public static func views(
    _ stream: StreamDeclaration, count: Int, _ random: inout SplitMix64
  ) -> [ViewDeclaration] {
    (0..<count).map { index in
      let filter = random.chance(60) ? condition(&random, depth: 2) : nil
      return ViewDeclaration(
        name: "view\(index)", stream: stream.name,
        entity: random.chance(60) ? ["who"] : random.chance(70) ? ["who", "site"] : ["site"],
        slice: SliceLength(milliseconds: random.pick(lengths))!,
        filter: filter.map { try! FilterParser.parse($0, stream: stream) }, retention: nil,
        features: features(stream, count: 3 + random.below(8), &random))
    }
  }

  private static func features(
    _ stream: StreamDeclaration, count: Int, _ random: inout SplitMix64
  ) -> [FeatureDeclaration] {
    (0..<count).map { index in
      let (aggregation, type) = aggregation(stream, &random)
      let slices: Int64 = random.pick([1, 2, 7, 30, Int64(1 + random.below(400))])
      return FeatureDeclaration(
        name: "f\(index)", aggregation: aggregation,
        window: Window(slices: slices, label: "w\(slices)"), type: type)
    }
  }

  /// A filter's text.
  private static func condition(_ random: inout SplitMix64, depth: Int) -> String {
    if depth > 0, random.chance(55) {
      let one = condition(&random, depth: depth - 1)
      let other = condition(&random, depth: depth - 1)
      return random.pick(["(\(one)) and (\(other))", "(\(one)) or (\(other))", "not (\(one))"])
    }
    let comparison = random.pick(["=", "!=", "<", "<=", ">", ">="])
    return random.pick([
      "small \(comparison) \(random.below(400) - 200)", "small \(comparison) 2.5",
      "wild \(comparison) \(random.pick(["0", "-0.0", "0.1", "5e-324", "-1"]))",
      "tame \(comparison) 0.5", "text \(comparison) '\(random.pick(["x", "", "it''s", "é"]))'",
      "text in ('x', 'y', '', 'e\u{301}')", "small not in (0, 1, 2)", "flag", "not flag",
      "big is null", "text is not null", "stamp \(comparison) '2024-03-01T00:00:00Z'",
      "who \(comparison) 'a'", "big in (0, 1, 9223372036854775807)", "wild in (0, 0.1, 1)",
    ])
  }
}
