// Deprecation: what nobody should begin to use goes on answering, says of itself that it goes, and is counted
// when it is asked for, so that whoever drops it knows whether anybody still does.
import FeatureModel
import Rocks

/// Something of a view that can be deprecated: all of it, or one feature.
public struct DeprecationSubject: Hashable, Sendable, CustomStringConvertible {
  /// By which the view goes.
  public let view: String
  public let feature: String?

  /// `by_sender`, or `by_sender.30d_N`
  public var description: String { feature.map { "\(view).\($0)" } ?? view }

  var audited: String {
    feature.map { "feature '\($0)' of view '\(view)'" } ?? "view '\(view)'"
  }
}

extension Store {
  /// What a text means: a view, a version of it, or a feature of one behind a dot.
  public func deprecationSubject(_ text: String) throws(StoreError) -> DeprecationSubject {
    if let view = try? view(text) { return .init(view: view.declaration.name, feature: nil) }
    for dot in text.indices where text[dot] == "." {
      guard let view = try? view(String(text[..<dot])) else { continue }
      let feature = String(text[text.index(after: dot)...])
      guard view.plan.feature(named: feature) != nil else {
        throw .unknownFeature(
          feature, view: view.declaration.name, known: view.declaration.features.map(\.name))
      }
      return .init(view: view.declaration.name, feature: feature)
    }
    // Says what there is.
    return .init(view: try view(text).declaration.name, feature: nil)
  }

  /// Marks a view, a version or a feature as going; it answers as before. The same again gives it another
  /// reason.
  /// - Parameter text: `by_sender`, `by_sender@1` or `by_sender.30d_N`.
  @discardableResult
  public func deprecate(
    _ text: String, reason: String = ""
  ) throws(StoreError) -> DeprecationSubject {
    guard reason.utf8.count <= 1024 else {
      throw .invalid("the reason has more than 1024 bytes; say it in a line")
    }
    return try mark(text, "deprecated", reason.isEmpty ? [] : [reason]) { standing, subject in
      let since: Timestamp
      if let feature = subject.feature {
        since = standing.features[feature]?.since ?? .now
        standing.features[feature] = .init(since: since, reason: reason)
      } else {
        since = standing.deprecation?.since ?? .now
        standing.deprecation = .init(since: since, reason: reason)
      }
      return true
    }
  }

  /// Takes a deprecation back.
  /// - Throws: where there is none.
  @discardableResult
  public func undeprecate(_ text: String) throws(StoreError) -> DeprecationSubject {
    try mark(text, "undeprecated", []) { standing, subject in
      if let feature = subject.feature {
        return standing.features.removeValue(forKey: feature) != nil
      }
      defer { standing.deprecation = nil }
      return standing.deprecation != nil
    }
  }

  private func mark(
    _ text: String, _ action: String, _ lines: [String],
    _ change: (inout ViewStanding, DeprecationSubject) -> Bool
  ) throws(StoreError) -> DeprecationSubject {
    try requireWritable()
    return try writer.withLock { _ throws(StoreError) in
      let subject = try deprecationSubject(text)
      let name = subject.view
      let view = try view(name)
      var standing = self.standing(of: name)
      guard change(&standing, subject) else { throw .invalid("'\(subject)' is not deprecated") }
      var changes = WriteBatch()
      let entry = AuditEntry(action, subject.audited, digest: view.digest, lines: lines)
      put([audit(entry)], into: &changes)
      record(standing, of: name, into: &changes)
      let isGone = action == "undeprecated"
      if isGone { changes.delete(key: Array("used/\(subject)".utf8), in: meta) }
      try StoreError.wrap { () throws(RocksError) in try database.write(changes, sync: true) }
      registry.withLock {
        $0.standings[name] = standing.isPlain ? nil : standing
        if isGone { $0.uses[subject.description] = nil }
      }
      noteChange()
      return subject
    }
  }

  /// The record of a standing, or its removal where there is nothing to tell.
  func record(_ standing: ViewStanding, of name: String, into changes: inout WriteBatch) {
    if standing.isPlain {
      changes.delete(key: Array("standing/\(name)".utf8), in: meta)
    } else {
      put([("standing/\(name)", standing.json.compact)], into: &changes)
    }
  }

  /// What is known of who still asks for something deprecated; nil where nobody was seen to.
  /// - Parameter subject: as `DeprecationSubject` writes it.
  public func use(of subject: String) -> DeprecatedUse? {
    registry.withLock { $0.uses[subject] }
  }

  /// Adds look-ups of deprecated things to what is known of them. Not synced: it is no more than a hint.
  package func noteUses(
    _ uses: [(subject: String, lookups: Int64)], last: Timestamp
  ) throws(StoreError) {
    if uses.isEmpty || isReadOnly { return }
    var batch = WriteBatch()
    registry.withLock { registry in
      for (subject, lookups) in uses {
        var use = registry.uses[subject] ?? DeprecatedUse(lookups: 0, last: last)
        use.lookups += lookups
        use.last = max(use.last, last)
        registry.uses[subject] = use
        put([("used/\(subject)", use.json.compact)], into: &batch)
      }
    }
    try StoreError.wrap { () throws(RocksError) in try database.write(batch, sync: false) }
  }

  /// All that is deprecated of a view, itself first: what it is called, and since when and why.
  public func deprecations(
    of view: String
  ) -> [(subject: DeprecationSubject, deprecation: ViewStanding.Deprecation)] {
    let standing = standing(of: view)
    let whole = standing.deprecation.map { [(DeprecationSubject(view: view, feature: nil), $0)] }
    return (whole ?? [])
      + standing.features.sorted { $0.key < $1.key }.map {
        (DeprecationSubject(view: view, feature: $0.key), $0.value)
      }
  }
}
