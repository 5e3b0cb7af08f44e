// `hindcast load`: the rows of a table, replaced as a whole.
import Hindcast

enum Load: Command {
  static let name = "load"
  static let summary = "Make the rows of a CSV or JSON Lines file all that a table has"
  static let words = "STORE TABLE FILE"
  static let options = [
    Option("at", "TIME", "when the rows become known; default: now"),
    Option(
      flag: "known-from-valid",
      "each row was known when it became valid: for a table that has no rows yet"),
    Option("format", "csv|jsonl", "where the file's name does not say"),
    Option(flag: "empty", "the file may have no rows: the table is emptied"),
    Option(flag: "json", "print JSON"),
  ]
  static let details = """
    The file has a column for each key field and attribute, and one for the valid-from time where the table
    declares it. One bad row refuses the whole file. Rows that are not in the file any more are gone for
    whoever knows of the load: answers as served before it, and known at an earlier time, stay as they
    were. The same file again changes nothing.
    """
  static let examples = [
    "hindcast register ./store schemas/examples/ip_list.table.json",
    "hindcast load ./store ip_list schemas/examples/ip_list.csv",
  ]

  static func run(_ arguments: Arguments) throws -> ExitCode {
    let words = try words(arguments, atLeast: 3, upTo: 3)
    var options = LoadOptions()
    options.format = try Inputs.format(arguments, "format")
    options.isKnownFromValid = arguments.has("known-from-valid")
    options.mayBeEmpty = arguments.has("empty")
    if let text = arguments["at"] {
      guard !options.isKnownFromValid else {
        throw UsageError(description: "--at and --known-from-valid exclude each other")
      }
      options.time = try Inputs.time(text, "--at")
    }
    let report = try FeatureStore.open(words[0]).load(words[2], into: words[1], options)
    print(arguments.has("json") ? report.json.compact : text(report))
    return .success
  }

  private static func text(_ report: LoadReport) -> String {
    let change = report.change
    let rows = "table \(report.table): \(Terminal.grouped(report.rows)) rows"
    guard change.isChange else { return "\(rows), as they stood already: nothing changed" }
    let parts = [
      (change.added, "added"), (change.changed, "changed"), (change.removed, "removed"),
      (change.unchanged, "unchanged"),
    ].filter { $0.0 > 0 }.map { "\(Terminal.grouped($0.0)) \($0.1)" }
    let known = change.time.map { "known from \($0) on" } ?? "each known from when it is valid"
    return "\(rows): \(parts.joined(separator: ", ")); \(known)"
  }
}
