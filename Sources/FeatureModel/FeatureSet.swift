// What one model reads: features of any views, and values computed from them, in one order, under a name. A
// plain value; stores register it, joins and look-ups answer it as a whole.

/// A feature by its view's name and its own.
public struct ViewFeature: Hashable, Sendable {
  public let view: String
  public let feature: String

  public init(view: String, feature: String) {
    self.view = view
    self.feature = feature
  }
}

/// The ordered list of features, from any views, that one model reads.
public struct FeatureSet: Hashable, Sendable {
  /// One place of the vector.
  public struct Member: Hashable, Sendable {
    public enum Source: Hashable, Sendable {
      case feature(ViewFeature)
      /// Computed from features of any views, `VIEW.FEATURE`, and from other derived members, by their names.
      case derived(name: String, formula: CanonicalText)
    }

    public let source: Source
    /// What stands in the vector where the value is null; an instant may be its text.
    public let defaultValue: Value?

    public init(_ source: Source, default value: Value? = nil) {
      self.source = source
      defaultValue = value
    }

    public init(view: String, feature: String, default value: Value? = nil) {
      self.init(.feature(ViewFeature(view: view, feature: feature)), default: value)
    }

    public init(_ name: String, derive formula: String, default value: Value? = nil) {
      self.init(.derived(name: name, formula: CanonicalText(formula)), default: value)
    }
  }

  public let name: String
  /// In the order of the model's columns. A registered set has at least one, and none twice.
  public let members: [Member]
  /// What the spine calls key fields that it gives other names: view, field, and the spine's name.
  public let keys: [String: [String: String]]

  public init(_ name: String, _ members: [Member], keys: [String: [String: String]] = [:]) {
    self.name = name
    self.members = members
    self.keys = keys.mapValues { fields in fields.filter { $0.key != $0.value } }
      .filter { !$0.value.isEmpty }
  }
}

extension FeatureSet {
  /// Whether it is a list of features and nothing else.
  public var isPlain: Bool {
    keys.isEmpty && members.allSatisfy { $0.feature != nil && $0.defaultValue == nil }
  }

  /// All features that are read for a vector, each once: those of the members in their order, then those that
  /// formulas name.
  public var reads: [ViewFeature] {
    var all: [ViewFeature] = []
    var seen: Set<ViewFeature> = []
    for feature in members.compactMap(\.feature) + members.flatMap(\.namedFeatures)
    where seen.insert(feature).inserted { all.append(feature) }
    return all
  }

  /// The names of the views that are read, each once.
  public var views: [String] {
    var all: [String] = []
    for feature in reads where !all.contains(feature.view) { all.append(feature.view) }
    return all
  }

  /// What the set's spine calls a key field of a view.
  public func spineName(of field: String, in view: String) -> String { keys[view]?[field] ?? field }
}

extension FeatureSet.Member: CustomStringConvertible {
  /// The feature of a view that it is; nil where it is computed.
  public var feature: ViewFeature? {
    if case .feature(let feature) = source { feature } else { nil }
  }

  /// `by_sender.30d_N`, or the name of a derived member.
  public var name: String {
    switch source {
    case .feature(let feature): feature.description
    case .derived(let name, _): name
    }
  }

  public var description: String { name }

  /// The features that its formula names.
  fileprivate var namedFeatures: [ViewFeature] {
    guard case .derived(_, let formula) = source else { return [] }
    return FormulaNames.names(in: formula.text).compactMap { ViewFeature(plain: $0) }
  }
}

extension ViewFeature: CustomStringConvertible {
  /// `by_sender.30d_N`, as declarations write it.
  public var description: String { "\(view).\(feature)" }

  /// All that a text may mean: one feature where it has one dot, and more where names have dots in them.
  /// - Complexity: O(dots · bytes).
  package static func readings(of text: String) -> [Self] {
    var readings: [Self] = []
    for dot in text.indices where text[dot] == "." {
      let view = String(text[..<dot])
      let feature = String(text[text.index(after: dot)...])
      if DeclaredNames.complaint(view) == nil, DeclaredNames.featureComplaint(feature) == nil {
        readings.append(Self(view: view, feature: feature))
      }
    }
    return readings
  }

  /// Of a text that can mean one feature only, whatever views there are.
  package init?(plain text: String) {
    let readings = Self.readings(of: text)
    guard readings.count == 1 else { return nil }
    self = readings[0]
  }
}
