// What one model reads: features of any views in one order, under a name. A plain value; stores register it,
// joins and look-ups answer it as a whole.

/// The ordered list of features, from any views, that one model reads.
public struct FeatureSet: Hashable, Sendable {
  public struct Member: Hashable, Sendable {
    public let view: String
    public let feature: String

    public init(view: String, feature: String) {
      self.view = view
      self.feature = feature
    }
  }

  public let name: String
  /// In the order of the model's columns. A registered set has at least one, and none twice.
  public let members: [Member]

  public init(_ name: String, _ members: [Member]) {
    self.name = name
    self.members = members
  }
}

extension FeatureSet.Member: CustomStringConvertible {
  /// `by_sender.30d_N`, as declarations write it.
  public var description: String { "\(view).\(feature)" }

  /// All that a text may mean: one member where it has one dot, and more where names have dots in them.
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
}
