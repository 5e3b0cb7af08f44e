// A feature set's declaration: its name and its members in order. Without the views only the form is checked;
// with them each member is found among their features, and what is computed is checked by its types.

struct SetReader {
  private static let names = ["$schema", "set", "features", "keys"]

  /// The views that there are; nil where only the form is checked.
  let views: SetScope?
  var limits = FormulaLimits.written

  /// What a declaration says, as far as its text shows it.
  struct Reading {
    let name: String
    /// All that each member may mean: one thing, and more where names have dots in them.
    let members: [[FeatureSet.Member]]
    let keys: [String: [String: String]]

    /// Of each member its first meaning.
    var set: FeatureSet { FeatureSet(name, members.map { $0[0] }, keys: keys) }
  }

  /// Nil after mistakes, which have been noted. With views, each member means one thing.
  func read(_ node: DeclarationNode) -> Reading? {
    node.checkNames(Self.names)
    let name = node.required("set", #""set": "risk_model""#)?.declaredName("the set's name")
    let place = node.required(
      "features", #""features": ["by_sender.30d_N"], each a VIEW.FEATURE"#)
    let members = place.flatMap(readMembers)
    let keys = node.member("keys").map(readKeys) ?? [:]
    guard let members, let name else { return nil }
    return Reading(name: name, members: members, keys: keys)
  }

  /// The set in its canonical form; nil after mistakes, which have been noted. With views only.
  func resolve(_ node: DeclarationNode) -> FeatureSet? {
    let noted = node.collector.problems.count
    guard let reading = read(node), let views, node.collector.problems.count == noted else {
      return nil
    }
    do throws(SetShape.Problems) {
      return try SetShape(reading.set, over: views).declaration
    } catch {
      let members = node.member("features").map(elements) ?? []
      for problem in error.list {
        let whole = problem.member.map { members[$0] } ?? node
        let place = problem.part.flatMap { whole.member($0) } ?? whole
        place.report(problem.reason)
      }
      return nil
    }
  }

  private func elements(_ node: DeclarationNode) -> [DeclarationNode] {
    guard case .array(let elements) = node.value.content else { return [] }
    return elements.enumerated().map { index, element in
      DeclarationNode(element, path: "\(node.path)[\(index)]", collector: node.collector)
    }
  }

  private func readMembers(_ node: DeclarationNode) -> [[FeatureSet.Member]]? {
    guard case .array = node.value.content else {
      node.report(
        #"the features expected, an array such as ["by_sender.30d_N"], not \#(node.value.kindName)"#
      )
      return nil
    }
    let elements = elements(node)
    if elements.isEmpty { node.report("a set has at least one feature") }
    var seen: Set<[FeatureSet.Member.Name]> = []
    return elements.compactMap { place in
      guard let readings = readMember(place) else { return nil }
      // With the views, when it shows beside the names that are wrong.
      if views != nil, !seen.insert(readings.map(\.key)).inserted {
        place.report("'\(readings[0])' is in the set already")
      }
      return readings
    }
  }

  /// At least one reading, or nil after a mistake.
  private func readMember(_ node: DeclarationNode) -> [FeatureSet.Member]? {
    switch node.value.content {
    case .string(let text): return features(text, node)?.map { .init(.feature($0)) }
    case .object:
      return node.member("derive") == nil ? readFeature(node) : readDerived(node).map { [$0] }
    default:
      node.report(
        "a feature expected, VIEW.FEATURE as in 'by_sender.30d_N', not \(node.value.kindName)")
      return nil
    }
  }

  private func features(_ text: String, _ node: DeclarationNode) -> [ViewFeature]? {
    let readings = ViewFeature.readings(of: text)
    if !readings.isEmpty { return find(readings, node) }
    node.report("'\(text)' is no feature of a view; write VIEW.FEATURE, as in 'by_sender.30d_N'")
    return nil
  }

  /// `{ "view": "by_sender", "feature": "30d_N", "default": 0 }`, or without the view.
  private func readFeature(_ node: DeclarationNode) -> [FeatureSet.Member]? {
    node.checkNames(["view", "feature", "default"])
    let isWhole = node.member("view") == nil
    let found: [ViewFeature]?
    if isWhole {
      let place = node.required("feature", #""feature": "by_sender.30d_N""#)
      found = place.flatMap { place in
        place.string("the feature").flatMap { features($0, place) }
      }
    } else {
      let view = node.required("view", #""view": "by_sender""#)?.declaredName("the view's name")
      let feature = node.required("feature", #""feature": "30d_N""#).flatMap(readName)
      if let view, let feature {
        found = find([ViewFeature(view: view, feature: feature)], node)
      } else {
        found = nil
      }
    }
    guard let value = readDefault(node), let found else { return nil }
    return found.map { .init(.feature($0), default: value) }
  }

  /// `{ "name": "SHARE", "derive": "by_sender.7d_N / by_sender.30d_N", "default": 0 }`
  private func readDerived(_ node: DeclarationNode) -> FeatureSet.Member? {
    node.checkNames(["name", "derive", "default"])
    let name = node.required("name", #""name": "SHARE""#).flatMap(readName)
    let formula = readFormula(node.member("derive")!)
    guard let value = readDefault(node), let name, let formula else { return nil }
    return FeatureSet.Member(name, derive: formula, default: value)
  }

  private func readFormula(_ node: DeclarationNode) -> String? {
    let meaning = #"a formula such as "by_sender.7d_N / by_sender.30d_N""#
    guard let text = node.string(meaning) else { return nil }
    do {
      try FilterParser.checkFormula(text, limits: limits)
      return text
    } catch {
      for problem in error.problems { node.report(problem.description) }
      return nil
    }
  }

  private func readName(_ node: DeclarationNode) -> String? {
    guard let name = node.string("the feature's name") else { return nil }
    guard let complaint = DeclaredNames.featureComplaint(name) else { return name }
    node.report(complaint)
    return nil
  }

  /// The default, or none where none is declared; nil after a mistake.
  private func readDefault(_ node: DeclarationNode) -> Value?? {
    guard let place = node.member("default") else { return .some(nil) }
    switch place.value.content {
    case .int(let value): return .some(.int(value))
    case .double(let value): return .some(.double(value))
    case .string(let value): return .some(.string(value))
    case .bool(let value): return .some(.bool(value))
    case .null: place.report("null is what there is without a default; leave it out")
    default: place.report("a value expected, not \(place.value.kindName)")
    }
    return nil
  }

  /// `{ "by_recipient": { "address": "recipient" } }`
  private func readKeys(_ node: DeclarationNode) -> [String: [String: String]] {
    var keys: [String: [String: String]] = [:]
    let meaning =
      #"other names of key fields by view, such as { "by_sender": { "address": "sender" } },"#
    for (view, place) in node.members(meaning) ?? [] {
      for (field, name) in place.members("names of the view's key fields") ?? [] {
        keys[view, default: [:]][field] = name.string("the name in the spine")
      }
    }
    return keys
  }

  /// Of what a member may mean, what there is.
  private func find(_ readings: [ViewFeature], _ node: DeclarationNode) -> [ViewFeature]? {
    guard let views else { return readings }
    let found = readings.filter { views.type(of: $0) != nil }
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
    _ readings: [ViewFeature], _ views: SetScope, _ node: DeclarationNode
  ) {
    for reading in readings where views.views[reading.view] != nil {
      let place = node.member("feature") ?? node
      return place.report(views.missing(reading))
    }
    let names = views.views.keys.sorted()
    let near = readings.first { Suggestion.nearest(to: $0.view, among: names) != nil }
    let place = node.member("view") ?? node
    place.report(views.missing(near ?? readings[0]))
  }
}
