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

  /// The outcome in a word.
  public var name: String {
    switch self {
    case .registered: "registered"
    case .unchanged: "unchanged"
    case .extended: "extended"
    }
  }

  /// What came and went, a line each.
  public var differences: [String] {
    if case .extended(let lines) = self { lines } else { [] }
  }
}

extension Store {
  @discardableResult
  public func register(_ stream: StreamDeclaration) throws(StoreError) -> Registration {
    try requireWritable()
    let stream = try RegistryCodec.readBack(stream)
    return try writer.withLock { _ throws(StoreError) in
      var registered = RegisteredStream(
        declaration: stream, digest: CanonicalForm.digest(stream), seal: nil)
      var outcome = Registration.registered
      if let known = registry.withLock({ $0.streams[stream.name] }) {
        let difference = DeclarationDiff(from: known.declaration, to: stream)
        if difference.kind == .identical { return .unchanged }
        guard difference.kind == .compatible else {
          throw .redefinition(name: stream.name, differences: difference.lines)
        }
        registered.seal = known.seal
        outcome = .extended(difference.lines)
      }
      let views = try replan(views(of: stream.name), over: stream)
      try putMeta([("stream/\(stream.name)", CanonicalForm.text(stream))])
      registry.withLock { registry in
        registry.streams[stream.name] = registered
        for view in views { registry.views[view.declaration.name] = view }
      }
      forgetPlans()
      return outcome
    }
  }

  /// The same views with the field numbers of an extended stream.
  private func replan(
    _ views: [RegisteredView], over stream: StreamDeclaration
  ) throws(StoreError) -> [RegisteredView] {
    var replanned: [RegisteredView] = []
    for view in views {
      let old = try self.stream(stream.name).declaration
      var plan = try RegistryCodec.makeView(
        id: view.id, view.declaration.moved(from: old, to: stream),
        layout: view.layout.moved(from: old, to: stream), of: stream)
      plan.floor = view.floor
      replanned.append(plan)
    }
    return replanned
  }

  @discardableResult
  public func register(_ view: ViewDeclaration) throws(StoreError) -> Registration {
    try requireWritable()
    return try writer.withLock { _ throws(StoreError) in
      let stream = try stream(view.stream).declaration
      let view = try RegistryCodec.readBack(view, over: stream)
      guard let known = registry.withLock({ $0.views[view.name] }) else {
        try registerNew(view, of: stream)
        return .registered
      }
      let difference = DeclarationDiff(
        from: known.declaration, over: stream, to: view, over: stream)
      if difference.kind == .identical { return .unchanged }
      guard difference.kind < .incompatible else {
        throw .redefinition(name: view.name, differences: difference.lines)
      }
      try requireKept(view)
      try extend(known, to: view, of: stream)
      return .extended(difference.lines)
    }
  }

  private func registerNew(
    _ view: ViewDeclaration, of stream: StreamDeclaration
  ) throws(StoreError) {
    let id = ViewID(number: registry.withLock { $0.nextView })
    let registered = try RegistryCodec.makeView(id: id, view, layout: view, of: stream)
    try putMeta([
      ("view/\(view.name)", RegistryCodec.viewRecord(registered, over: stream)),
      ("next-view", String(id.number + 1)),
    ])
    registry.withLock {
      $0.views[view.name] = registered
      $0.nextView = id.number + 1
    }
    forgetPlans()
  }

  /// Throws `needsBackfill` where a new feature needs partials that are not stored.
  private func extend(
    _ known: RegisteredView, to view: ViewDeclaration, of stream: StreamDeclaration
  ) throws(StoreError) {
    var extended = try RegistryCodec.makeView(
      id: known.id, view, layout: known.layout, of: stream)
    extended.floor = known.floor
    try putMeta([("view/\(view.name)", RegistryCodec.viewRecord(extended, over: stream))])
    registry.withLock { $0.views[view.name] = extended }
    forgetPlans()
  }

  /// What was made for the declarations as they were.
  private func forgetPlans() {
    streamWriters.withLock { $0.removeAll() }
    noteChange()
  }

  /// Writes records of `meta` in one synced batch.
  func putMeta(_ records: [(key: String, value: String)]) throws(StoreError) {
    try StoreError.wrap { () throws(RocksError) in
      var batch = WriteBatch()
      for record in records {
        batch.put(key: Array(record.key.utf8), value: Array(record.value.utf8), in: meta)
      }
      try database.write(batch, sync: true)
    }
  }
}
