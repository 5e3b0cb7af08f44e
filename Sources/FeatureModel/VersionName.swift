// Versions of a view side by side: the one that serves has the view's own name, every other one the name with
// its number behind it, `sender_history@2`. No declared name has an @, so that the two cannot be mixed up.

/// A view's name as it is asked for, with or without the number of a version.
public struct VersionName: Hashable, Sendable, CustomStringConvertible {
  /// The name that the declaration has.
  public let view: String
  /// From 1; nil for whichever version serves.
  public let version: UInt32?

  public init(_ view: String, version: UInt32? = nil) {
    self.view = view
    self.version = version
  }

  /// Takes a name apart; one without a number behind an @ is the name of a view as it stands.
  public init(parsing name: String) {
    let parts = name.split(separator: "@", omittingEmptySubsequences: false)
    if parts.count == 2, let version = UInt32(parts[1]), version > 0, !parts[0].isEmpty,
      String(version) == parts[1]
    {
      self.init(String(parts[0]), version: version)
    } else {
      self.init(name)
    }
  }

  public var description: String { version.map { "\(view)@\($0)" } ?? view }
}

extension ViewDeclaration {
  /// The same view under another name.
  package func named(_ name: String) -> ViewDeclaration {
    ViewDeclaration(
      name: name, stream: stream, entity: entity, slice: slice, filter: filter,
      retention: retention, features: features, derived: derived, join: join)
  }

  /// As it was declared: without the number of a version in its name.
  package var plain: ViewDeclaration { named(VersionName(parsing: name).view) }
}
