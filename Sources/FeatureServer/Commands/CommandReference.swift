// What people and programs read about the commands: the reference page and the JSON descriptions, made from the
// table that the server itself obeys, so that neither can say anything else.
import FeatureModel
import RESP

package enum CommandReference {
  /// The descriptions by the names of their files, in the shape of Redis's own.
  package static var descriptions: [(file: String, text: String)] {
    CommandTable.standard.all.map { spec in
      let name = spec.fullName.lowercased().replacing(" ", with: "-")
      return (name + ".json", describe(spec).pretty + "\n")
    }
  }

  private static func describe(_ spec: CommandSpec) -> JSONValue {
    var members: [(String, JSONValue)] = [
      ("summary", .string(spec.summary)), ("complexity", .string(spec.complexity)),
      ("group", .string(spec.group.rawValue)), ("since", .string(CommandSpec.since)),
      ("arity", .int(Int64(spec.arity))),
    ]
    if spec.subcommand != nil { members.append(("container", .string(spec.name))) }
    members.append(("role", spec.role.map { .string($0.rawValue) } ?? .null))
    members.append(("reply", .string(spec.reply)))
    if !spec.arguments.isEmpty {
      members.append(("arguments", .array(spec.arguments.map(describe))))
    }
    members.append(("example", .string(spec.example)))
    return .object([(spec.subcommand ?? spec.name, .object(members))])
  }

  private static func describe(_ argument: CommandArgument) -> JSONValue {
    var members: [(String, JSONValue)] = [
      ("name", .string(argument.name)), ("type", .string(argument.typeName)),
    ]
    if let token = argument.token { members.append(("token", .string(token))) }
    if argument.isOptional { members.append(("optional", true)) }
    if argument.isMultiple { members.append(("multiple", true)) }
    if let parts = argument.parts { members.append(("arguments", .array(parts.map(describe)))) }
    return .object(members)
  }
}

// The page.
extension CommandReference {
  /// `docs/reference/protocol.md`.
  package static var page: String {
    var page = introduction + "\n## All commands\n"
    for group in CommandSpec.Group.allCases {
      page += "\n**\(group.title)**\n\n| command | role | |\n| --- | --- | --- |\n"
      for spec in commands(of: group) {
        let role = spec.role?.rawValue ?? "-"
        page += "| [`\(spec.fullName)`](#\(anchor(spec))) | \(role) | \(spec.summary) |\n"
      }
    }
    for group in CommandSpec.Group.allCases {
      for spec in commands(of: group) { page += section(spec) }
    }
    return page
  }

  private static func commands(of group: CommandSpec.Group) -> [CommandSpec] {
    CommandTable.standard.all.filter { $0.group == group }
  }

  /// As the forges make them of headings.
  private static func anchor(_ spec: CommandSpec) -> String {
    spec.fullName.lowercased().replacing(" ", with: "-").replacing(".", with: "")
  }

  private static func section(_ spec: CommandSpec) -> String {
    var text = "\n## \(spec.fullName)\n\n```text\n\(spec.syntax)\n```\n\n"
    text += wrapped(spec.summary + "." + (spec.details.isEmpty ? "" : " " + spec.details))
    let role = spec.role.map { "needs the role `\($0.rawValue)`" } ?? "for anybody, before AUTH too"
    text += "\n- \(role)\n- complexity: \(spec.complexity)\n- reply: \(spec.reply)\n\n"
    return text + "```text\n> \(spec.example)\n```\n"
  }

  /// Words in lines of at most 110 columns.
  private static func wrapped(_ text: String) -> String {
    var lines = [""]
    for word in text.replacing("?.", with: "?").split(separator: " ") {
      if lines[lines.count - 1].count + word.count >= 110 { lines.append("") }
      if !lines[lines.count - 1].isEmpty { lines[lines.count - 1] += " " }
      lines[lines.count - 1] += word
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static var introduction: String {
    """
    # The protocol

    The server speaks [Redis's protocol](https://redis.io/docs/latest/develop/reference/protocol-spec/), so every Redis
    client is a client of it. This page and [`schemas/commands`](../../schemas/commands), which has a JSON description of
    each command, are written from the table that the server itself obeys; a running one tells the same by `COMMAND DOCS`.
    (`HINDCAST_RECORD=1 swift test --filter FeatureServerTests` writes both anew.)

    **Versions.** A connection begins with RESP2; `HELLO 3` chooses RESP3, which has maps, nulls, doubles and
    booleans of their own. RESP2 has flat arrays of names and values in place of maps, and texts in place of doubles
    and booleans. Commands come as arrays of bulk strings or as lines that people type, and in pipelines of any
    length: replies come in the order of the commands. There is one database, 0, and no publishing, scripting, blocking
    or expiry.

    **Keys.** The standard look-ups take keys `view:entity`: `HMGET author_activity:42ef077bcaef 30d_COMMIT_COUNT`. The name
    of a view has no colon, so the first one ends it, and the entity may have as many as it likes. XADD takes `stream` or
    `stream:producer`.

    **Entities.** The entity of a view with one key field is the text of that field as it stands, any bytes. For several
    it is their texts between bars in the order of the view, `org|sample`, where `\\|` and `\\\\` stand for the characters
    themselves. Numbers are written in decimal, instants as epoch milliseconds, flags as `true` and `false`. An entity that
    was never seen is no error: its windows are empty.

    **Times.** ISO 8601 (`2026-11-22`, `2026-11-22T13:17:02.5Z`) or epoch milliseconds; replies have ISO 8601. `ASOF`
    names the instant that is asked about, now where it is left out. What lies ahead of the server's clock is refused.
    [The contract](../contract.md) says what an answer for an instant knows.

    **Errors** begin with a word for programs:

    | | |
    | --- | --- |
    | `ERR` | the command makes no sense as it stands; the text says why, with the nearest name that does |
    | `NOAUTH` | a password is needed first: `AUTH`, or `HELLO 3 AUTH user password` |
    | `WRONGPASS` | no such user, or another password |
    | `NOPERM` | the user's role is not enough |
    | `NOPROTO` | HELLO asks for a version other than 2 and 3 |
    | `EXECABORT` | a command of the transaction was refused before |
    | `MISCONF` | the server's disk is at fault: an event was not stored (the connection is closed behind it), or nothing can be answered |

    Bytes that are not the protocol's end the connection with `ERR Protocol error`.

    **Roles.** A user has the role `read`, `write` (also XADD) or `admin` (everything). Where the configuration names no
    users, whoever can connect is an admin.

    **Transactions.** Between `MULTI` and `EXEC` commands are collected and answered with `QUEUED`; EXEC carries them out
    one behind the other and gives their replies as one array. A command that is refused while they are collected makes
    EXEC refuse them all. There is no WATCH.

    \(wrapped(bounds))
    The same port answers `GET /metrics`, `/healthz` and `/readyz` over HTTP.

    """
  }

  private static var bounds: String {
    let (limits, strangers) = (RequestLimits(), RequestLimits.stranger)
    return """
      **Limits** of one request, unless the server's configuration says otherwise: \(size(limits.bulkBytes)) for an \
      argument, \(limits.arguments) arguments, \(size(limits.requestBytes)) in all; the last is also that of a \
      transaction. A line without frames has at most \(size(limits.lineBytes)). Before a password was said it is \
      \(size(strangers.bulkBytes)), \(strangers.arguments) arguments and \(size(strangers.requestBytes)).
      """
  }

  private static func size(_ bytes: Int) -> String {
    bytes >= 1 << 20 ? "\(bytes >> 20) MiB" : "\(bytes >> 10) KiB"
  }
}
