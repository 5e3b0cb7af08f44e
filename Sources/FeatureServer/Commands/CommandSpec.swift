// What a command is, said once: its name, its words, who may use it and what it does. Dispatch, checks of
// arguments, permissions, COMMAND, COMMAND DOCS, the reference page and the JSON descriptions all read this.
import RESP

/// Everything that can be carried out; the table has one entry for each.
package enum CommandID: Int, Sendable, CaseIterable {
  case hmget, hget, hgetall, fsGet, fsMGet, fsVector, fsExplain
  case xadd, xlen, xinfoStream, fsRetract, fsAmend
  case fsRegister, fsPlan, fsCheck, fsDrop, fsLoad, fsForget, fsAudit, fsViews, fsDescribe, fsStats
  case fsCheckpoint, fsPromote, fsDeprecate
  case hello, auth, ping, echo, select, quit, reset
  case clientID, clientInfo, clientGetName, clientSetName, clientSetInfo, clientList, clientKill
  case clientNoEvict, clientNoTouch
  case multi, exec, discard
  case command, commandCount, commandDocs, commandInfo, commandList
  case info, configGet, slowlogGet, slowlogLen, slowlogReset, shutdown, dbsize
}

/// One word, or several that belong together, of a command.
package struct CommandArgument: Sendable {
  package enum Kind: Sendable {
    case string, integer, key, time
    /// The token alone.
    case flag
    case oneOf([CommandArgument])
    case block([CommandArgument])
  }

  package let name: String
  package let kind: Kind
  /// A word that stands before it.
  package let token: String?
  package let isOptional: Bool
  package let isMultiple: Bool

  init(
    _ name: String, _ kind: Kind = .string, token: String? = nil, optional: Bool = false,
    multiple: Bool = false
  ) {
    self.name = name
    self.kind = kind
    self.token = token
    isOptional = optional
    isMultiple = multiple
  }

  /// A word that is there or not.
  static func flag(_ token: String, optional: Bool = false) -> CommandArgument {
    CommandArgument(token.lowercased(), .flag, token: token, optional: optional)
  }

  /// The fewest words that it takes when it is there.
  var fewestWords: Int {
    let own = token == nil ? 0 : 1
    switch kind {
    case .flag: return own
    case .string, .integer, .key, .time: return own + 1
    case .block(let parts):
      return own + parts.reduce(0) { $0 + ($1.isOptional ? 0 : $1.fewestWords) }
    case .oneOf(let choices): return own + (choices.map(\.fewestWords).min() ?? 0)
    }
  }

  /// As a manual writes it: `[ASOF time]`.
  package var syntax: String {
    var text = token.map { $0 + " " } ?? ""
    switch kind {
    case .flag: text = token ?? ""
    case .string, .integer, .key, .time: text += name
    case .block(let parts): text += parts.map(\.syntax).joined(separator: " ")
    case .oneOf(let choices): text += choices.map(\.syntax).joined(separator: " | ")
    }
    if case .oneOf = kind, isMultiple || !isOptional { text = "<" + text + ">" }
    if isMultiple { text += " [" + text + " ...]" }
    return isOptional ? "[" + text + "]" : text
  }
}

