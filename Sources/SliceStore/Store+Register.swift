// Registration: new names go in, the same declaration again changes nothing, compatible changes (windows
// and features over stored aggregations) are live at once, anything else is refused with its differences.
import FeatureModel
import Rocks

/// What a registration did.
public enum Registration: Hashable, Sendable {
  case registered
  case unchanged
  /// Features came or went over what is stored already; the lines say which.
  case extended([String])
  /// The view takes in what comes, and its history is made of kept events (`Store.build`); then it answers,
  /// in place of the one that has its name. The lines say what differs from that one.
  case building([String])

  /// The outcome in a word.
  public var name: String {
    switch self {
    case .registered: "registered"
    case .unchanged: "unchanged"
    case .extended: "extended"
    case .building: "building"
    }
  }

  /// What came and went, a line each.
  public var differences: [String] {
    switch self {
    case .extended(let lines), .building(let lines): lines
    default: []
    }
  }
}

extension Store {
  @discardableResult
  public func register(_ stream: StreamDeclaration) throws(StoreError) -> Registration {
    try requireWritable()
    let stream = try RegistryCodec.readBack(stream)
    try requireTable(of: stream)
    return try writer.withLock { _ throws(StoreError) in
      var registered = RegisteredStream(
        declaration: stream, digest: CanonicalForm.digest(stream), seal: nil)
      var outcome = Registration.registered
      let known = registry.withLock { $0.streams[stream.name] }
      if let known {
        let difference = DeclarationDiff(from: known.declaration, to: stream)
        if difference.kind == .identical { return .unchanged }
        guard difference.kind == .compatible else {
          throw .redefinition(name: stream.name, differences: difference.lines)
        }
        registered.seal = known.seal
        outcome = .extended(difference.lines)
      }
      try requireJoins(of: stream)
      let views = try replan(views(of: stream.name), over: stream)
      var changes = WriteBatch()
      put(
        [
          ("stream/\(stream.name)", CanonicalForm.text(stream)),
          audit(
            AuditEntry(
              outcome.name, "stream '\(stream.name)'", digest: registered.digest,
              lines: outcome.differences)),
        ], into: &changes)
      registered.kept = try changeKeeping(of: registered, from: known, &changes)
      try StoreError.wrap { () throws(RocksError) in try database.write(changes, sync: true) }
      let kept = registered.kept?.number
      registry.withLock { registry in
        registry.streams[stream.name] = registered
        if let kept { registry.nextKept = max(registry.nextKept, kept + 1) }
        for view in views {
          let name = view.declaration.name
          if registry.views[name]?.id == view.id {
            registry.views[name] = view
          } else {
            registry.building[name]?.view = view
          }
        }
      }
      forgetPlans()
      return outcome
    }
  }

  /// Throws what registering a stream would throw; changes nothing.
  package func requireRegistrable(_ stream: StreamDeclaration) throws(StoreError) {
    let stream = try RegistryCodec.readBack(stream)
    try requireTable(of: stream)
    guard let known = registry.withLock({ $0.streams[stream.name] }) else { return }
    let difference = DeclarationDiff(from: known.declaration, to: stream)
    if difference.kind == .identical { return }
    guard difference.kind == .compatible else {
      throw .redefinition(name: stream.name, differences: difference.lines)
    }
    try requireJoins(of: stream)
    if stream.keep == nil, known.kept != nil { try requireNoneBuilding(of: stream.name) }
    _ = try replan(views(of: stream.name), over: stream)
  }

  private func requireNoneBuilding(of stream: String) throws(StoreError) {
    let waiting = building.first { $0.view.declaration.stream == stream }
    if let view = waiting?.view.declaration.name { throw .building(view: view) }
  }

  /// The log of a stream's events as its declaration wants it: begun, left alone, or gone with its events.
  private func changeKeeping(
    of stream: RegisteredStream, from known: RegisteredStream?, _ changes: inout WriteBatch
  ) throws(StoreError) -> KeptLog? {
    let name = stream.declaration.name
    guard stream.declaration.keep != nil else {
      guard let log = known?.kept else { return nil }
      try requireNoneBuilding(of: name)
      let range = KeptKey.all(log)
      let positions = SliceKey.position(view: log.taker, source: "")
      changes.deleteRange(from: range.lower, to: range.upper, in: slices)
      changes.deleteRange(from: positions, to: positions + [0xFF], in: slices)
      changes.delete(key: Array("kept/\(name)".utf8), in: meta)
      return nil
    }
    if let log = known?.kept { return log }
    var isWhole = true
    for view in views(of: name) {
      if !(try isEmpty(SliceKey.range(view: view.id))) { isWhole = false }
    }
    let log = KeptLog(number: registry.withLock { $0.nextKept }, isWhole: isWhole, start: nil)
    put([("kept/\(name)", log.record), ("next-kept", String(log.number + 1))], into: &changes)
    return log
  }

