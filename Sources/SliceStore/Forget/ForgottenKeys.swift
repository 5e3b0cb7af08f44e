// Which keys of views are an entity's, for what is kept beside the store: the served log has answers of views
// that are as they were, of others that were declared anew since, and of some that are gone.
import FeatureModel

/// The keys of an entity in all views.
public struct ForgottenKeys: Sendable {
  /// Views that have the entity's fields in their keys.
  private let views: [String: ForgetTarget.KeyedView]
  /// The entity's text, where looking for its bytes means something.
  package let needle: [UInt8]?
  private let texts: [[UInt8]]

  /// Key fields that a view of earlier days may have had.
  private static let mostParts = 16

  init(_ parts: [EntityPart], _ target: ForgetTarget?) {
    var views: [String: ForgetTarget.KeyedView] = [:]
    for keyed in target?.views ?? [] { views[keyed.view.declaration.name] = keyed }
    self.views = views
    needle = ByteSearch.needle(for: parts)
    texts = parts.map(\.text)
  }

  /// Whether a key is the entity's, or the entity is a part of it.
  /// - Parameter view: by its name, as it is declared now; nil for one of which that is not known: a key is the
  ///   entity's there where all its values are among the parts.
  public func contains(_ key: UnsafeRawBufferPointer, of view: String?) -> Bool {
    if let view { return views[view]?.matches(key) ?? false }
    return (texts.count...max(texts.count, Self.mostParts)).contains { count in
      guard let parts = EntityKey.partRanges(of: key, count: count) else { return false }
      return texts.allSatisfy { text in parts.contains { key[$0].elementsEqual(text) } }
    }
  }

  /// Whether bytes of which nothing is known have all of the entity's values in them.
  package func mayBe(in bytes: UnsafeRawBufferPointer) -> Bool {
    texts.allSatisfy { ByteSearch.has($0, bytes) }
  }
}

extension Store {
  /// The keys of an entity as the views are declared now.
  public func keys(of parts: [EntityPart]) throws(StoreError) -> ForgottenKeys {
    ForgottenKeys(
      parts,
      try registry.withLock { registry throws(StoreError) in try ForgetTarget(parts, registry) })
  }

  /// Adds to the audit trail what was erased of an entity beside the store.
  public func noteForgotten(_ report: ForgetReport) throws(StoreError) {
    try requireWritable()
    if report.lines.isEmpty { return }
    let fields = report.fields.map { "'\($0)'" }.joined(separator: ", ")
    let entry = AuditEntry("forgot", "an entity named by \(fields)", lines: report.lines)
    try writer.withLock { _ throws(StoreError) in try putMeta([audit(entry)]) }
  }
}
