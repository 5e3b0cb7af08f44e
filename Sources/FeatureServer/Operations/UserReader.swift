// The users of a configuration. A password is given as text, as its digest, or as a file that holds it; here
// it becomes a digest, and the text is forgotten.
import FeatureModel

enum UserReader {
  static let secrets = ["password", "passwordHash", "passwordFile"]
  static let names = secrets + ["role"]
  private static let prefix = "sha256:"
  private static let longestName = 128

  /// The users without mistakes; mistakes have been noted.
  static func read(_ node: DeclarationNode) -> Users {
    let members = node.members("the users by their names") ?? []
    return Users(members.compactMap { user($0.name, $0.node) })
  }

  /// The user `default`, an admin, whose password is in the file that a flag names.
  static func defaultUser(_ node: DeclarationNode) -> User? {
    file(node).map { User(name: Users.defaultName, role: .admin, password: $0) }
  }

  private static func user(_ name: String, _ node: DeclarationNode) -> User? {
    let isName =
      (1...longestName).contains(name.utf8.count)
      && name.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F }
    if !isName {
      node.report("a user's name has 1 to \(longestName) bytes, none of them blank")
    }
    guard node.members("a user") != nil else { return nil }
    node.checkNames(names)
    let role = node.required("role", #""role": "read", "write" or "admin""#)?.choice(Role.self)
    guard let digest = secret(node), let role, isName else { return nil }
    return User(name: name, role: role, password: digest)
  }

  private static func secret(_ node: DeclarationNode) -> SHA256? {
    let given = secrets.compactMap { name in node.member(name).map { (name, $0) } }
    guard let (name, value) = given.first else {
      node.report(
        #"no password; add "passwordFile": "FILE", "passwordHash": "sha256:...", or "password": "...""#
      )
      return nil
    }
    guard given.count == 1 else {
      let all = given.map { "'\($0.0)'" }.joined(separator: " and ")
      node.report("a user has one password, not \(all); keep one of them")
      return nil
    }
    switch name {
    case "password": return plain(value)
    case "passwordHash": return hash(value)
    default: return file(value)
    }
  }

  private static func plain(_ node: DeclarationNode) -> SHA256? {
    guard let text = node.string("a password") else { return nil }
    if !text.isEmpty { return SHA256(of: text) }
    node.report("a password has at least one character")
    return nil
  }

  /// Messages show nothing of what was given: a password may stand there by mistake.
  private static func hash(_ node: DeclarationNode) -> SHA256? {
    guard let text = node.string("a password's digest") else { return nil }
    if text.hasPrefix(prefix), let digest = SHA256(hex: String(text.dropFirst(prefix.count))) {
      return digest
    }
    node.report(
      "'\(prefix)' and 64 hexadecimal digits expected; printf %s PASSWORD | sha256sum prints them")
    return nil
  }

  /// The first line of a file: editors and `echo` put a line end behind it.
  private static func file(_ node: DeclarationNode) -> SHA256? {
    guard let path = node.filePath("the path of a file with a password") else { return nil }
    switch SmallFile.read(path) {
    case .failure(let error): node.report(error.description)
    case .success(let bytes):
      var line = bytes.prefix { $0 != UInt8(ascii: "\n") }
      if line.last == UInt8(ascii: "\r") { line.removeLast() }
      if !line.isEmpty { return line.withUnsafeBytes { SHA256(of: $0) } }
      node.report("the first line of '\(path)' is the password, and it is empty")
    }
    return nil
  }
}
