// The shared Swift API: a store with everything around it that people work with (declarations as text, row
// files, joins, receipts). The command line, and later the server and the C ABI, are thin layers over it.
import Aggregates
import FeatureModel
import SliceStore

/// A store of features. Any number of threads may read; writes take turns.
public final class FeatureStore: Sendable {
  public let store: Store

  public init(_ store: Store) { self.store = store }

  /// Whether there is a store in a folder, or what is left of one.
  public static func exists(at path: String) -> Bool { Store.exists(at: path) }

  public static func open(
    _ path: String, _ mode: StoreMode = .existing, options: StoreOptions = StoreOptions()
  ) throws(StoreError) -> FeatureStore {
    FeatureStore(try Store.open(at: path, mode, options: options))
  }

  /// The reader of declarations that knows all aggregate functions.
  public static let declarations = DeclarationReader(signatures: AggregateCatalog.signatures)
}

extension FeatureStore {
  /// The features of one entity. `entity` has one text per key field of the view, in its order; with a nil
  /// among them it is answered like an entity that is not known.
  public func get(
    _ view: String, entity: [String?], at time: Timestamp, _ mode: ReadMode = .asServed,
    features: [String]? = nil
  ) throws(StoreError) -> [(name: String, type: FieldType, value: Value)] {
    let reader = try store.reader(of: view, features: features)
    let values: [Value]
    if let key = try key(entity, of: reader.plan) {
      values = try reader.answer(key, at: time, mode)
    } else {
      try reader.answerEmpty(at: time)
      values = reader.values.all
    }
    return zip(reader.features, values).map { index, value in
      let feature = reader.plan.features[index].declaration
      return (feature.name, feature.type, value)
    }
  }

  /// The stored entries behind one feature's value.
  public func explain(
    _ view: String, entity: [String?], feature: String, at time: Timestamp,
    _ mode: ReadMode = .asServed
  ) throws(StoreError) -> (value: Value, contributions: [FeatureReader.Contribution]) {
    let reader = try store.reader(of: view, features: [feature], snapshot: store.snapshot())
    guard let key = try key(entity, of: reader.plan) else {
      try reader.answerEmpty(at: time)
      return (reader.values[0], [])
    }
    let value = try reader.answer(key, at: time, mode)[0]
    return (value, try reader.explain(0, key, at: time, mode))
  }

  private func key(_ parts: [String?], of plan: ViewPlan) throws(StoreError) -> EntityKey? {
    let view = plan.declaration
    guard parts.count == view.entity.count else {
      throw .entityParts(view: view.name, expected: view.entity, given: parts.count)
    }
    let known = parts.compactMap { $0 }
    return known.count == parts.count ? EntityKey(parts: known) : nil
  }
}
