// The table of commands: declarations, connections and the server itself.

private let howToRegister = CommandArgument(
  "how", .oneOf([.flag("REPLACE"), .flag("SILENT")]), optional: true)

extension CommandTable {
  static let registry: [CommandSpec] = [
    CommandSpec(
      .fsRegister, "FS.REGISTER", nil,
      [howToRegister, CommandArgument("declaration", multiple: true)],
      group: .registry, role: .admin, "Register streams, views, feature sets and tables",
      details:
        "Each declaration is a JSON text, with comments if you like; all are registered, or none. "
        + "New windows over stored aggregations are live at once. A view over a stream that keeps its "
        + "events is `building` until its history is made of them, which FS.VIEWS follows; what has its "
        + "name serves until then. With REPLACE such a view may mean something else than what stands. "
        + "With SILENT views that differ from what serves become versions beside it, `author_activity@2`, "
        + "which are computed, and logged beside the served answers, but not served.",
      complexity: "O(declarations)",
      reply: "an array of maps: `kind`, `name`, `outcome`, `differences`, `lacks-history`",
      example:
        "FS.REGISTER '{\"set\": \"small\", \"features\": [\"author_activity.30d_COMMIT_COUNT\"]}'"),
    CommandSpec(
      .fsPlan, "FS.PLAN", nil,
      [howToRegister, CommandArgument("declaration", multiple: true)],
      group: .registry, role: .read, "What FS.REGISTER would do; changes nothing",
      complexity: "O(declarations), and O(chunks of kept events) where a history would be made",
      reply: "an array of maps: `kind`, `name`, `action`, `meaning`, `differences`, `events`",
      example:
        "FS.PLAN '{\"set\": \"small\", \"features\": [\"author_activity.30d_COMMIT_COUNT\"]}'"),
    CommandSpec(
      .fsDrop, "FS.DROP", nil,
      [
        CommandArgument(
          "kind", .oneOf([.flag("SET"), .flag("TABLE")]), optional: true),
        CommandArgument("name"),
      ], group: .registry, role: .admin,
      "Take a view or a table away with all that is stored of it, or a feature set",
      details:
        "A view that is being built goes before the one that serves under its name. A view that a "
        + "set names stays. A table goes with its rows. This cannot be undone. Of what was deprecated, "
        + "FS.AUDIT tells when it was asked for last.",
      complexity: "O(bytes of the view), for the space to come back", reply: "OK",
      example: "FS.DROP SET small"),
    CommandSpec(
      .fsLoad, "FS.LOAD", nil,
      [CommandArgument("table"), CommandArgument("row", multiple: true)],
      group: .registry, role: .admin, "Make the given rows all that a table has",
      details:
        "Each row is a JSON object on one line, with a member for each key field and attribute, and for "
        + "the valid-from time where the table declares it. All are taken, or none where one is bad. They "
        + "are known from now on: in answers as served from the next slice of the table on, in fresh ones "
        + "at once. Rows that are not given any more are gone for whoever knows of this; earlier answers "
        + "stay. The same rows again change nothing.",
      complexity: "O(rows that the table has and ever had)",
      reply:
        "a map: `rows`, `added`, `changed`, `removed`, `unchanged`, and `known-from`, null where nothing "
        + "changed",
      example: "FS.LOAD ip_list '{\"ip\": \"192.0.2.7\", \"kind\": \"proxy\"}'"),
    CommandSpec(
      .fsPromote, "FS.PROMOTE", nil,
      [CommandArgument("version"), .flag("SILENT", optional: true)],
      group: .registry, role: .admin, "Let another version of a view serve",
      details:
        "It answers by the view's name from then on, in one step for all connections. The version that "
        + "did is deprecated, or with SILENT silent; promoting it switches back.",
      reply: "a map: `view`, `version`, `previous`, `sets` that read the view",
      example: "FS.PROMOTE author_activity@2"),
    CommandSpec(
      .fsDeprecate, "FS.DEPRECATE", nil,
      [
        CommandArgument("name"),
        CommandArgument(
          "how", .oneOf([CommandArgument("reason", token: "REASON"), .flag("UNDO")]),
          optional: true),
      ], group: .registry, role: .admin, "Mark a view or a feature as going; it answers as before",
      details:
        "The name is a view's, a version's, or VIEW.FEATURE. FS.VIEWS and FS.DESCRIBE show it, and its "
        + "look-ups are counted (`hindcast_deprecated_lookups_total`).",
      reply: "OK",
      example:
        "FS.DEPRECATE author_activity.30d_COMMIT_COUNT REASON 'use 90d_COMMIT_COUNT'"),
    CommandSpec(
      .fsForget, "FS.FORGET", nil,
      [.flag("DRYRUN", optional: true), CommandArgument("field=value", multiple: true)],
      group: .registry, role: .admin, "Erase an entity everywhere, and say what is left of it",
      details:
        "From the views that have the fields in their keys, kept events, the served log and what the "
        + "server keeps in memory, then from the files; then everything is read again. What is asked for "
        + "later is answered as for an entity that was never seen. With DRYRUN nothing changes. "
        + "docs/forget.md has what it covers. This cannot be undone.",
      complexity: "O(bytes stored), beside everything else",
      reply:
        "a map: `fields`, `places` (maps of `kind`, `name`, `unit`, `erased`, `left`), `mentions` (maps of "
        + "`place`, `what`, `count`, `way-out`), `bytes-read`, `text-searched`, `erased`, `left`; `left` is 0",
      example: "FS.FORGET DRYRUN author=42ef077bcaef"),
    CommandSpec(
      .fsAudit, "FS.AUDIT", group: .registry, role: .read,
      "What was done to declarations and history, oldest first", complexity: "O(entries)",
      reply: "an array of maps: `time`, `action`, `subject`, `digest`, `lines`", example: "FS.AUDIT"
    ),
    CommandSpec(
      .fsCheck, "FS.CHECK", nil,
      [.flag("REMARKS", optional: true), CommandArgument("declaration", multiple: true)],
      group: .registry, role: .read, "Check declarations against the store; changes nothing",
      details:
        "With REMARKS it also tells what is remarkable of declarations without mistakes: warnings are about "
        + "what is hardly meant, such as windows that reach further back than events are kept; notes about "
        + "what is large or slow. `hindcast check --sample FILE` looks at rows as well.",
      complexity: "O(declarations)",
      reply:
        "an array of mistakes, each with its place and the way out; empty is good. With REMARKS a map of "
        + "three arrays: `mistakes`, `warnings`, `notes`",
      example: "FS.CHECK '{\"view\": \"v\", \"stream\": \"commits\"}'"),
    CommandSpec(
      .fsViews, "FS.VIEWS", group: .registry, role: .read, "The registered views and feature sets",
      complexity: "O(views)", reply: "an array of maps", example: "FS.VIEWS"),
    CommandSpec(
      .fsDescribe, "FS.DESCRIBE", nil, [CommandArgument("name")], group: .registry, role: .read,
      "The declaration of a view, stream or set, and where it stands",
      reply:
        "a map; `declaration` is the canonical JSON, `digest` its digest; `features` of a view or set "
        + "are its features with their types, `key` of a set the fields that FS.VECTOR takes",
      example: "FS.DESCRIBE author_activity"),
    CommandSpec(
      .fsStats, "FS.STATS", group: .registry, role: .read, "Sizes of the store",
      complexity: "O(files)", reply: "a map", example: "FS.STATS"),
    CommandSpec(
      .fsCheckpoint, "FS.CHECKPOINT", nil, [CommandArgument("folder")],
      group: .registry, role: .admin, "Copy the store as it stands, by hard links",
      details:
        "The folder must not exist; it is a store of its own afterwards. Writing goes on meanwhile.",
      complexity: "O(files)", reply: "OK", example: "FS.CHECKPOINT /var/backups/hindcast-2026-11-22"
    ),
  ]

