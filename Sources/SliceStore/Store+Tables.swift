// Tables in the store: a record of the declaration beside the stream and the view that it lowers to. The record
// goes in first, so that a stop in between leaves something that the same call mends; all goes away in one
// step.
import FeatureModel
import Rocks

/// A table in the store.
public struct RegisteredTable: Sendable {
  public let declaration: TableDeclaration
  public let digest: Digest

  init(_ declaration: TableDeclaration) {
    self.declaration = declaration
    digest = CanonicalForm.digest(declaration)
  }
}

extension Store {
  /// All tables, by name.
  public var tables: [RegisteredTable] {
    registry.withLock { $0.tables.values.sorted { $0.declaration.name < $1.declaration.name } }
  }

  public func table(_ name: String) throws(StoreError) -> RegisteredTable {
    let known = registry.withLock { $0.tables }
    guard let table = known[name] else {
      throw .unknownTable(name, known: Array(known.keys))
    }
    return table
  }

  /// Registers a table with its stream and its view. Further attributes are added to what stands; where the
  /// table has rows already, its view is built from them anew.
  @discardableResult
  public func register(
    _ table: TableDeclaration, replacing: Bool = false
  ) throws(StoreError) -> Registration {
    try requireWritable()
    let table = try RegistryCodec.readBack(table)
    _ = try change(to: table, replacing: replacing)
    let registered = RegisteredTable(table)
    let isNew = try writer.withLock { _ throws(StoreError) in
      let known = registry.withLock { $0.tables[table.name] }
      if known?.digest == registered.digest { return false }
      let action = known == nil ? "registered" : "extended"
      let entry = AuditEntry(action, "table '\(table.name)'", digest: registered.digest)
      try putMeta([("table/\(table.name)", CanonicalForm.text(table)), audit(entry)])
      registry.withLock { $0.tables[table.name] = registered }
      noteChange()
      return known == nil
    }
    let stream = try register(table.stream)
    let view = try register(table.view, replacing: replacing)
    if isNew, case .unchanged = view { return .registered }
    if case .unchanged = view, case .extended = stream { return stream }
    return view
  }

  /// What registering a table would do to its view.
  /// - Throws: what registering it would throw.
  public func change(
    to table: TableDeclaration, replacing: Bool = false
  ) throws(StoreError) -> ViewChange {
    if let standing = registry.withLock({ $0.streams[table.name]?.declaration }) {
      let difference = DeclarationDiff(from: standing, to: table.stream)
      guard difference.kind <= .compatible else {
        throw .redefinition(name: table.name, differences: difference.lines)
      }
    }
    return try change(to: table.view, over: table.stream, replacing: replacing)
  }

  /// Takes a table away with all its rows. Refused while a feature set names it, or another view reads its
  /// rows.
  public func drop(table name: String) throws(StoreError) {
    try requireWritable()
    // In one step: what a table leaves behind would be there again with the next one of its name.
    let gone = try writer.withLock { _ throws(StoreError) in
      let table = try table(name)
      try requireUnread(table: name)
      let gone = views(of: name).map(\.id)
      let forgotten = uses(below: name)
      var changes = WriteBatch()
      put(
        [audit(AuditEntry("dropped", "table '\(name)'", digest: table.digest))], into: &changes)
      let records = Self.tableRecords.map { "\($0)/\(name)" } + forgotten.map { "used/\($0)" }
      for record in records { changes.delete(key: Array(record.utf8), in: meta) }
      for view in gone { noteGone(view, in: &changes) }
      if let log = registry.withLock({ $0.streams[name]?.kept }) {
        remove(log.taker, from: &changes)
      }
      try StoreError.wrap { () throws(RocksError) in try database.write(changes, sync: true) }
      registry.withLock {
        $0.tables[name] = nil
        $0.streams[name] = nil
        $0.views[name] = nil
        $0.building[name] = nil
        $0.standings[name] = nil
        for subject in forgotten { $0.uses[subject] = nil }
      }
      forgetPlans()
      return gone
    }
    for view in gone { try erase(view) }
  }

  private func requireUnread(table name: String) throws(StoreError) {
    if let set = sets.first(where: { $0.declaration.views.contains(name) }) {
      throw .invalid(
        "table '\(name)' cannot be dropped: feature set '\(set.declaration.name)' names it. "
          + "Drop the set first")
    }
    let others = (views(of: name) + followers(of: name)).map(\.declaration.name)
      .filter { $0 != name }
    if let other = others.first {
      throw .invalid(
        "table '\(name)' cannot be dropped: view '\(other)' reads its rows. Drop the view first")
    }
  }

  /// Kinds of the records that a table has, its stream's and its view's among them.
  private static let tableRecords = [
    "table", "stream", "seal", "kept", "view", "building", "floor", "standing",
  ]
}

extension Store {
  /// Throws where a stream or view that is registered is that of a table, and not as the table has it.
  func requireTable(of stream: StreamDeclaration) throws(StoreError) {
    guard let table = registry.withLock({ $0.tables[stream.name]?.declaration }),
      table.stream != stream
    else { return }
    throw Self.isTable(stream.name)
  }

  /// As for a stream.
  func requireTable(of view: ViewDeclaration) throws(StoreError) {
    guard let table = registry.withLock({ $0.tables[view.name]?.declaration }), table.view != view
    else { return }
    throw Self.isTable(view.name)
  }

  /// Throws where a stream holds the rows of a table, or a view is that of one.
  package func requireNoTable(_ name: String, _ wayOut: String) throws(StoreError) {
    guard registry.withLock({ $0.tables[name] }) != nil else { return }
    throw .invalid("'\(name)' is a table: \(wayOut)")
  }

  private static func isTable(_ name: String) -> StoreError {
    .invalid(
      "'\(name)' is a table, which has a stream and a view of this name: register the table as it is to be, "
        + "or choose another name")
  }
}
