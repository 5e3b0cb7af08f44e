// Seeded formulas over `RandomStream`: derived fields of all types, and features derived from features.
import FeatureModel

enum RandomFormulas {
  /// One to three derived fields, the later ones over the earlier too.
  static func fields(
    _ stream: StreamDeclaration, _ random: inout SplitMix64
  ) -> [DerivedField] {
    var derived: [DerivedField] = []
    for index in 0..<1 + random.below(3) {
      let scope = ViewDeclaration.scope(of: stream, derived)
      let text =
        index > 0 && random.chance(40) ? "coalesce(d\(index - 1), null)" : formula(&random)
      let (formula, type) = try! FilterParser.parseFormula(text, scope.fields)
      derived.append(DerivedField(name: "d\(index)", type: type, formula: formula))
    }
    return derived
  }

  private static func formula(_ random: inout SplitMix64) -> String {
    random.pick([
      "lower(text)", "after(text, 'x')", "concat(who, '/', string(site))", "big + small",
      "big * small", "small / site", "div(big, site)", "big % small", "abs(small)", "-big",
      "if(flag, small, site)", "if(text = 'x', null, tame)", "coalesce(text, who, 'none')",
      "length(text)", "substring(text, 2)", "hourOfDay(at)", "dayOfWeek(stamp)", "at - stamp",
      "stamp + small * 1000", "small > site or flag", "replace(text, 'x', 'yy')",
      "round(tame / 1000)", "max(small, site, 0)", "contains(text, 'y')", "trim(text)",
      "int(tame)", "millis(at)", "beforeLast(text, '')", "upper(who)",
    ])
  }

  /// The features, and among them some that are derived from the numbers.
  static func derive(
    from stored: [FeatureDeclaration], _ random: inout SplitMix64
  ) -> [FeatureDeclaration] {
    var features = stored
    for index in 0..<random.below(4) {
      let numbers = features.indices.filter { [.int, .double].contains(features[$0].type) }
      if numbers.isEmpty { break }
      let (one, other) = (features[random.pick(numbers)].name, features[random.pick(numbers)].name)
      let text = random.pick([
        "\(one) / \(other)", "\(one) - \(other)", "if(\(one) > \(other), \(one), null)",
        "coalesce(\(one), \(other))", "(\(one) - \(other)) / sqrt(\(other))", "\(one) is null",
      ])
      let fields = features.map { StreamDeclaration.Field(name: $0.name, type: $0.type) }
      let (formula, type) = try! FilterParser.parseFormula(text, fields)
      let longest = formula.fields.map { features[$0].window }.max { $0.slices < $1.slices }!
      features.append(
        FeatureDeclaration(
          name: "r\(index)",
          aggregation: Aggregation(function: "derive", field: FilterPrinter.text(formula, fields)),
          window: longest, type: type, derivation: formula))
    }
    return features
  }
}
