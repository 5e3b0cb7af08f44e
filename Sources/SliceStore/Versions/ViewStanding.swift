// How a version of a view stands: its number, whether it is silent, and what of it is deprecated. None of that
// is part of the declaration, whose digest says what is computed; a view that never had a second version and
// is not deprecated has no record of it.
import FeatureModel

/// Where a version of a view stands among the others of its name.
public struct ViewStanding: Hashable, Sendable {
  /// Counted from 1 for each name, never given twice.
  public var version: UInt32
  /// Computed, and logged beside what serves, but given to nobody who looks up.
  public var isSilent = false
  /// Of the version as a whole; it answers as before.
  public var deprecation: Deprecation?
  /// Of single features, by name.
  public var features: [String: Deprecation] = [:]

  /// Since when something is deprecated, and why.
  public struct Deprecation: Hashable, Sendable {
    public let since: Timestamp
    /// May be empty.
    public let reason: String

    /// `deprecated since 2026-11-25T10:00:00Z: use by_domain`
    public var text: String {
      "deprecated since \(since)" + (reason.isEmpty ? "" : ": \(reason)")
    }
  }

  init(version: UInt32 = 1) { self.version = version }

  /// In a word; nil where it serves under its own name, as nearly all do.
  public func word(of name: String) -> String? {
    if isSilent { return "silent" }
    if deprecation != nil { return "deprecated" }
    return VersionName(parsing: name).version == nil ? nil : "beside"
  }

  /// Whether there is anything to write down.
  var isPlain: Bool { self == ViewStanding() }

  var json: JSONValue {
    var members: [(String, JSONValue)] = [("version", .int(Int64(version)))]
    if isSilent { members.append(("silent", true)) }
    if let deprecation { members.append(("deprecated", Self.json(deprecation))) }
    if !features.isEmpty {
      let features = features.sorted { $0.key < $1.key }.map { ($0.key, Self.json($0.value)) }
      members.append(("features", .object(features)))
    }
    return .object(members)
  }

  /// Nil where the record is none.
  init?(record: String) {
    guard let json = try? JSONValue.parse(record),
      case .int(let number)? = json["version"]?.content, let version = UInt32(exactly: number),
      version > 0
    else { return nil }
    self.init(version: version)
    if case .bool(let silent)? = json["silent"]?.content { isSilent = silent }
    if let value = json["deprecated"] {
      guard let read = Self.deprecation(value) else { return nil }
      deprecation = read
    }
    guard case .object(let members)? = json["features"]?.content else { return }
    for member in members {
      guard let read = Self.deprecation(member.value) else { return nil }
      features[member.name] = read
    }
  }

  private static func json(_ deprecation: Deprecation) -> JSONValue {
    .object([
      ("since", .string(deprecation.since.description)), ("reason", .string(deprecation.reason)),
    ])
  }

  private static func deprecation(_ value: JSONValue) -> Deprecation? {
    guard case .string(let since)? = value["since"]?.content,
      let since = Timestamp(parsing: since),
      case .string(let reason)? = value["reason"]?.content
    else { return nil }
    return Deprecation(since: since, reason: reason)
  }
}

/// Look-ups of something that is deprecated, as servers have counted them.
public struct DeprecatedUse: Hashable, Sendable {
  public var lookups: Int64 = 0
  public var last: Timestamp

  init(lookups: Int64, last: Timestamp) {
    self.lookups = lookups
    self.last = last
  }

  var json: JSONValue {
    .object([("lookups", .int(lookups)), ("last", .string(last.description))])
  }

  init?(record: String) {
    guard let json = try? JSONValue.parse(record),
      case .int(let lookups)? = json["lookups"]?.content,
      case .string(let last)? = json["last"]?.content, let last = Timestamp(parsing: last)
    else { return nil }
    self.init(lookups: lookups, last: last)
  }

  /// `42 look-ups since, the last at 2026-11-25T10:00:00Z`
  public var text: String {
    lookups == 1 ? "1 look-up since, at \(last)" : "\(lookups) look-ups since, the last at \(last)"
  }
}

extension RegistryCodec {
  /// - Returns: false for records of another kind.
  static func readStanding(
    _ key: String, _ value: String, into registry: inout Registry
  ) throws(StoreError) -> Bool {
    let name = String(key.drop { $0 != "/" }.dropFirst())
    if key.hasPrefix("standing/") {
      registry.standings[name] = ViewStanding(record: value)
      if registry.standings[name] != nil { return true }
    } else if key.hasPrefix("versions/") {
      registry.latestVersions[name] = UInt32(value)
      if registry.latestVersions[name] != nil { return true }
    } else if key.hasPrefix("used/") {
      registry.uses[name] = DeprecatedUse(record: value)
      if registry.uses[name] != nil { return true }
    } else {
      return false
    }
    throw .damagedMetadata(key: key, reason: "'\(value)' cannot be")
  }
}
