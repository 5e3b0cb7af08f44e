// Seeded views over `RandomStream`: every function over every type that it accepts, odd windows, filters.
import FeatureModel

extension RandomStream {
  /// Views of different slices, keys, filters and features.
  public static func views(
    _ stream: StreamDeclaration, count: Int, _ random: inout SplitMix64
  ) -> [ViewDeclaration] {
    (0..<count).map { index in
      let derived = random.chance(50) ? RandomFormulas.fields(stream, &random) : []
      let scope = ViewDeclaration.scope(of: stream, derived)
      let filter = random.chance(60) ? condition(&random, depth: 2) : nil
      let slice = SliceLength(milliseconds: random.pick(lengths))!
      let stored = features(
        scope, count: 3 + random.below(8), derived.map(\.name), slice, &random)
      return ViewDeclaration(
        name: "view\(index)", stream: stream.name,
        entity: random.chance(60) ? ["who"] : random.chance(70) ? ["who", "site"] : ["site"],
        slice: slice,
        filter: filter.map { try! FilterParser.parse($0, stream: scope) }, retention: nil,
        features: RandomFormulas.derive(from: stored, &random), derived: derived)
    }
  }

  private static func features(
    _ stream: StreamDeclaration, count: Int, _ derived: [String], _ slice: SliceLength,
    _ random: inout SplitMix64
  ) -> [FeatureDeclaration] {
    (0..<count).map { index in
      let (aggregation, type) = shaped(stream, derived, slice, &random)
      let slices: Int64 = random.pick([1, 2, 7, 30, Int64(1 + random.below(400))])
      let window =
        random.chance(15) ? Window.lifetime : Window(slices: slices, label: "w\(slices)")
      return FeatureDeclaration(
        name: "f\(index)", aggregation: aggregation, window: window, type: type)
    }
  }

  /// A function, for some of them of some events only, or by category.
  private static func shaped(
    _ stream: StreamDeclaration, _ derived: [String], _ slice: SliceLength,
    _ random: inout SplitMix64
  ) -> (Aggregation, FieldType) {
    let (whole, type) = aggregation(stream, derived, slice, &random)
    var filter: Filter?
    if random.chance(30) {
      filter = try! FilterParser.parse(condition(&random, depth: 1), stream: stream)
    }
    let input = whole.field.map { stream.fields[stream.index(of: $0)!].type }
    let hasCategories =
      ["count", "decayedCount"].contains(whole.function)
      || ["sum", "mean", "min", "max"].contains(whole.function) && input != .string
    var by: Aggregation.Categories?
    if hasCategories, random.chance(60) {
      by = Aggregation.Categories(
        field: random.pick(["site", "text", "flag", "stamp", "who", "big"]),
        limit: random.pick([1, 2, 3, 5, 100]))
    }
    let aggregation = Aggregation(
      function: whole.function, field: whole.field, parameters: whole.parameters, by: by,
      filter: filter.map { FilterPrinter.text($0, stream: stream) })
    return (aggregation, by == nil ? type : .string)
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
      "who \(comparison) 'a'", "small % 7 \(comparison) small / 3", "tame + small > 0.5",
      "length(text) in (0, 2)", "not contains(coalesce(text, 'x'), 'y')", "at - stamp > 0",
      "if(flag, small, 3) is null", "big in (0, 1, 9223372036854775807)", "wild in (0, 0.1, 1)",
    ])
  }
}