  /// The same views with the field numbers of an extended stream.
  private func replan(
    _ views: [RegisteredView], over stream: StreamDeclaration
  ) throws(StoreError) -> [RegisteredView] {
    var replanned: [RegisteredView] = []
    for view in views {
      let old = try self.stream(stream.name).declaration
      // What is stored may be made of fields that the view derives no longer.
      let derived = view.declaration.derived + view.layout.derived
      if let name = derived.first(where: { stream.index(of: $0.name) != nil })?.name {
        throw .invalid(
          "stream '\(stream.name)' cannot have a field '\(name)': view '\(view.declaration.name)' "
            + "derives a field of that name, or did; choose another")
      }
      if let field = view.declaration.join?.fields.first(where: { stream.index(of: $0.name) != nil }
      ) {
        throw .invalid(
          "stream '\(stream.name)' cannot have a field '\(field.name)': view '\(view.declaration.name)' "
            + "joins a field of that name to it; choose another")
      }
      let declaration = view.declaration.moved(from: old, to: stream)
      let layout = view.layout.moved(from: old, to: stream)
      // Both are read when the store is opened again.
      for part in [declaration, layout] { _ = try RegistryCodec.readBack(part, over: stream) }
      var plan = try RegistryCodec.makeView(id: view.id, declaration, layout: layout, of: stream)
      plan.floor = view.floor
      replanned.append(plan)
    }
    return replanned
  }

  /// - Parameters:
  ///   - replacing: a view of the name may mean something else from now on, where its history can be made of
  ///     kept events; without it that is refused.
  ///   - silent: `view` has the name of a version, `sender_history@2`, and is computed without being served.
  @discardableResult
  public func register(
    _ view: ViewDeclaration, replacing: Bool = false, silent: Bool = false
  ) throws(StoreError) -> Registration {
    try requireWritable()
    guard silent == (VersionName(parsing: view.name).version != nil) else {
      throw .invalid(
        "view '\(view.name)' cannot be registered: "
          + (silent
            ? "a silent version has a number, as in '\(view.name)@2'"
            : "versions get their numbers when they are registered silently"))
    }
    return try writer.withLock { _ throws(StoreError) in
      let stream = try stream(view.stream)
      let view = try RegistryCodec.readBack(view, over: stream.declaration)
      try requireTable(of: view)
      let digest = CanonicalForm.digest(view.plain, over: stream.declaration)
      func entry(_ action: String, _ lines: [String] = []) -> AuditEntry {
        AuditEntry(action, "view '\(view.name)'", digest: digest, lines: lines)
      }
      let change = try change(to: view, over: stream.declaration, replacing: replacing)
      try prepareJoin(of: view)
      switch change {
      case .unchanged: return .unchanged
      case .waiting: return .building([])
      case .extended(let lines):
        try extend(
          try self.view(view.name), to: view, of: stream.declaration, entry("extended", lines))
        return .extended(lines)
      case .new(.kept):
        try registerBuilding(
          view, of: stream, stream.kept!, audit: entry("registered", silent ? ["silent"] : []))
        return .building([])
      case .new:
        try registerNew(
          view, of: stream.declaration, entry("registered", silent ? ["silent"] : []))
        return .registered
      case .replaced(let lines):
        try registerBuilding(view, of: stream, stream.kept!, audit: entry("replaced", lines))
        return .building(lines)
      }
    }
  }

  private func registerNew(
    _ view: ViewDeclaration, of stream: StreamDeclaration, _ entry: AuditEntry
  ) throws(StoreError) {
    let id = ViewID(number: registry.withLock { $0.nextView })
    let registered = try RegistryCodec.makeView(id: id, view, layout: view, of: stream)
    let standing = newStanding(of: view.name)
    try putMeta(
      [
        ("view/\(view.name)", RegistryCodec.viewRecord(registered, over: stream)),
        ("next-view", String(id.number + 1)), audit(entry),
      ] + records(of: standing, view.name))
    registry.withLock {
      $0.views[view.name] = registered
      $0.nextView = id.number + 1
      $0.note(standing, of: view.name)
    }
    forgetPlans()
  }

  /// Throws where a registered view, declared as this, would have lifetime windows over slices that are gone.
  package func requireSlices(of view: ViewDeclaration) throws(StoreError) {
    guard let floor = registry.withLock({ $0.views[view.name]?.floor }),
      let lifetime = view.features.first(where: \.window.isLifetime)
    else { return }
    throw .invalid(
      "feature '\(lifetime.name)' is over a lifetime, but view '\(view.name)' keeps slices from "
        + "\(view.slice.start(of: floor)) on only; register it in a view of a new name")
  }

  /// Throws `needsBackfill` where a new feature needs partials that are not stored.
  private func extend(
    _ known: RegisteredView, to view: ViewDeclaration, of stream: StreamDeclaration,
    _ entry: AuditEntry
  ) throws(StoreError) {
    var extended = try RegistryCodec.makeView(
      id: known.id, view, layout: known.layout, of: stream)
    extended.floor = known.floor
    try putMeta([
      ("view/\(view.name)", RegistryCodec.viewRecord(extended, over: stream)), audit(entry),
    ])
    registry.withLock { $0.views[view.name] = extended }
    forgetPlans()
  }

  /// What was made for the declarations as they were.
  func forgetPlans() {
    streamWriters.withLock { $0.removeAll() }
    noteChange()
  }

  /// Writes records of `meta` in one synced batch.
  func putMeta(_ records: [(key: String, value: String)]) throws(StoreError) {
    var batch = WriteBatch()
    put(records, into: &batch)
    try StoreError.wrap { () throws(RocksError) in try database.write(batch, sync: true) }
  }

  func put(_ records: [(key: String, value: String)], into batch: inout WriteBatch) {
    for record in records {
      batch.put(key: Array(record.key.utf8), value: Array(record.value.utf8), in: meta)
    }
  }
}
