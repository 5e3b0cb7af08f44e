// The table of commands: look-ups and ingestion.

private let knowledge: [CommandArgument] = [
  CommandArgument("time", .time, token: "ASOF", optional: true),
  CommandArgument(
    "mode",
    .oneOf([
      CommandArgument("time", .time, token: "KNOWN"), .flag("CORRECTED"), .flag("FRESH"),
    ]), optional: true),
]
private let features = CommandArgument(
  "features",
  .block([CommandArgument("count", .integer), CommandArgument("feature", multiple: true)]),
  token: "FEATURES", optional: true)

/// The others refer to it.
private let modes = """
  Without ASOF it is about now. Without a mode the answer is as served: what was known at that instant. KNOWN asks \
  for what was known at another, CORRECTED for all that is known by now, FRESH also for the slice that is still \
  running (that answer cannot be replayed).
  """
private let sameModes = "Instants and modes are those of FS.GET."

extension CommandTable {
  static let lookups: [CommandSpec] = [
    CommandSpec(
      .hmget, "HMGET", nil,
      [CommandArgument("view:entity", .key), CommandArgument("feature", multiple: true)],
      group: .lookup, role: .read, "Features of an entity now, as served",
      details:
        "Values are texts: whole numbers, the shortest text of a double that reads back to the "
        + "same bits, ISO 8601 instants, `true` and `false`. A feature that the view does not have is an "
        + "error.",
      complexity: "O(features); a cached answer is copied",
      reply: "an array of bulk strings and nulls, in the order asked for",
      example: "HMGET author_activity:42ef077bcaef 30d_COMMIT_COUNT 90d_REPO_COUNT"),
    CommandSpec(
      .hget, "HGET", nil, [CommandArgument("view:entity", .key), CommandArgument("feature")],
      group: .lookup, role: .read, "One feature of an entity now, as served",
      complexity: "O(1)", reply: "a bulk string, or null",
      example: "HGET author_activity:42ef077bcaef 30d_COMMIT_COUNT"),
    CommandSpec(
      .hgetall, "HGETALL", nil, [CommandArgument("view:entity", .key)],
      group: .lookup, role: .read, "All features of an entity now, as served",
      complexity: "O(features)", reply: "a map from names to bulk strings and nulls",
      example: "HGETALL author_activity:42ef077bcaef"),
    CommandSpec(
      .fsGet, "FS.GET", nil,
      [CommandArgument("view"), CommandArgument("entity")] + knowledge + [features],
      group: .lookup, role: .read, "Features of an entity at any moment",
      details: modes, complexity: "O(entries of the longest window)",
      reply: "a map from names to values of their types; RESP2 has doubles as bulk strings",
      example: "FS.GET author_activity 42ef077bcaef ASOF 2015-06-01 FEATURES 1 30d_COMMIT_COUNT"),
    CommandSpec(
      .fsMGet, "FS.MGET", nil,
      [
        CommandArgument("view"), CommandArgument("count", .integer),
        CommandArgument("entity", multiple: true),
      ] + knowledge + [features],
      group: .lookup, role: .read, "Features of many entities of a view",
      details:
        "Of all entities at the same instant. Many of them are looked up beside the event loop, so "
        + "that nobody else waits. " + sameModes,
      complexity: "O(entities)",
      reply: "an array with an array of values for each entity, in the order asked for",
      example: "FS.MGET author_activity 2 42ef077bcaef 0123456789ab FEATURES 1 30d_COMMIT_COUNT"),
    CommandSpec(
      .fsVector, "FS.VECTOR", nil,
      [CommandArgument("set"), CommandArgument("field=value", multiple: true)] + knowledge,
      group: .lookup, role: .read, "The whole vector of a feature set in one round trip",
      details:
        "Every key field of the set is named once with its value; views that share a field share the value. "
        + "Derived members and defaults are in the vector. FS.DESCRIBE lists the key fields, and the "
        + "members with their types. " + sameModes,
      complexity: "O(features)", reply: "an array of values in the order of the set",
      example: "FS.VECTOR revert_risk author=42ef077bcaef"),
    CommandSpec(
      .fsExplain, "FS.EXPLAIN", nil,
      [CommandArgument("view"), CommandArgument("entity"), CommandArgument("feature")] + knowledge,
      group: .lookup, role: .read, "The stored slices behind a value",
      details: sameModes, complexity: "O(entries of the window)",
      reply: "a map: `value`, and `slices`, an array of maps with `slice`, `arrival` and `value`",
      example: "FS.EXPLAIN author_activity 42ef077bcaef 30d_COMMIT_COUNT ASOF 2015-06-01"),
  ]

