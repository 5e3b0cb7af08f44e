// Readers of a view: chosen features, one reader per thread, on the live store or on a snapshot of it.
import FeatureModel
import Rocks

/// The state of the store at one instant, to be shared by the readers of one job.
public final class StoreSnapshot: Sendable {
  let snapshot: Snapshot

  init(_ database: Database) { snapshot = database.snapshot() }
}

extension Store {
  /// Freezes what readers made with it will see; holds back the reuse of space while it lives.
  public func snapshot() -> StoreSnapshot { StoreSnapshot(database) }

  /// A reader of some of a view's features, in the order given; all features where none are named.
  /// - Parameter entities: for a join, which selects entities in ascending order of their hashes: about how
  ///   many it will select. What is stored between two of them is skipped or stepped over.
  public func reader(
    of name: String, features names: [String]? = nil, snapshot: StoreSnapshot? = nil,
    sweeping entities: Int? = nil
  ) throws(StoreError) -> FeatureReader {
    try reader(
      of: name, features: names, snapshot: snapshot, sweeping: entities, remembering: nil)
  }

  /// The same for look-ups of now, which ask `memory` before the store.
  package func reader(
    of name: String, features: [String]?, remembering memory: (any BlockMemory)?
  ) throws(StoreError) -> FeatureReader {
    try reader(of: name, features: features, snapshot: nil, sweeping: nil, remembering: memory)
  }

  private func reader(
    of name: String, features names: [String]?, snapshot: StoreSnapshot?,
    sweeping entities: Int?, remembering memory: (any BlockMemory)?
  ) throws(StoreError) -> FeatureReader {
    let view = try self.view(name)
    var features: [Int] = Array(view.plan.features.indices)
    if let names {
      features = []
      for feature in names {
        guard let index = view.plan.feature(named: feature) else {
          throw .unknownFeature(
            feature, view: name, known: view.plan.features.map(\.declaration.name))
        }
        features.append(index)
      }
    }
    let state = state(of: view)
    return try FeatureReader(
      view.plan, features: features, state: state,
      source: BlockSource(
        database: database, family: slices, cacheBytes: options.cacheBytes, memory: memory,
        revision: state.revision),
      snapshot: snapshot?.snapshot, mark: mark(of: view), sweeping: entities)
  }
}
