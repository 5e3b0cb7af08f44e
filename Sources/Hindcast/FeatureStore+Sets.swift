// The vector of a feature set for one moment: its views are looked up one after the other, all on one state of
// the store, and what is computed is computed by the steps that also serve joins and the socket.
import FeatureModel
import SliceStore

/// Reads the vectors of one set. Keeps its buffers, so one per thread; not for use by two threads.
package final class VectorReader {
  package let shape: SetShape
  /// Of the members.
  package let values: AnswerValues
  package let parts: [Part]
  private let read: AnswerValues
  private let derivation: SetDerivation

  /// One view of the set.
  package struct Part {
    package let reader: FeatureReader
    /// For each of the reader's features its place among what the set reads.
    let places: [Int]
    /// For each part of the view's key its place among the set's key fields.
    package let key: [Int]
  }

  /// - Parameter makeReader: a reader of some features of a view.
  package init(
    _ set: FeatureSet, in store: Store,
    _ makeReader: (_ view: String, _ features: [String]) throws(StoreError) -> FeatureReader
  ) throws(StoreError) {
    let shape = try store.shape(of: set)
    var parts: [Part] = []
    for view in set.views {
      let places = shape.reads.indices.filter { shape.reads[$0].view == view }
      let reader = try makeReader(view, places.map { shape.reads[$0].feature })
      let names = reader.plan.declaration.entity.map { set.spineName(of: $0, in: view) }
      let key = names.map { name in shape.keyFields.firstIndex(of: name)! }
      parts.append(Part(reader: reader, places: places, key: key))
    }
    self.shape = shape
    self.parts = parts
    values = AnswerValues(count: shape.types.count)
    read = AnswerValues(count: shape.reads.count)
    derivation = SetDerivation(shape)
  }

  /// Puts the vector at one moment into `values`.
  /// - Parameter ask: has a view answered at its entity; nothing of it is needed afterwards.
  package func answer<Failure: Error>(
    _ ask: (_ part: Part) throws(Failure) -> Void
  ) throws(Failure) {
    for part in parts {
      defer { part.reader.release() }
      try ask(part)
      for (index, place) in part.places.enumerated() {
        read[place] = part.reader.values[index]
      }
    }
    derivation.derive(read, into: values)
  }
}

extension FeatureStore {
  /// The vector of a set, in its order. `keys` has a text for each of the set's key fields; one that is nil is
  /// answered like an entity that is not known.
  public func vector(
    _ name: String, keys: [String: String?], at time: Timestamp, _ mode: ReadMode = .asServed
  ) throws(StoreError) -> [(name: String, type: FieldType, value: Value)] {
    let set = try store.set(name).declaration
    let snapshot = store.snapshot()
    let reader = try VectorReader(set, in: store) { view, features throws(StoreError) in
      try store.reader(of: view, features: features, snapshot: snapshot)
    }
    let fields = reader.shape.keyFields
    for field in keys.keys.sorted() where !fields.contains(field) {
      throw .invalid(
        "no view of the set '\(name)' has the key field '\(field)'"
          + Suggestion.phrase(for: field, among: fields))
    }
    for field in fields where keys[field] == nil {
      throw .invalid(
        "the key field '\(field)' is missing; the set '\(name)' needs "
          + fields.joined(separator: ", "))
    }
    try reader.answer { part throws(StoreError) in
      let parts = part.key.compactMap { keys[fields[$0]]! }
      guard parts.count == part.key.count else { return try part.reader.answerEmpty(at: time) }
      _ = try part.reader.answer(EntityKey(parts: parts), at: time, mode)
    }
    return reader.shape.declaration.members.enumerated().map { index, member in
      (member.name, reader.shape.types[index], reader.values[index])
    }
  }

  /// The key fields that the spine of a set has, each once, and its members with their types in order.
  public func members(
    of set: FeatureSet
  ) throws(StoreError) -> (key: [String], members: [(name: String, type: FieldType)]) {
    let shape = try store.shape(of: set)
    return (shape.keyFields, zip(set.members.map(\.name), shape.types).map { (name: $0, type: $1) })
  }

  /// The key fields that the spine of a set has, each once.
  public func keyFields(of set: FeatureSet) throws(StoreError) -> [String] {
    try store.shape(of: set).keyFields
  }
}