  static let connections: [CommandSpec] = [
    CommandSpec(
      .hello, "HELLO", nil,
      [
        CommandArgument(
          "arguments",
          .block([
            CommandArgument("version", .integer),
            CommandArgument(
              "auth", .block([CommandArgument("user"), CommandArgument("password")]),
              token: "AUTH", optional: true),
            CommandArgument("name", token: "SETNAME", optional: true),
          ]), optional: true)
      ], group: .connection, role: nil, "Choose the protocol's version, 2 or 3",
      details:
        "Without a version it tells about the server and changes nothing. Where a password is "
        + "needed, HELLO works with AUTH, or behind it.",
      reply: "a map about the server", example: "HELLO 3"),
    CommandSpec(
      .auth, "AUTH", nil, [CommandArgument("user", optional: true), CommandArgument("password")],
      group: .connection, role: nil, "Say who you are",
      details: "Without a user it is `default`.", reply: "OK", example: "AUTH scorer s3cret"),
    CommandSpec(
      .ping, "PING", nil, [CommandArgument("message", optional: true)],
      group: .connection, role: .read, "Is anybody there?", reply: "PONG, or the message",
      example: "PING"),
    CommandSpec(
      .echo, "ECHO", nil, [CommandArgument("message")], group: .connection, role: .read,
      "Give a message back", reply: "the message", example: "ECHO hello"),
    CommandSpec(
      .select, "SELECT", nil, [CommandArgument("database", .integer)],
      group: .connection, role: .read, "Choose database 0, the only one", reply: "OK",
      example: "SELECT 0"),
    CommandSpec(
      .quit, "QUIT", group: .connection, role: nil, "Close the connection", reply: "OK",
      example: "QUIT"),
    CommandSpec(
      .reset, "RESET", group: .connection, role: nil, "Back to how a connection begins",
      reply: "RESET", example: "RESET"),
    client(.clientID, "ID", [], "The connection's number", reply: "a whole number"),
    client(.clientInfo, "INFO", [], "About this connection", reply: "a line"),
    client(.clientGetName, "GETNAME", [], "The connection's name", reply: "a bulk string, or null"),
    client(
      .clientSetName, "SETNAME", [CommandArgument("name")], "Name the connection", reply: "OK",
      example: "CLIENT SETNAME scorer-7"),
    client(
      .clientSetInfo, "SETINFO", [CommandArgument("attribute"), CommandArgument("value")],
      "Say which library is calling: LIB-NAME, LIB-VER", reply: "OK",
      example: "CLIENT SETINFO LIB-NAME redis-py"),
    client(
      .clientNoEvict, "NO-EVICT", [onOrOff],
      "Accepted, and without effect: no client is ever evicted for memory", reply: "OK",
      example: "CLIENT NO-EVICT on"),
    client(
      .clientNoTouch, "NO-TOUCH", [onOrOff],
      "Accepted, and without effect: nothing expires", reply: "OK", example: "CLIENT NO-TOUCH on"),
    client(
      .clientList, "LIST", [], "All connections", role: .admin, complexity: "O(connections)",
      reply: "a line for each"),
    client(
      .clientKill, "KILL",
      [
        CommandArgument(
          "filter",
          .oneOf([
            CommandArgument("address"),
            CommandArgument(
              "condition",
              .oneOf([
                CommandArgument("id", .integer, token: "ID"),
                CommandArgument("address", token: "ADDR"),
                CommandArgument("user", token: "USER"),
                CommandArgument("yes-or-no", token: "SKIPME"),
              ]), multiple: true),
          ]))
      ],
      "Close the connection of an address, or all that meet every condition", role: .admin,
      details:
        "With conditions the caller's own connection is left alone, unless `SKIPME no` says "
        + "otherwise.", complexity: "O(connections)",
      reply: "OK for an address alone, else how many", example: "CLIENT KILL ID 7"),
  ]

