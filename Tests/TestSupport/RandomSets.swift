// Seeded feature sets over random views: features in any order, some with defaults, and members derived from
// them, from features that are not in the vector, and from each other.
import FeatureModel

public enum RandomSets {
  public static func set(
    _ name: String, over views: [ViewDeclaration], _ random: inout SplitMix64
  ) -> FeatureSet {
    let all = views.flatMap { view in
      view.features.map { (ViewFeature(view: view.name, feature: $0.name), $0.type) }
    }
    let chosen = all.shuffled(using: &random).prefix(1 + random.below(all.count))
    var members = chosen.map { feature, type in
      FeatureSet.Member(.feature(feature), default: fallback(type, &random))
    }
    // Names and types of what formulas may use.
    var known = all.map { (name: $0.description, type: $1) }
    for index in 0..<random.below(5) {
      guard let text = formula(known, &random) else { continue }
      let name = "DERIVED\(index)_"
      let fields = known.map { StreamDeclaration.Field(name: $0.name, type: $0.type) }
      let type = try! FilterParser.parseFormula(text, fields).type
      let place = random.below(members.count + 1)
      members.insert(
        FeatureSet.Member(name, derive: text, default: fallback(type, &random)), at: place)
      known.append((name, type))
    }
    return FeatureSet(name, members)
  }

  private static func formula(
    _ known: [(name: String, type: FieldType)], _ random: inout SplitMix64
  ) -> String? {
    let numbers = known.filter { [.int, .double].contains($0.type) }.map(\.name)
    let texts = known.filter { $0.type == .string }.map(\.name)
    let any = random.pick(known).name
    var choices = ["\(any) is null", "coalesce(\(any), null)"]
    if !numbers.isEmpty {
      let (one, other) = (random.pick(numbers), random.pick(numbers))
      choices += [
        "\(one) / \(other)", "\(one) - \(other)", "if(\(one) > \(other), \(one), null)",
        "(\(one) - \(other)) / sqrt(\(other))", "coalesce(\(one) / \(other), 0.5)",
        "\(one) > 3 and \(other) is not null",
      ]
    }
    if let text = texts.first { choices.append("concat(\(text), '/', \(random.pick(texts)))") }
    return random.pick(choices)
  }

  /// A default of the type, or none.
  private static func fallback(_ type: FieldType, _ random: inout SplitMix64) -> Value? {
    guard random.chance(40) else { return nil }
    return switch type {
    case .int: .int(Int64(random.below(9)) - 4)
    case .double: random.chance(50) ? .double(-1.5) : .int(7)
    case .string: .string(random.pick(["", "none", "é"]))
    case .bool: .bool(random.chance(50))
    case .timestamp: .string("2020-02-29T12:00:00Z")
    }
  }
}
