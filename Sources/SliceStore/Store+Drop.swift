// Taking a view away: its name is free again, and its space comes back.
import FeatureModel
import Rocks

extension Store {
  /// Takes a view away with all that is stored of it; one that is being built, or, where none is, the one that
  /// answers. Refused while a feature set names it.
  /// - Returns: what is known of who still asked for it, where it was deprecated; nil otherwise.
  @discardableResult
  public func drop(view asked: String) throws(StoreError) -> String? {
    try requireWritable()
    try requireNoTable(asked, "drop the table, and its view goes with it")
    let (id, note) = try writer.withLock { _ throws(StoreError) in
      let name = registry.withLock { $0.serving(asked)?.declaration.name ?? asked }
      let (waiting, standing) = registry.withLock { ($0.building[name]?.view, $0.views[name]) }
      let users = sets.filter { $0.declaration.views.contains(name) }
        .map(\.declaration.name)
      let view = if let waiting { waiting } else { try self.view(name) }
      if let set = users.first, waiting == nil || standing == nil {
        throw .invalid(
          "view '\(name)' cannot be dropped: feature set '\(set)' names it. Drop the set first")
      }
      // Sets may have been registered for what the version has that is being built.
      if let waiting, let standing { try requireKept(standing.declaration, of: waiting) }
      var changes = WriteBatch()
      let note = waiting == nil ? lastUse(of: name) : nil
      let entry = AuditEntry(
        "dropped", "view '\(name)'", digest: view.digest, lines: note.map { [$0] } ?? [])
      put([audit(entry)], into: &changes)
      let forgotten = uses(below: name)
      var keys = ["building/\(name)"]
      if waiting == nil {
        keys = ["view/\(name)", "floor/\(name)"] + forgotten.map { "used/\($0)" }
      }
      // One that replaces another has no standing of its own yet.
      let isAlone = waiting == nil || standing == nil
      if isAlone { keys.append("standing/\(name)") }
      for key in keys { changes.delete(key: Array(key.utf8), in: meta) }
      noteGone(view.id, in: &changes)
      try StoreError.wrap { () throws(RocksError) in try database.write(changes, sync: true) }
      registry.withLock {
        if isAlone { $0.standings[name] = nil }
        if waiting == nil {
          $0.views[name] = nil
          for subject in forgotten { $0.uses[subject] = nil }
        } else {
          $0.building[name] = nil
        }
      }
      forgetPlans()
      return (view.id, note)
    }
    try erase(id)
    return note
  }

  /// Of something deprecated: since when, and who asked for it.
  private func lastUse(of name: String) -> String? {
    guard let deprecation = standing(of: name).deprecation else { return nil }
    let use = use(of: name)?.text ?? "no look-up since was seen"
    return "\(deprecation.text); \(use)"
  }

  /// What is counted of a view and of its features.
  func uses(below name: String) -> [String] {
    registry.withLock { $0.uses.keys.filter { $0 == name || $0.hasPrefix("\(name).") } }
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
