// Taking a view away: its name is free again, and its space comes back.
import FeatureModel
import Rocks

extension Store {
  /// Takes a view away with all that is stored of it; one that is being built, or, where none is, the one that
  /// answers. Refused while a feature set names it.
  public func drop(view name: String) throws(StoreError) {
    try requireWritable()
    try requireNoTable(name, "drop the table, and its view goes with it")
    let id = try writer.withLock { _ throws(StoreError) in
      let (waiting, standing) = registry.withLock { ($0.building[name]?.view, $0.views[name]) }
      let users = sets.filter { $0.declaration.views.contains(name) }
        .map(\.declaration.name)
      let view = if let waiting { waiting } else { try self.view(name) }
      if let set = users.first, waiting == nil || standing == nil {
        throw .invalid(
          "view '\(name)' cannot be dropped: feature set '\(set)' names it. Drop the set first")
      }
      var changes = WriteBatch()
      let entry = AuditEntry("dropped", "view '\(name)'", digest: view.digest)
      put([audit(entry)], into: &changes)
      let keys = waiting == nil ? ["view/\(name)", "floor/\(name)"] : ["building/\(name)"]
      for key in keys { changes.delete(key: Array(key.utf8), in: meta) }
      try StoreError.wrap { () throws(RocksError) in try database.write(changes, sync: true) }
      registry.withLock {
        if waiting == nil { $0.views[name] = nil } else { $0.building[name] = nil }
      }
      forgetPlans()
      return view.id
    }
    try erase(id)
  }

  /// Takes a feature set away; its views stay.
  public func drop(set name: String) throws(StoreError) {
    try requireWritable()
    try writer.withLock { _ throws(StoreError) in
      let known = try set(name)
      var changes = WriteBatch()
      put(
        [audit(AuditEntry("dropped", "set '\(name)'", digest: known.digest))], into: &changes)
      changes.delete(key: Array("set/\(name)".utf8), in: meta)
      try StoreError.wrap { () throws(RocksError) in try database.write(changes, sync: true) }
      registry.withLock { $0.sets[name] = nil }
      noteChange()
    }
  }
}