  private static let onOrOff = CommandArgument("mode", .oneOf([.flag("ON"), .flag("OFF")]))

  private static func client(
    _ id: CommandID, _ subcommand: String, _ arguments: [CommandArgument] = [],
    _ summary: String, role: Role = .read, details: String = "", complexity: String = "O(1)",
    reply: String, example: String? = nil
  ) -> CommandSpec {
    CommandSpec(
      id, "CLIENT", subcommand, arguments, group: .connection, role: role, summary,
      details: details, complexity: complexity, reply: reply,
      example: example ?? "CLIENT \(subcommand)")
  }

  static let transactions: [CommandSpec] = [
    CommandSpec(
      .multi, "MULTI", group: .transaction, role: .read, "Collect commands until EXEC",
      details:
        "They are carried out one behind the other. Answers as served need no isolation. Events of one "
        + "stream that follow each other, up to 8192 of them, are stored in one atomic write.",
      reply: "OK", example: "MULTI"),
    CommandSpec(
      .exec, "EXEC", group: .transaction, role: .read, "Carry the collected commands out",
      complexity: "that of the commands", reply: "an array of their replies", example: "EXEC"),
    CommandSpec(
      .discard, "DISCARD", group: .transaction, role: .read, "Forget the collected commands",
      reply: "OK", example: "DISCARD"),
  ]

