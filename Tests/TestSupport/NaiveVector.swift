// A feature set's vector from first principles: each member by its name, each formula with the values that the
// vector shows, one after the other. It shares nothing with the steps that compute vectors but the parser.
import FeatureModel

/// One vector of a set.
public struct NaiveVector {
  private let set: FeatureSet
  private let types: [ViewFeature: FieldType]
  /// What the views answer; a feature is missing where nobody can say.
  private let answers: [ViewFeature: Value]

  public init(
    _ set: FeatureSet, types: [ViewFeature: FieldType], answers: [ViewFeature: Value]
  ) {
    self.set = set
    self.types = types
    self.answers = answers
  }

  /// Of the members in their order; nil where nobody can say.
  public var values: [Value?] { self.set.members.map { member($0)?.value } }

  public var memberTypes: [FieldType] { self.set.members.map { type($0) } }

  private func member(_ member: FeatureSet.Member) -> (value: Value, type: FieldType)? {
    let type = type(member)
    var value: Value?
    switch member.source {
    case .feature(let feature): value = answers[feature]
    case .derived(_, let formula):
      let fields = fields(formula.text)
      let row = fields.map { shown($0.name) }
      if row.contains(where: { $0 == nil }) { return nil }
      let (parsed, _) = try! FilterParser.parseFormula(formula.text, fields)
      let naive = NaiveFormula(row.map { $0! }, fields.map(\.type))
      value = NaiveFormula.typed(naive.value(parsed), type)
    }
    guard let value else { return nil }
    guard value == .null, let other = member.defaultValue else { return (value, type) }
    if type == .timestamp, case .string(let text) = other {
      return (.timestamp(Timestamp(parsing: text)!), type)
    }
    return (NaiveFormula.typed(other, type), type)
  }

  /// What stands in the vector under a name, or is read for it alone.
  private func shown(_ name: String) -> Value? {
    if let known = set.members.first(where: { $0.name == name }) { return member(known)?.value }
    return answers[feature(name)]
  }

  private func type(_ member: FeatureSet.Member) -> FieldType {
    switch member.source {
    case .feature(let feature): return types[feature]!
    case .derived(_, let formula):
      return try! FilterParser.parseFormula(formula.text, fields(formula.text)).type
    }
  }

  /// All names that a formula may use, but for those that are derived behind it.
  private func fields(_ text: String) -> [StreamDeclaration.Field] {
    let derived = set.members.filter { $0.feature == nil && text.contains($0.name) }
    return types.sorted { $0.key.description < $1.key.description }
      .filter { text.contains($0.key.description) }
      .map { .init(name: $0.key.description, type: $0.value) }
      + derived.map { .init(name: $0.name, type: type($0)) }
  }

  private func feature(_ name: String) -> ViewFeature {
    let parts = name.split(separator: ".").map(String.init)
    return ViewFeature(view: parts[0], feature: parts[1])
  }
}
