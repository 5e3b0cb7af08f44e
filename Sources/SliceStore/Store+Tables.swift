// Tables in the store: a record of the declaration beside the stream and the view that it lowers to. The record
// goes in first and is taken away first, so that a stop in between leaves something that the same call mends.
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
    let table = try table(name)
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
    try writer.withLock { _ throws(StoreError) in
      var changes = WriteBatch()
      put(
        [audit(AuditEntry("dropped", "table '\(name)'", digest: table.digest))], into: &changes)
      changes.delete(key: Array("table/\(name)".utf8), in: meta)
      try StoreError.wrap { () throws(RocksError) in try database.write(changes, sync: true) }
      registry.withLock { $0.tables[name] = nil }
    }
    while views(of: name).contains(where: { $0.declaration.name == name }) { try drop(view: name) }
    try dropRows(of: name)
  }

  /// Takes the stream away that held a table's rows, with what it kept.
  private func dropRows(of name: String) throws(StoreError) {
    try writer.withLock { _ throws(StoreError) in
      guard let stream = registry.withLock({ $0.streams[name] }) else { return }
      var changes = WriteBatch()
      for kind in ["stream", "seal", "kept"] {
        changes.delete(key: Array("\(kind)/\(name)".utf8), in: meta)
      }
      if let log = stream.kept {
        let range = KeptKey.all(log)
        let positions = SliceKey.position(view: log.taker, source: "")
        changes.deleteRange(from: range.lower, to: range.upper, in: slices)
        changes.deleteRange(from: positions, to: positions + [0xFF], in: slices)
      }
      try StoreError.wrap { () throws(RocksError) in try database.write(changes, sync: true) }
      registry.withLock { $0.streams[name] = nil }
      forgetPlans()
    }
  }
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