  static let administration: [CommandSpec] = [
    CommandSpec(
      .command, "COMMAND", group: .server, role: .read, "All commands", complexity: "O(commands)",
      reply: "an array, as COMMAND INFO has them", example: "COMMAND"),
    CommandSpec(
      .commandCount, "COMMAND", "COUNT", group: .server, role: .read, "How many commands there are",
      reply: "a whole number", example: "COMMAND COUNT"),
    CommandSpec(
      .commandDocs, "COMMAND", "DOCS", [CommandArgument("name", optional: true, multiple: true)],
      group: .server, role: .read, "What commands do and take", complexity: "O(commands)",
      reply: "a map from names to maps", example: "COMMAND DOCS FS.GET"),
    CommandSpec(
      .commandInfo, "COMMAND", "INFO", [CommandArgument("name", optional: true, multiple: true)],
      group: .server, role: .read, "Arity, flags and keys of commands", complexity: "O(commands)",
      reply: "an array", example: "COMMAND INFO HMGET"),
    CommandSpec(
      .commandList, "COMMAND", "LIST", group: .server, role: .read, "The names of all commands",
      complexity: "O(commands)", reply: "an array", example: "COMMAND LIST"),
    CommandSpec(
      .info, "INFO", nil, [CommandArgument("section", optional: true, multiple: true)],
      group: .server, role: .read, "How the server is doing",
      reply: "text, `name:value` by line", example: "INFO clients"),
    CommandSpec(
      .configGet, "CONFIG", "GET", [CommandArgument("pattern", multiple: true)],
      group: .server, role: .read, "Settings by name", complexity: "O(settings)",
      reply: "a map from names to values", example: "CONFIG GET max*"),
    CommandSpec(
      .slowlogGet, "SLOWLOG", "GET", [CommandArgument("count", .integer, optional: true)],
      group: .server, role: .admin, "The slowest commands of late",
      details: "Names of commands and the number of their words; never what was asked or answered.",
      reply: "an array, the newest first", example: "SLOWLOG GET 10"),
    CommandSpec(
      .slowlogLen, "SLOWLOG", "LEN", group: .server, role: .admin, "How many are kept",
      reply: "a whole number", example: "SLOWLOG LEN"),
    CommandSpec(
      .slowlogReset, "SLOWLOG", "RESET", group: .server, role: .admin, "Forget them", reply: "OK",
      example: "SLOWLOG RESET"),
    CommandSpec(
      .shutdown, "SHUTDOWN", nil,
      [CommandArgument("mode", .oneOf([.flag("NOSAVE"), .flag("SAVE")]), optional: true)],
      group: .server, role: .admin, "Stop the server: answer what came, write everything out, end",
      details: "What was acknowledged is stored either way; the word is there for Redis's clients.",
      reply: "none; the connection ends", example: "SHUTDOWN"),
    CommandSpec(
      .dbsize, "DBSIZE", group: .server, role: .read, "Stored blocks, estimated",
      reply: "a whole number", example: "DBSIZE"),
  ]
}
