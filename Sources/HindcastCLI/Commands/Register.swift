// `hindcast register`: declarations into the store.
import Hindcast

enum Register: Command {
  static let name = "register"
  static let summary =
    "Register streams, views and sets from declaration files; makes the store if needed"
  static let words = "STORE FILE..."
  static let options = [Option(flag: "json", "print JSON")]
  static let details = """
    All files are checked before anything is registered. The same declaration again changes nothing. New
    windows and features over stored aggregations are live at once; any other change of a registered
    name is refused, with what differs, as is a view that loses a feature which a set names.
    """
  static let examples = [
    "hindcast register ./store tools/demo/declarations/commits.stream.json \\\n"
      + "tools/demo/declarations/author_activity.view.json",
    "hindcast register ./store tools/demo/declarations/*.json",
  ]

  static func run(_ arguments: Arguments) throws -> ExitCode {
    let words = try words(arguments, atLeast: 2, upTo: nil)
    let texts = try Inputs.declarations(Array(words.dropFirst()))
    let store = try FeatureStore.open(words[0], .create)
    let reports = try store.register(texts)
    if arguments.has("json") {
      print(JSONValue.array(reports.map(json)).compact)
      return .success
    }
    for report in reports {
      print("\(report.kind.rawValue) \(report.name): \(text(report.outcome))")
      if report.lacksHistory {
        Terminal.complain(
          "view '\(report.name)' has no history yet: ingest the stream's files again; the other views "
            + "take nothing twice")
      }
    }
    return .success
  }

  private static func text(_ outcome: Registration) -> String {
    ([outcome.name] + outcome.differences).joined(separator: "\n  ")
  }

  private static func json(_ report: RegistrationReport) -> JSONValue {
    .object([
      ("kind", .string(report.kind.rawValue)), ("name", .string(report.name)),
      ("outcome", .string(report.outcome.name)),
      ("differences", .array(report.outcome.differences.map { .string($0) })),
      ("lacksHistory", .bool(report.lacksHistory)),
    ])
  }
}