/// One command, or one subcommand of a container such as CLIENT. A class, because dispatch hands it around for
/// every command: a copy of its texts would be counted one by one.
package final class CommandSpec: Sendable {
  package enum Group: String, Sendable, CaseIterable {
    case lookup, ingest, registry, connection, transaction, server

    package var title: String {
      switch self {
      case .lookup: "Look-ups"
      case .ingest: "Ingestion"
      case .registry: "Views and the store"
      case .connection: "Connections"
      case .transaction: "Transactions"
      case .server: "Server"
      }
    }
  }

  package let id: CommandID
  /// In capitals.
  package let name: String
  package let subcommand: String?
  package let arguments: [CommandArgument]
  package let summary: String
  /// More about it, in Markdown; may be empty.
  package let details: String
  package let complexity: String
  package let reply: String
  package let example: String
  package let group: Group
  /// Nil for what anybody may say before AUTH.
  package let role: Role?
  /// As Redis counts: all words, the name among them; negative for the fewest of several numbers.
  package let arity: Int
  package static let since = "0.1.0"

  init(
    _ id: CommandID, _ name: String, _ subcommand: String? = nil,
    _ arguments: [CommandArgument] = [], group: Group, role: Role?, _ summary: String,
    details: String = "", complexity: String = "O(1)", reply: String, example: String
  ) {
    self.id = id
    self.name = name
    self.subcommand = subcommand
    self.arguments = arguments
    self.group = group
    self.role = role
    self.summary = summary
    self.details = details
    self.complexity = complexity
    self.reply = reply
    self.example = example
    arity = Self.arity(arguments, named: subcommand == nil ? 1 : 2)
  }

  package var fullName: String { subcommand.map { "\(name) \($0)" } ?? name }

  package var syntax: String {
    ([fullName] + arguments.map(\.syntax)).joined(separator: " ")
  }

  private static func arity(_ arguments: [CommandArgument], named words: Int) -> Int {
    let fewest = arguments.reduce(words) { $0 + ($1.isOptional ? 0 : $1.fewestWords) }
    return isVariable(arguments) ? -fewest : fewest
  }

  private static func isVariable(_ arguments: [CommandArgument]) -> Bool {
    arguments.contains { argument in
      if argument.isOptional || argument.isMultiple { return true }
      switch argument.kind {
      case .block(let parts): return isVariable(parts)
      case .oneOf(let choices):
        return isVariable(choices) || Set(choices.map(\.fewestWords)).count > 1
      default: return false
      }
    }
  }

  package func admits(words: Int) -> Bool {
    arity < 0 ? words >= -arity : words == arity
  }

  var flags: [String] {
    switch group {
    case .lookup: ["readonly", "fast"]
    case .ingest:
      switch id {
      case .xadd: ["write", "denyoom", "fast"]
      case .fsRetract, .fsAmend: ["write", "denyoom"]
      default: ["readonly", "fast"]
      }
    case .registry: role == .admin ? ["admin", "write"] : ["readonly"]
    case .connection, .transaction:
      ["noscript", "loading", "stale", "fast"] + (role == nil ? ["no_auth"] : [])
    case .server: role == .admin ? ["admin", "noscript"] : ["loading", "stale"]
    }
  }
}

/// All commands by name.
package struct CommandTable: Sendable {
  package let all: [CommandSpec]
  private let plain: [String: CommandSpec]
  private let containers: [String: [String: CommandSpec]]

  package static let standard = CommandTable(
    lookups + ingestion + registry + connections + transactions + administration)

  private init(_ all: [CommandSpec]) {
    self.all = all
    var plain: [String: CommandSpec] = [:]
    var containers: [String: [String: CommandSpec]] = [:]
    for spec in all {
      if let subcommand = spec.subcommand {
        containers[spec.name, default: [:]][subcommand] = spec
      } else {
        plain[spec.name] = spec
      }
    }
    self.plain = plain
    self.containers = containers
  }

  enum Found {
    case spec(CommandSpec)
    case unknown
    case unknownSubcommand(of: String, known: [String])
  }

  /// - Parameters: the first two words of a command in capitals.
  func find(_ name: String, _ subcommand: String?) -> Found {
    if let subcommands = containers[name] {
      if let subcommand {
        if let spec = subcommands[subcommand] { return .spec(spec) }
        return .unknownSubcommand(of: name, known: subcommands.keys.sorted())
      }
      // COMMAND means something alone, too.
      guard let spec = plain[name] else {
        return .unknownSubcommand(of: name, known: subcommands.keys.sorted())
      }
      return .spec(spec)
    }
    return plain[name].map { .spec($0) } ?? .unknown
  }

  func hasSubcommands(_ name: String) -> Bool { containers[name] != nil }

  package subscript(id: CommandID) -> CommandSpec { all.first { $0.id == id }! }

  /// Names of commands, containers once.
  package var names: [String] { Set(all.map(\.name)).sorted() }

  package func subcommands(of name: String) -> [CommandSpec] {
    all.filter { $0.name == name && $0.subcommand != nil }
  }
}
