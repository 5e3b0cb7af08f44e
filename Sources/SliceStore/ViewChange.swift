// What registering a view would do, found out before anything is done: `register` does it, `plan` tells it.
import FeatureModel

/// The meaning of a view's declaration for a store.
public enum ViewChange: Hashable, Sendable {
  /// The same stands already.
  case unchanged
  /// The same is being built already.
  case waiting
  /// Windows and features over stored partials: live at once. The lines say what comes and goes.
  case extended([String])
  case new(History)
  /// Another version, which is made of kept events while the present one serves.
  case replaced([String])

  /// Where a new view gets from what happened before it.
  public enum History: Hashable, Sendable {
    /// There were no events.
    case none
    /// The stream keeps its events.
    case kept
    /// The stream's files are to be ingested again, for this view alone.
    case files
  }
}

extension Store {
  /// What registering a view would do.
  /// - Parameters:
  ///   - stream: as it is, or will be.
  ///   - replacing: another meaning under a known name is wanted.
  ///   - other: the stream that it joins, as it will be; nil for as it is.
  /// - Throws: what registering it would throw.
  public func change(
    to view: ViewDeclaration, over stream: StreamDeclaration, replacing: Bool = false,
    joining other: StreamDeclaration? = nil
  ) throws(StoreError) -> ViewChange {
    let (standing, waiting, known) = registry.withLock {
      ($0.views[view.name], $0.building[view.name]?.view, $0.streams[view.stream])
    }
    if let waiting, let known {
      let difference = DeclarationDiff(
        from: waiting.declaration, over: known.declaration, to: view, over: stream)
      guard difference.kind == .identical else { throw .building(view: view.name) }
      return .waiting
    }
    _ = try RegistryCodec.readBack(view, over: stream)
    // What is kept goes with the declaration of the stream that says so, before the view comes.
    let isLetGo = known?.kept != nil && stream.keep == nil
    let isKept = known?.kept?.isWhole == true && !isLetGo
    try requireKept(view)
    try requireJoin(of: view, over: stream, other)
    guard let standing else {
      _ = try ViewPlan(id: ViewID(number: 1), view, of: stream)
      let history = try isLetGo ? .files : history(of: known)
      if history == .kept { try requireLifetimes(of: view, in: known) }
      return .new(history)
    }
    let old = try self.stream(standing.declaration.stream).declaration
    let difference = DeclarationDiff(
      from: standing.declaration, over: old, to: view, over: stream)
    switch difference.kind {
    case .identical: return .unchanged
    case .compatible:
      do throws(StoreError) {
        try requireSlices(of: view)
        _ = try ViewPlan(
          id: standing.id, view, of: stream, aggregations: standing.plan.aggregations)
        return .extended(difference.lines)
      } catch {
        // A derived field goes that no feature needs any more, but partials of a former one are made of.
        guard case .unknownField = error else { throw error }
        guard replacing, isKept else {
          throw .redefinition(
            name: view.name,
            differences: difference.lines + ["partials of a former feature are made of this field"])
        }
      }
    case .newAggregation:
      do throws(StoreError) {
        try requireSlices(of: view)
        _ = try ViewPlan(
          id: standing.id, view, of: stream, aggregations: standing.plan.aggregations)
        return .extended(difference.lines)
      } catch {
        // All that stands keeps its meaning, so nobody has to ask for it.
        guard case .needsBackfill = error, isKept else { throw error }
      }
    case .incompatible:
      guard replacing, view.stream == standing.declaration.stream, isKept
      else { throw .redefinition(name: view.name, differences: difference.lines) }
    }
    _ = try ViewPlan(id: standing.id, view, of: stream)
    try requireLifetimes(of: view, in: known)
    return .replaced(difference.lines)
  }

  /// Throws where a view that is built from kept events would have lifetime windows over events that are gone.
  private func requireLifetimes(
    of view: ViewDeclaration, in stream: RegisteredStream?
  ) throws(StoreError) {
    guard let start = stream?.kept?.start,
      let lifetime = view.features.first(where: \.window.isLifetime)
    else { return }
    throw .invalid(
      "feature '\(lifetime.name)' is over a lifetime, but stream '\(view.stream)' keeps only events that "
        + "arrived from \(start) on. Leave it out, or keep all events of a stream (\"keep\": true)")
  }

  private func history(of stream: RegisteredStream?) throws(StoreError) -> ViewChange.History {
    guard let stream else { return .none }
    if let log = stream.kept, log.isWhole {
      return try nextChunkNumber(log) == 0 ? .none : .kept
    }
    for view in views(of: stream.declaration.name) {
      if !(try positions(in: view.id)).isEmpty { return .files }
    }
    return .none
  }
}
