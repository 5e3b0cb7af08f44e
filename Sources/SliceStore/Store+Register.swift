// Registration: new names go in, the same declaration again changes nothing, compatible changes (windows
// and features over stored aggregations) are live at once, anything else is refused with its differences.
import FeatureModel
import Rocks

/// What a registration did.
public enum Registration: Hashable, Sendable {
  case registered
  case unchanged
  /// Features came or went over what is stored already; the lines say which.
  case extended([String])
}

extension Store {
  @discardableResult
  public func register(_ stream: StreamDeclaration) throws(StoreError) -> Registration {
    try requireWritable()
    return try writer.withLock { _ throws(StoreError) in
      if let known = registry.withLock({ $0.streams[stream.name] }) {
        let difference = DeclarationDiff(from: known.declaration, to: stream)
        if difference.isIdentical { return .unchanged }
        throw .redefinition(name: stream.name, differences: difference.lines)
      }
      try putMeta([("stream/\(stream.name)", CanonicalForm.text(of: stream))])
      let registered = RegisteredStream(
        declaration: stream, digest: CanonicalForm.digest(of: stream), seal: nil)
      registry.withLock { $0.streams[stream.name] = registered }
      return .registered
    }
  }

  @discardableResult
  public func register(_ view: ViewDeclaration) throws(StoreError) -> Registration {
    try requireWritable()
    return try writer.withLock { _ throws(StoreError) in
      let stream = try stream(view.stream).declaration
      guard let known = registry.withLock({ $0.views[view.name] }) else {
        try registerNew(view, of: stream)
        return .registered
      }
      let difference = DeclarationDiff(from: known.declaration, to: view)
      if difference.isIdentical { return .unchanged }
      guard difference.keepsMeaning else {
        throw .redefinition(name: view.name, differences: difference.lines)
      }
      try extend(known, to: view, of: stream)
      return .extended(difference.lines)
    }
  }

  private func registerNew(
    _ view: ViewDeclaration, of stream: StreamDeclaration
  ) throws(StoreError) {
    let id = ViewID(number: registry.withLock { $0.nextView })
    let registered = try RegistryCodec.makeView(id: id, view, layout: view, of: stream)
    try putMeta([
      ("view/\(view.name)", RegistryCodec.viewRecord(registered)),
      ("next-view", String(id.number + 1)),
    ])
    registry.withLock {
      $0.views[view.name] = registered
      $0.nextView = id.number + 1
    }
    retention.set(registered)
  }

  private func extend(
    _ known: RegisteredView, to view: ViewDeclaration, of stream: StreamDeclaration
  ) throws(StoreError) {
    var extended = try RegistryCodec.makeView(
      id: known.id, view, layout: known.layout, of: stream)
    extended.floor = known.floor
    try putMeta([("view/\(view.name)", RegistryCodec.viewRecord(extended))])
    registry.withLock { $0.views[view.name] = extended }
  }

  /// Writes records of `meta` in one synced batch.
  func putMeta(_ records: [(key: String, value: String)]) throws(StoreError) {
    try StoreError.wrap { () throws(RocksError) in
      var batch = WriteBatch()
      for record in records {
        batch.put(key: Array(record.key.utf8), value: Array(record.value.utf8), in: meta)
      }
      try database.write(batch, sync: true)
    }
  }
}