  static let ingestion: [CommandSpec] = [
    CommandSpec(
      .xadd, "XADD", nil,
      [
        CommandArgument("stream[:producer]", .key), .flag("NOMKSTREAM", optional: true),
        CommandArgument("id"),
        CommandArgument(
          "fields", .block([CommandArgument("field"), CommandArgument("value")]), multiple: true),
      ],
      group: .ingest, role: .write, "Take an event in",
      details:
        "It is acknowledged when it is as safe as the server's `fsync` says. The id orders what one "
        + "producer sends and must be above its last: a resend is refused and counts nothing twice. "
        + "`*` takes the next one. Fields that are left out are null. Producers of one stream are told "
        + "apart by a name behind the stream's. After an event that could not be stored (a full disk), the "
        + "connection is closed, so that nothing behind it in the pipeline can overtake it: ask XINFO "
        + "STREAM where to go on.",
      complexity: "O(fields), per view of the stream", reply: "the event's id as a bulk string",
      example:
        "XADD commits:crawler 1526919030474-0 author 42ef077bcaef event_time_ms 2026-11-22T13:17:02Z"
    ),
    CommandSpec(
      .xlen, "XLEN", nil, [CommandArgument("stream[:producer]", .key)], group: .ingest, role: .read,
      "How many events came in over XADD", complexity: "O(producers)",
      reply: "a whole number; without a producer that of all", example: "XLEN commits:crawler"),
    CommandSpec(
      .xinfoStream, "XINFO", "STREAM", [CommandArgument("stream[:producer]", .key)],
      group: .ingest, role: .read, "Where a producer goes on",
      details:
        "`last-generated-id` is the last id that was stored: send what comes behind it. Without a "
        + "producer it is that of whoever names none, and `producers` has all.",
      complexity: "O(producers)",
      reply:
        "a map: `length`, `last-generated-id`, `seal`, `producers`, and the empty rest of what Redis has",
      example: "XINFO STREAM commits:crawler"),
    CommandSpec(
      .fsRetract, "FS.RETRACT", nil,
      [CommandArgument("stream"), CommandArgument("id", multiple: true)], group: .ingest,
      role: .write, "Take events of a stream back by their ids",
      details:
        "All of them, durably and in one step, or none. Answers know it from the next slice on; what was "
        + "served before stays what it was. The stream is sealed up to now. It needs an `id` and `keep` in "
        + "the stream's declaration.", complexity: corrections, reply: corrected,
      example: "FS.RETRACT commits dac59ffbbf32"),
    CommandSpec(
      .fsAmend, "FS.AMEND", nil,
      [
        CommandArgument("stream"),
        CommandArgument(
          "fields", .block([CommandArgument("field"), CommandArgument("value")]), multiple: true),
      ],
      group: .ingest, role: .write, "Put another event in the place of those with its id",
      details:
        "The fields are those of the whole event, its id among them, as XADD takes them; what is left "
        + "out is null. Otherwise it is as FS.RETRACT.", complexity: corrections, reply: corrected,
      example:
        "FS.AMEND commits event_id 24d57349d403 author 05ec0cf5284d event_time_ms 1996-05-04T06:04:05Z"
    ),
  ]

  private static let corrections =
    "O(kept events), of most of which only id and time are read; carried out beside everything else"
  private static let corrected = "a map: `known-from`, `retracted`, `appended`, `slices`"
}
