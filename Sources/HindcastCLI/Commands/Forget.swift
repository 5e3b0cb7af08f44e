// `hindcast forget`: an entity out of everything that is stored, and the proof of it.
import Hindcast
import Monitoring

enum Forget: Command {
  static let name = "forget"
  static let summary = "Erase an entity everywhere, and say what is left of it"
  static let words = "STORE FIELD=VALUE..."
  static let options = [
    Option("served-log", "FOLDER", "also from what 'hindcast serve --served-log FOLDER' recorded"),
    Option(flag: "dry-run", "look for the entity; change nothing"),
    Option(flag: "json", "print JSON"),
  ]
  static let details = """
    An entity is named by fields and their values; with several, it is what has all of them. It goes from
    the views that have these fields in their keys, and from kept events; then from the files. Then all
    is read again, and what is left is told: exit code 1 where that is more than nothing. What is asked for
    later is answered as for an entity that was never seen. Values about others that mention it stay, and
    are told. This cannot be undone; docs/forget.md has what it covers. A server does it by FS.FORGET.
    """
  static let examples = [
    "hindcast forget ./store author=05ec0cf5284d --served-log ./served",
    "hindcast forget ./store author=05ec0cf5284d --dry-run",
  ]

  static func run(_ arguments: Arguments) throws -> ExitCode {
    let words = try words(arguments, atLeast: 2, upTo: nil)
    let parts = try words.dropFirst().map { try EntityPart(parsing: $0.utf8) }
    let folder = arguments["served-log"]
    let report =
      arguments.has("dry-run")
      ? try FeatureStore.open(words[0], .readOnly).find(parts, servedLog: folder)
      : try forget(parts, words[0], folder)
    if arguments.has("json") { print(json(report).compact) } else { show(report) }
    return report.left == 0 ? .success : .found
  }

  private static func forget(
    _ parts: [EntityPart], _ path: String, _ folder: String?
  ) throws -> ForgetReport {
    let store = try FeatureStore.open(path)
    var report = try store.erase(parts, servedLog: folder)
    // Opening it writes its list of files anew, which has keys in it.
    store.store.close()
    report.add(try FeatureStore.open(path).store.find(parts))
    return report
  }

  private static func show(_ report: ForgetReport) {
    Terminal.table(
      ["place", "what", "erased", "left"],
      report.places.map { place in
        [
          place.name.isEmpty ? place.kind : "\(place.kind) \(place.name)", place.unit,
          Terminal.grouped(place.erased), Terminal.grouped(place.left),
        ]
      }, right: [2, 3])
    for mention in report.mentions {
      print(
        "\(mention.place): \(Terminal.grouped(mention.count)) \(mention.what): \(mention.wayOut)")
    }
    let search =
      report.isTextSearched
      ? "and searched for the text" : "by keys and fields; the value is none to search bytes for"
    print(
      "\(Terminal.bytes(report.bytesRead)) of keys and values read again, \(search): "
        + "\(Terminal.grouped(report.left)) left")
  }

  private static func json(_ report: ForgetReport) -> JSONValue {
    .object([
      ("fields", .array(report.fields.map { .string($0) })),
      (
        "places",
        .array(
          report.places.map { place in
            .object([
              ("kind", .string(place.kind)), ("name", .string(place.name)),
              ("unit", .string(place.unit)), ("erased", .int(Int64(place.erased))),
              ("left", .int(Int64(place.left))),
            ])
          })
      ),
      (
        "mentions",
        .array(
          report.mentions.map { mention in
            .object([
              ("place", .string(mention.place)), ("what", .string(mention.what)),
              ("count", .int(Int64(mention.count))), ("wayOut", .string(mention.wayOut)),
            ])
          })
      ),
      ("bytesRead", .int(Int64(report.bytesRead))),
      ("textSearched", .bool(report.isTextSearched)), ("erased", .int(Int64(report.erased))),
      ("left", .int(Int64(report.left))),
    ])
  }
}
