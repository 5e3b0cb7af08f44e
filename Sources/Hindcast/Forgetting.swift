// Forgetting an entity, for programs that name it by fields and texts. What a server recorded about it is
// Monitoring's; this is the store alone.
import FeatureModel
import SliceStore

extension FeatureStore {
  /// Erases an entity from everything that the store has, then reads everything again.
  /// - Parameter entity: fields and their values, as texts; with several, it is what has all of them.
  /// - Returns: what was erased, place by place, and what is left of it: `left` has to be 0. It cannot be
  ///   undone.
  /// - Throws: where no view or kept stream has such a field.
  /// - Complexity: O(bytes stored).
  public func forget(
    _ entity: KeyValuePairs<String, String>
  ) throws(HindcastError) -> ForgetReport {
    try HindcastError.store { () throws(StoreError) in
      try store.forget(entity.map { EntityPart($0.key, $0.value) })
    }
  }

  /// Where an entity is stored, as `left`; changes nothing, and needs no store that is open for writing.
  /// - Complexity: O(bytes stored).
  public func find(
    _ entity: KeyValuePairs<String, String>
  ) throws(HindcastError) -> ForgetReport {
    try HindcastError.store { () throws(StoreError) in
      try store.find(entity.map { EntityPart($0.key, $0.value) })
    }
  }
}
