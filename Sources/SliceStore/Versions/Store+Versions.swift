// Versions of a view side by side: the one that serves goes by the view's name, the others by name and number.
// All take events in and can be read.
import FeatureModel

extension Registry {
  /// The version that serves, where it is asked for by its number.
  func serving(_ name: String) -> RegisteredView? {
    let asked = VersionName(parsing: name)
    guard let version = asked.version, let view = views[asked.view],
      standing(of: asked.view).version == version
    else { return nil }
    return view
  }

  /// - Parameter name: by which the version goes.
  func standing(of name: String) -> ViewStanding {
    standings[name] ?? ViewStanding(version: VersionName(parsing: name).version ?? 1)
  }

  /// The number that the next version of a view gets; 1 for a name that has never been.
  func nextVersion(of view: String) -> UInt32 {
    var latest = latestVersions[view] ?? 0
    if views[view] != nil { latest = max(latest, standing(of: view).version) }
    if let building = building[view] { latest = max(latest, building.version) }
    return latest + 1
  }

  /// All versions of a view by number, with the names they go by.
  func versions(of view: String) -> [RegisteredView] {
    views.values.filter { VersionName(parsing: $0.declaration.name).view == view }
      .sorted {
        standing(of: $0.declaration.name).version < standing(of: $1.declaration.name).version
      }
  }
}

extension Store {
  /// How a view stands among its versions, and whether it is deprecated.
  /// - Parameter name: by which it goes (`RegisteredView.declaration.name`).
  public func standing(of name: String) -> ViewStanding {
    registry.withLock { $0.standing(of: $0.serving(name)?.declaration.name ?? name) }
  }

  /// All versions of a view that can be read, by number; whatever version is named.
  public func versions(of name: String) -> [RegisteredView] {
    registry.withLock { $0.versions(of: VersionName(parsing: name).view) }
  }

  /// The silent ones among the versions of a view.
  public func silentVersions(of name: String) -> [RegisteredView] {
    registry.withLock { registry in
      if registry.standings.isEmpty { return [] }
      return registry.versions(of: VersionName(parsing: name).view)
        .filter { registry.standing(of: $0.declaration.name).isSilent }
    }
  }

  /// The name under which a declaration would be a silent version: that of the newest silent one, where it can
  /// be made of that at once, else with a new number. Nil where the version that serves is just that already.
  package func silentName(
    for view: ViewDeclaration, over stream: StreamDeclaration
  ) throws(StoreError) -> String? {
    let (serving, newest, known, next) = registry.withLock { registry in
      let all =
        registry.versions(of: view.name)
        + registry.building.values.map(\.view)
        .filter { VersionName(parsing: $0.declaration.name).view == view.name }
      let silent = all.filter { registry.standing(of: $0.declaration.name).isSilent }
        .max { $0.id < $1.id }
      return (
        registry.views[view.name], silent, registry.streams[view.stream],
        registry.nextVersion(of: view.name)
      )
    }
    if let newest, let known {
      let name = newest.declaration.name
      let difference = DeclarationDiff(
        from: newest.declaration, over: known.declaration, to: view.named(name), over: stream)
      if difference.kind == .identical { return name }
      if difference.kind < .incompatible, self.view(goingBy: name) != nil,
        (try? ViewPlan(
          id: newest.id, view, of: stream, aggregations: newest.plan.aggregations)) != nil
      {
        return name
      }
    }
    if let serving {
      guard serving.declaration.entity == view.entity, serving.declaration.stream == view.stream
      else {
        throw .invalid(
          "a silent version answers what view '\(view.name)' is asked, so that it has the same stream and "
            + "entity; register this under a name of its own")
      }
      if let known,
        DeclarationDiff(
          from: serving.declaration, over: known.declaration, to: view, over: stream
        ).kind == .identical
      {
        return nil
      }
    }
    return VersionName(view.name, version: next).description
  }

  func view(goingBy name: String) -> RegisteredView? {
    registry.withLock { $0.views[name] }
  }

  /// What differs between the version that serves and another declaration of the view, a line each.
  public func differences(
    to view: ViewDeclaration, over stream: StreamDeclaration
  ) throws(StoreError) -> [String] {
    guard let serving = self.view(goingBy: view.plain.name) else { return [] }
    let known = try self.stream(serving.declaration.stream).declaration
    return DeclarationDiff(
      from: serving.declaration, over: known, to: view.plain, over: stream
    ).lines
  }
}

// Numbers of versions.
extension Store {
  /// How a view stands that is registered under a name now: with the number in its name, and silent, or with
  /// the next one.
  func newStanding(of name: String) -> ViewStanding {
    let asked = VersionName(parsing: name)
    guard let version = asked.version else {
      return ViewStanding(version: registry.withLock { $0.nextVersion(of: name) })
    }
    var standing = ViewStanding(version: version)
    standing.isSilent = true
    return standing
  }

  /// How a view stands once it is built: what was deprecated of the version that it replaces was that of its
  /// features too, as far as it has them.
  func finished(_ building: BuildingView) -> ViewStanding {
    var standing = standing(of: building.view.declaration.name)
    if standing.version == building.version { return standing }
    standing.version = building.version
    standing.deprecation = nil
    standing.features = standing.features.filter {
      building.view.plan.feature(named: $0.key) != nil
    }
    return standing
  }

  /// What a store writes down of a version with its declaration: nothing of a first one that serves.
  func records(of standing: ViewStanding, _ name: String) -> [(key: String, value: String)] {
    if standing.isPlain { return [] }
    let view = VersionName(parsing: name).view
    return [
      ("standing/\(name)", standing.json.compact), ("versions/\(view)", String(standing.version)),
    ]
  }
}

extension Registry {
  /// Once the records are written.
  mutating func note(_ standing: ViewStanding, of name: String) {
    if standing.isPlain { return }
    let view = VersionName(parsing: name).view
    standings[name] = standing
    latestVersions[view] = max(latestVersions[view] ?? 0, standing.version)
  }
}
