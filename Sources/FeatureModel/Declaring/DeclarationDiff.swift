// What differs between two declarations of one name, for people to read, and how much it matters:
// whether the answers of what stands would change, which is refused, or whether there is merely
// more or less.

/// The differences between what stands and what is wanted.
public struct DeclarationDiff: Equatable, Sendable, CustomStringConvertible {
  /// From harmless to impossible.
  public enum Kind: Int, Comparable, Sendable {
    case identical
    /// Live at once: new windows over aggregations that stand, features left out, another order;
    /// for a stream, new fields.
    case compatible
    /// All that stands keeps its meaning, but something must be computed that is not stored yet.
    case newAggregation
    /// Something that stands would mean something else.
    case incompatible

    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
  }

  public private(set) var kind = Kind.identical
  /// One line each: `features."30d_X".window: 30d -> 31d`.
  public private(set) var lines: [String] = []

  public var description: String { lines.joined(separator: "\n") }

  /// Two streams, what stands first.
  public init(from old: StreamDeclaration, to new: StreamDeclaration) {
    compare("stream", old.name, new.name)
    let names = (old: old.fields.map(\.name), new: new.fields.map(\.name))
    for field in old.fields {
      let type = new.index(of: field.name).map { new.fields[$0].type.rawValue }
      compare(Self.path("fields", field.name), field.type.rawValue, type)
    }
    for field in new.fields where old.index(of: field.name) == nil {
      note(.compatible, "\(Self.path("fields", field.name)): added, \(field.type.rawValue)")
    }
    compareOrder("fields", names.old, names.new)
    compare("eventTime", old.fields[old.eventTime].name, new.fields[new.eventTime].name)
    compare(
      "arrivalTime", old.arrivalTime.map { old.fields[$0].name },
      new.arrivalTime.map { new.fields[$0].name })
    compare("id", old.id.map { old.fields[$0].name }, new.id.map { new.fields[$0].name })
    if old.keep != new.keep {
      let (before, after) = (CanonicalForm.text(old.keep), CanonicalForm.text(new.keep))
      note(.compatible, "keep: \(before ?? "none") -> \(after ?? "none")")
    }
  }

  /// Two views with their streams, what stands first.
  public init(
    from old: ViewDeclaration, over oldStream: StreamDeclaration,
    to new: ViewDeclaration, over newStream: StreamDeclaration
  ) {
    compare("view", old.name, new.name)
    compare("stream", old.stream, new.stream)
    compare("entity", Self.list(old.entity), Self.list(new.entity))
    compare(
      "slice", DurationText.text(old.slice.milliseconds), DurationText.text(new.slice.milliseconds))
    compare(
      "where", old.filter.map { FilterPrinter.text($0, stream: old.scope(of: oldStream)) },
      new.filter.map { FilterPrinter.text($0, stream: new.scope(of: newStream)) })
    let joins = (old.join.map(CanonicalForm.json), new.join.map(CanonicalForm.json))
    compare("join", joins.0?.compact, joins.1?.compact)
    compareDerived(old, over: oldStream, new, over: newStream)
    compare(
      "retention", old.retention.map { CanonicalForm.length($0, in: old) },
      new.retention.map { CanonicalForm.length($0, in: new) })
    compareFeatures(old, new)
    compareOrder("features", old.features.map(\.name), new.features.map(\.name))
  }

  /// Two feature sets, what stands first. A model knows its features by their places, so that any
  /// difference is incompatible.
  public init(from old: FeatureSet, to new: FeatureSet) {
    compare("set", old.name, new.name)
    let names = (old: old.members.map(\.key), new: new.members.map(\.key))
    let common = Set(names.old).intersection(names.new)
    for member in old.members where !common.contains(member.key) {
      note(.incompatible, "\(Self.path("features", member.name)): removed")
    }
    for member in new.members where !common.contains(member.key) {
      note(.incompatible, "\(Self.path("features", member.name)): added")
    }
    for member in old.members {
      guard let other = new.members.first(where: { $0.key == member.key }) else { continue }
      let path = Self.path("features", member.name)
      compare("\(path).derive", Self.formula(member), Self.formula(other))
      compare(
        "\(path).default", member.defaultValue.map { JSONValue($0).compact },
        other.defaultValue.map { JSONValue($0).compact })
    }
    if names.old.filter(common.contains) != names.new.filter(common.contains) {
      note(.incompatible, "features: in another order")
    }
    for view in Set(old.keys.keys).union(new.keys.keys).sorted() {
      let (before, after) = (old.keys[view] ?? [:], new.keys[view] ?? [:])
      for field in Set(before.keys).union(after.keys).sorted() {
        compare(Self.path(Self.path("keys", view), field), before[field], after[field])
      }
    }
  }

