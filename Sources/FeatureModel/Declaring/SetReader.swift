// A feature set's declaration: its name and its features in order. Without the views only the form is
// checked; with them each member is found among their features.

struct SetReader {
  private static let names = ["$schema", "set", "features"]

  /// The features of each view by the view's name; nil where only the form is checked.
  let views: [String: [String]]?

  /// The name, and what each member may mean; with views, just the one feature that it means. Fewer
  /// members after mistakes, which have been noted.
  func read(_ node: DeclarationNode) -> (name: String, readings: [[FeatureSet.Member]])? {
    node.checkNames(Self.names)
    let name = node.required("set", #""set": "risk_model""#)?.declaredName("the set's name")
    let place = node.required(
      "features", #""features": ["by_sender.30d_N"], each a VIEW.FEATURE"#)
    guard let readings = place.flatMap(readMembers), let name else { return nil }
    return (name, readings)
  }

  private func readMembers(_ node: DeclarationNode) -> [[FeatureSet.Member]]? {
    guard case .array(let elements) = node.value.content else {
      node.report(
        #"the features expected, an array such as ["by_sender.30d_N"], not \#(node.value.kindName)"#
      )
      return nil
    }
    if elements.isEmpty { node.report("a set has at least one feature") }
    var seen: Set<[FeatureSet.Member]> = []
    return elements.enumerated().compactMap { index, element in
      let place = DeclarationNode(
        element, path: "\(node.path)[\(index)]", collector: node.collector)
      guard let readings = readMember(place) else { return nil }
      // With the views, when it shows beside the names that are wrong.
      if views != nil, !seen.insert(readings).inserted {
        place.report("'\(readings[0])' is in the set already")
      }
      return readings
    }
  }

  /// At least one reading, or nil after a mistake.
  private func readMember(_ node: DeclarationNode) -> [FeatureSet.Member]? {
    switch node.value.content {
    case .string(let text):
      let readings = FeatureSet.Member.readings(of: text)
      if !readings.isEmpty { return find(readings, node) }
      node.report(
        "'\(text)' is no feature of a view; write VIEW.FEATURE, as in 'by_sender.30d_N'")
      return nil
    case .object:
      node.checkNames(["view", "feature"])
      let view = node.required("view", #""view": "by_sender""#)?.declaredName("the view's name")
      let feature = node.required("feature", #""feature": "30d_N""#).flatMap(readFeature)
      guard let view, let feature else { return nil }
      return find([.init(view: view, feature: feature)], node)
    default:
      node.report(
        "a feature expected, VIEW.FEATURE as in 'by_sender.30d_N', not \(node.value.kindName)")
      return nil
    }
  }

  private func readFeature(_ node: DeclarationNode) -> String? {
    guard let name = node.string("the feature's name") else { return nil }
    guard let complaint = DeclaredNames.featureComplaint(name) else { return name }
    node.report(complaint)
    return nil
  }

  /// Of what a member may mean, what there is.
  private func find(
    _ readings: [FeatureSet.Member], _ node: DeclarationNode
  ) -> [FeatureSet.Member]? {
    guard let views else { return readings }
    let found = readings.filter { views[$0.view]?.contains($0.feature) == true }
    if found.count == 1 { return found }
    if found.isEmpty {
      reportUnknown(readings, views, node)
    } else {
      let meanings = found.map { "'\($0.feature)' of view '\($0.view)'" }
      node.report(
        "this is the feature \(meanings.joined(separator: ", and ")); write which as "
          + #"{ "view": "\#(found[0].view)", "feature": "\#(found[0].feature)" }"#)
    }
    return nil
  }

  private func reportUnknown(
    _ readings: [FeatureSet.Member], _ views: [String: [String]], _ node: DeclarationNode
  ) {
    for reading in readings {
      guard let features = views[reading.view] else { continue }
      let phrase = Suggestion.phrase(for: reading.feature, among: features)
      let place = node.member("feature") ?? node
      place.report("view '\(reading.view)' has no feature '\(reading.feature)'\(phrase)")
      return
    }
    let names = views.keys.sorted()
    let near = readings.first { Suggestion.nearest(to: $0.view, among: names) != nil }
    let view = (near ?? readings[0]).view
    let place = node.member("view") ?? node
    place.report(
      "view '\(view)' is neither registered nor declared beside the set"
        + Suggestion.phrase(for: view, among: names))
  }
}
