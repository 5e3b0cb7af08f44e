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
      let set = try RegistryCodec.readBack(set)
      try requireFeatures(of: set)
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

  private func requireFeatures(of set: FeatureSet) throws(StoreError) {
    for member in set.members {
      // One that is being built will answer soon.
      let soon = registry.withLock { $0.building[member.view]?.view }
      let view = if let soon { soon } else { try view(member.view) }
      guard view.plan.feature(named: member.feature) != nil else {
        throw .unknownFeature(
          member.feature, view: member.view, known: view.declaration.features.map(\.name))
      }
    }
  }

  /// Throws `featuresInUse` where a registered view, declared as this, would lose features that sets name.
  package func requireKept(_ view: ViewDeclaration) throws(StoreError) {
    let kept = Set(view.features.map(\.name))
    guard let standing = registry.withLock({ $0.views[view.name] }) else { return }
    let lost = standing.declaration.features.map(\.name).filter { !kept.contains($0) }
    let users = { (feature: String) in
      self.sets.filter { $0.declaration.members.contains(.init(view: view.name, feature: feature)) }
    }
    let used = lost.filter { !users($0).isEmpty }
    if used.isEmpty { return }
    let names = Set(used.flatMap(users).map(\.declaration.name))
    throw .featuresInUse(used, view: view.name, sets: names.sorted())
  }
}
