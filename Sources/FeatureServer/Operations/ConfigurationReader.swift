// A configuration's text and flags to a `ServerConfiguration`: the file first, the flags over it, then what
// has to go together. Reads on after each mistake, so that one run shows them all.
import FeatureModel

struct ConfigurationReader {
  /// Adds the user `default`, an admin: who has no file can set a password all the same. A password itself is
  /// no flag, as every user of the machine could read it there.
  static let passwordFlag = "password-file"

  let collector = ProblemCollector()
  var configuration = ServerConfiguration()
  /// Where each part was said last, by its path in the file; `$` is the file itself.
  private(set) var places: [String: DeclarationNode] = [:]
  /// Parts with mistakes, which nothing more is said about.
  private(set) var broken: Set<String> = []

  mutating func read(
    _ text: [UInt8], _ flags: [(name: String, value: String)]
  ) throws(DeclarationError) -> ServerConfiguration {
    let isReadable = readFile(text)
    for flag in flags { read(flag.name, flag.value) }
    if isReadable { check() }
    try collector.check()
    return configuration
  }

  /// The node to show a mistake at, the nearest that there is.
  func place(_ path: String) -> DeclarationNode {
    if let node = places[path] { return node }
    let above = path.split(separator: ".").dropLast().joined(separator: ".")
    if !above.isEmpty { return place(above) }
    return places["$"] ?? DeclarationNode(.object([]), path: "$", collector: collector)
  }

  /// Notes the place of a part, reads it, and whether there were mistakes.
  private mutating func reading(
    _ path: String, _ node: DeclarationNode,
    _ read: (DeclarationNode, inout ServerConfiguration) -> Void
  ) {
    places[path] = node
    let before = collector.problems.count
    read(node, &configuration)
    if collector.problems.count > before { broken.insert(path) }
  }
}

// The file.
extension ConfigurationReader {
  /// The names of the file's objects: `""` for the whole, `tls`, `log`, `servedLog`.
  private static let names: [String: [String]] = {
    var names = ["": ["$schema", "users"]]
    for setting in ServerSetting.all {
      let parts = setting.path.split(separator: ".").map(String.init)
      if parts.count == 1 {
        names["", default: []].append(parts[0])
      } else {
        if names[parts[0]] == nil { names["", default: []].append(parts[0]) }
        names[parts[0], default: []].append(parts[1])
      }
    }
    return names
  }()

  /// False where it is no JSON, so that nothing can be said about what is in it.
  private mutating func readFile(_ text: [UInt8]) -> Bool {
    if text.isEmpty { return true }
    let parsed = text.withUnsafeBytes { bytes in
      Result { () throws(DeclarationError) in try DeclarationNode.parse(bytes) }
    }
    switch parsed {
    case .success(let value):
      let root = DeclarationNode(value, path: "$", collector: collector)
      places["$"] = root
      return readRoot(root)
    case .failure(let error):
      collector.problems += error.problems
      return false
    }
  }

  private mutating func readRoot(_ root: DeclarationNode) -> Bool {
    guard root.members("a configuration") != nil else { return false }
    root.checkNames(Self.names[""]!)
    for (section, names) in Self.names where !section.isEmpty {
      guard let node = root.member(section) else { continue }
      reading(section, node) { node, _ in
        if node.members("its settings") != nil { node.checkNames(names) }
      }
    }
    for setting in ServerSetting.all {
      var node: DeclarationNode? = root
      for part in setting.path.split(separator: ".") { node = node?.member(String(part)) }
      if let node { reading(setting.path, node, setting.read) }
    }
    if let node = root.member("users") {
      reading("users", node) { $1.users = UserReader.read($0) }
    }
    return true
  }
}

// The flags.
extension ConfigurationReader {
  private mutating func read(_ name: String, _ value: String) {
    if name == Self.passwordFlag {
      reading("users", flag(name, .string(value))) { node, configuration in
        guard let user = UserReader.defaultUser(node) else { return }
        let others = configuration.users.all.filter { $0.name != user.name }
        configuration.users = Users(others + [user])
      }
    } else if let setting = ServerSetting.all.first(where: { $0.flag == name }) {
      reading(setting.path, flag(name, setting.flagValue(value)), setting.read)
    } else {
      let known = ServerSetting.all.map(\.flag) + [Self.passwordFlag]
      let near = Suggestion.nearest(to: name, among: known).map { "; did you mean '--\($0)'?" }
      flag(name, .null).report("there is no such option" + (near ?? ""))
    }
  }

  private func flag(_ name: String, _ value: JSONValue) -> DeclarationNode {
    DeclarationNode(value, path: "--\(name)", collector: collector)
  }
}