  private static func formula(_ member: FeatureSet.Member) -> String? {
    if case .derived(_, let formula) = member.source { formula.text } else { nil }
  }

  private mutating func compareDerived(
    _ old: ViewDeclaration, over oldStream: StreamDeclaration,
    _ new: ViewDeclaration, over newStream: StreamDeclaration
  ) {
    let texts = { (view: ViewDeclaration, stream: StreamDeclaration) in
      let fields = view.scope(of: stream).fields
      return view.derived.map { ($0.name, FilterPrinter.text($0.formula, fields)) }
    }
    let (before, after) = (texts(old, oldStream), texts(new, newStream))
    let used = old.derivedInUse(over: oldStream)
    for (name, text) in before {
      let other = after.first { $0.0 == name }?.1
      if other == nil, !used.contains(name) {
        note(.compatible, "\(Self.path("derive", name)): removed, \(text)")
      } else {
        compare(Self.path("derive", name), text, other)
      }
    }
    // What nothing that stands looks at harms nobody.
    for (name, text) in after where !before.contains(where: { $0.0 == name }) {
      note(.compatible, "\(Self.path("derive", name)): added, \(text)")
    }
  }

  private mutating func compareFeatures(_ old: ViewDeclaration, _ new: ViewDeclaration) {
    let standing = Set(old.features.map(\.aggregation.withoutHalfLife))
    for feature in old.features {
      let path = Self.path("features", feature.name)
      guard let other = new.features.first(where: { $0.name == feature.name }) else {
        note(.compatible, "\(path): removed, \(Self.text(feature, in: old))")
        continue
      }
      compare(path, Self.text(feature.aggregation), Self.text(other.aggregation))
      // A derived feature's window follows from what it stands on.
      if feature.derivation != nil { continue }
      compare(
        "\(path).window", CanonicalForm.length(feature.window, in: old),
        CanonicalForm.length(other.window, in: new))
    }
    for feature in new.features where !old.features.contains(where: { $0.name == feature.name }) {
      let isStanding =
        feature.derivation != nil || standing.contains(feature.aggregation.withoutHalfLife)
      note(
        isStanding ? .compatible : .newAggregation,
        "\(Self.path("features", feature.name)): added, \(Self.text(feature, in: new))"
          + (isStanding ? "" : " (not stored yet)"))
    }
  }

  /// Something that must not change. Texts are told apart by their bytes, as in the canonical form.
  private mutating func compare(_ path: String, _ old: String?, _ new: String?) {
    guard old.map({ Array($0.utf8) }) != new.map({ Array($0.utf8) }) else { return }
    note(.incompatible, "\(path): \(old ?? "none") -> \(new ?? "none")")
  }

  /// The order of what both have.
  private mutating func compareOrder(_ path: String, _ old: [String], _ new: [String]) {
    let common = old.filter(new.contains)
    let reordered = new.filter(old.contains)
    if common != reordered { note(.compatible, "\(path): in another order") }
  }

  private mutating func note(_ kind: Kind, _ line: String) {
    self.kind = max(self.kind, kind)
    lines.append(line)
  }

  private static func path(_ path: String, _ name: String) -> String {
    DeclarationNode.path(path, name)
  }

  private static func list(_ names: [String]) -> String {
    JSONValue.array(names.map { .string($0) }).compact
  }

  private static func text(_ aggregation: Aggregation) -> String {
    JSONValue.object(CanonicalForm.members(aggregation)).compact
  }

  private static func text(_ feature: FeatureDeclaration, in view: ViewDeclaration) -> String {
    if feature.derivation != nil { return text(feature.aggregation) }
    return "\(text(feature.aggregation)) over \(CanonicalForm.length(feature.window, in: view))"
  }
}

extension ViewDeclaration {
  /// The derived fields that the entity, the filter or a feature needs, directly or through others.
  fileprivate func derivedInUse(over stream: StreamDeclaration) -> Set<String> {
    let scope = scope(of: stream)
    var fields = Set(filter?.fields ?? [])
    var names = Set(entity)
    for feature in features where feature.derivation == nil {
      names.formUnion(feature.aggregation.fields)
      if let filter = try? feature.aggregation.filter(over: scope) {
        fields.formUnion(filter.fields)
      }
    }
    names.formUnion(fields.map { scope.fields[$0].name })
    // Each builds on earlier ones alone.
    for field in derived.reversed() where names.contains(field.name) {
      names.formUnion(field.formula.fields.map { scope.fields[$0].name })
    }
    return names.intersection(derived.map(\.name))
  }
}
