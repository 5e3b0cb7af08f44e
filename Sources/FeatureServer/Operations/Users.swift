// Who may do what: names with passwords and roles, from the configuration. Passwords are kept as SHA-256
// alone, so that nothing that prints a configuration can give one away; the digest is fast, so a password has
// to be long.

/// What a connection may do; each may do what those before it may.
public enum Role: String, Sendable, Hashable, CaseIterable, Comparable {
  /// Ask for features and descriptions.
  case read
  /// Also ingest events.
  case write
  /// Also register, seal, expire, checkpoint and stop the server.
  case admin

  private var rank: Int {
    switch self {
    case .read: 0
    case .write: 1
    case .admin: 2
    }
  }

  public static func < (left: Role, right: Role) -> Bool { left.rank < right.rank }
}

/// A name that can log in.
public struct User: Sendable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  public let name: String
  public let role: Role
  fileprivate let password: SHA256

  /// - Parameter password: the digest of the password's bytes.
  public init(name: String, role: Role, password: SHA256) {
    self.name = name
    self.role = role
    self.password = password
  }

  /// `dashboard (read)`; never the password.
  public var description: String { "\(name) (\(role.rawValue))" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: ["name": name, "role": role]) }
}

/// All who can log in. Without any, everybody is an admin, as with Redis.
public struct Users: Sendable {
  /// The name that `AUTH password` means.
  public static let defaultName = "default"

  /// In the order of the configuration; names are unique.
  public let all: [User]

  /// - Parameter all: users with different names; of two with one name the later is never found.
  public init(_ all: [User] = []) { self.all = all }

  /// What a connection may do before it logs in; nil: nothing but log in.
  public var roleOfStrangers: Role? { all.isEmpty ? .admin : nil }

  /// The role of whoever says this name and password, nil where they do not fit. Every user's password is
  /// compared to the end, so that the time taken tells neither who exists nor how near a guess was. Linear in
  /// the users. Without users, `default` is an admin whatever its password.
  public func authenticate(
    name: UnsafeRawBufferPointer, password: UnsafeRawBufferPointer
  ) -> Role? {
    if all.isEmpty { return Self.defaultName.utf8.elementsEqual(name) ? .admin : nil }
    let given = SHA256(of: password)
    var role: Role?
    for user in all {
      let fits = user.password.isSame(as: given)
      let isNamed = user.name.utf8.elementsEqual(name)
      if fits, isNamed, role == nil { role = user.role }
    }
    return role
  }

  /// As on bytes; `AUTH password` has no name.
  public func authenticate(name: String = Users.defaultName, password: String) -> Role? {
    var (name, password) = (name, password)
    return name.withUTF8 { name in
      password.withUTF8 { password in
        authenticate(
          name: UnsafeRawBufferPointer(name), password: UnsafeRawBufferPointer(password))
      }
    }
  }
}
