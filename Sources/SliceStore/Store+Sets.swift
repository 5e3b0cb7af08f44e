// Feature sets in the store: each feature is there when the set is registered, and stays while the set does. A
// set is never changed, because a model knows its features by their places; a new list gets a new name.
import FeatureModel

extension Store {
  /// Registers what one model reads; the same set again changes nothing.
  ///
  /// Throws `unknownView` or `unknownFeature` for a member that there is not, `redefinition` where the
  /// name stands for another list, and `invalid` for a set that is empty or names a feature twice.
  @discardableResult
  public func register(_ set: FeatureSet) throws(StoreError) -> Registration {
    try requireWritable()
    return try writer.withLock { _ throws(StoreError) in
      let set = try shape(of: try RegistryCodec.readBack(set), whileBuilding: true).declaration
      if let known = registry.withLock({ $0.sets[set.name] }) {
        let difference = DeclarationDiff(from: known.declaration, to: set)
        if difference.kind == .identical { return .unchanged }
        throw .redefinition(name: set.name, differences: difference.lines)
      }
      let registered = RegisteredSet(set)
      let entry = AuditEntry("registered", "set '\(set.name)'", digest: registered.digest)
      try putMeta([("set/\(set.name)", CanonicalForm.text(set)), audit(entry)])
      registry.withLock { $0.sets[set.name] = registered }
      return .registered
    }
  }

  /// Throws where a set could not be read back from what would be stored of it.
  package func requireReadable(_ set: FeatureSet) throws(StoreError) {
    _ = try RegistryCodec.readBack(set)
  }

  /// What is read for a set, and how its vector is made of that, by the views as they are now.
  ///
  /// Throws `unknownView` or `unknownFeature` where one is not there.
  package func shape(of set: FeatureSet) throws(StoreError) -> SetShape {
    try shape(of: set, whileBuilding: false)
  }

  /// - Parameter whileBuilding: also by views that do not answer yet.
  private func shape(
    of set: FeatureSet, whileBuilding: Bool
  ) throws(StoreError) -> SetShape {
    var views: [ViewDeclaration] = []
    for name in set.views {
      let soon = whileBuilding ? registry.withLock { $0.building[name]?.view } : nil
      let known = if let soon { soon } else { try view(name) }
      views.append(known.declaration)
    }
    for feature in set.reads {
      let known = views.first { $0.name == feature.view }!.features.map(\.name)
      guard known.contains(feature.feature) else {
        throw .unknownFeature(feature.feature, view: feature.view, known: known)
      }
    }
    do throws(SetShape.Problems) { return try SetShape(set, over: SetScope(views)) } catch {
      let lines = error.list.map { problem in
        problem.member.map { "'\(set.members[$0].name)': \(problem.reason)" } ?? problem.reason
      }
      throw .invalid("feature set '\(set.name)': \(lines.joined(separator: "; "))")
    }
  }

  /// Throws where a registered view, declared as this, would take from sets what they read: `featuresInUse` for
  /// features, and `invalid` where a set's formulas, defaults or keys do not fit the view any more.
  package func requireKept(_ view: ViewDeclaration) throws(StoreError) {
    guard let standing = registry.withLock({ $0.views[view.name] }) else { return }
    try requireKept(view, of: standing)
  }

  /// The same where another version than the one that serves is what sets were held against.
  func requireKept(
    _ view: ViewDeclaration, of standing: RegisteredView
  ) throws(StoreError) {
    let kept = Set(view.features.map(\.name))
    let users = sets.map(\.declaration).filter { $0.views.contains(view.name) }
    if users.isEmpty { return }
    let lost = standing.declaration.features.map(\.name).filter { !kept.contains($0) }
    let using = { (feature: String) in
      users.filter { $0.reads.contains(ViewFeature(view: view.name, feature: feature)) }
    }
    let used = lost.filter { !using($0).isEmpty }
    guard used.isEmpty else {
      let names = Set(used.flatMap(using).map(\.name))
      throw .featuresInUse(used, view: view.name, sets: names.sorted())
    }
    guard view.entity == standing.declaration.entity else {
      throw .invalid(
        "view '\(view.name)' cannot get another entity: feature set '\(users[0].name)' is asked for by the one "
          + "that it has. Drop the set first, or register the view under a new name")
    }
    for set in users where !set.isPlain { try requireFit(view, set) }
  }

  private func requireFit(_ view: ViewDeclaration, _ set: FeatureSet) throws(StoreError) {
    let others = (views + building.map(\.view)).map(\.declaration)
      .filter { $0.name != view.name }
    do throws(SetShape.Problems) {
      _ = try SetShape(set, over: SetScope(others + [view]))
    } catch {
      let problem = error.list[0]
      let member = problem.member.map { " '\(set.members[$0].name)'" } ?? ""
      throw .invalid(
        "view '\(view.name)' cannot change so: feature set '\(set.name)' would not fit it any more,"
          + "\(member): \(problem.reason). Drop the set first, or register the view under a new name"
      )
    }
  }
}
