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
  public func reader(
    of name: String, features names: [String]? = nil, snapshot: StoreSnapshot? = nil
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
    let floors = FloorLookup(store: self, view: name)
    return FeatureReader(
      view.plan, features: features, source: BlockSource(database: database, family: slices),
      snapshot: snapshot?.snapshot, floor: { floors.current })
  }
}

/// A view's floor at the time of asking: it may move while a reader lives.
private struct FloorLookup: Sendable {
  let store: Store
  let view: String

  var current: Int64 {
    store.registry.withLock { $0.views[view]?.floor?.index ?? .min }
  }
}
