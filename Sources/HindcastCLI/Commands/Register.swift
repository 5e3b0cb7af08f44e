// `hindcast register`: declarations into the store.
import Foundation
import Hindcast

enum Register: Command {
  static let name = "register"
  static let summary =
    "Register streams, views and sets from declaration files; makes the store if needed"
  static let words = "STORE FILE..."
  static let options = [
    Option(flag: "replace", "views may mean something else than what stands under their names"),
    Option(flag: "silent", "views become versions beside what serves, which are not served"),
    Option(flag: "json", "print JSON"),
  ]
  static let details = """
    All files are checked before anything is registered. The same declaration again changes nothing. New
    windows and features over stored aggregations are live at once; any other change of a registered
    name is refused, with what differs, as is a view that loses a feature which a set names. A view over a
    stream that keeps its events is built from these, with progress, before this command ends; with --replace
    so is another meaning of a known name, which takes the place of the present one when it is ready. With
    --silent it becomes a version beside the present one, NAME@2: computed, and logged by servers that keep a
    served log, but not served until it is promoted.
    A FILE may be a compiled plugin (see docs/plugins.md), which is run and asked for its declarations.
    """
  static let examples = [
    "hindcast register ./store tools/demo/declarations/commits.stream.json \\\n"
      + "tools/demo/declarations/author_activity.view.json",
    "hindcast register ./store tools/demo/declarations/*.json",
    "sed 's/parents < 2/parents < 3/' tools/demo/declarations/author_activity.view.json \\\n"
      + "> with_merges.json",
    "hindcast register ./store with_merges.json --silent",
  ]

  static func run(_ arguments: Arguments) throws -> ExitCode {
    let words = try words(arguments, atLeast: 2, upTo: nil)
    let texts = try Inputs.declarations(Array(words.dropFirst()))
    if !FeatureStore.exists(at: words[0]) { try resolveFirst(texts, words[0]) }
    let store = try FeatureStore.open(words[0], .create)
    let reports = try store.register(
      texts, replacing: arguments.has("replace"), silent: arguments.has("silent"))
    try build(store)
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

  /// What has mistakes leaves no store behind. It is tried where the store will be: no other folder need be
  /// there to be written to.
  private static func resolveFirst(_ texts: [DeclarationText], _ path: String) throws {
    let place = URL(fileURLWithPath: path)
    var isFolder: ObjCBool = false
    let isThere = FileManager.default.fileExists(atPath: place.path, isDirectory: &isFolder)
    let parent = place.deletingLastPathComponent()
    // What opening says of a file in the place of a folder, or of a folder that there is not, is better.
    if isThere ? !isFolder.boolValue : !FileManager.default.fileExists(atPath: parent.path) {
      return
    }
    let trial = (isThere ? place : parent).appendingPathComponent("trial-\(UUID().uuidString)").path
    _ = try Inputs.withEmptyStore(at: trial) { store throws(HindcastError) in
      try store.resolve(texts)
    }
  }

  /// Makes the histories of views that were registered now, or by a call that was cut off.
  private static func build(_ store: FeatureStore) throws {
    for building in store.store.building {
      let view = building.view.declaration.name
      let line = ProgressLine("build \(view)")
      try store.store.build(
        view, progress: { line.update(rows: $0.events, fraction: $0.fraction) })
      line.finish()
    }
  }

  private static func text(_ outcome: Registration) -> String {
    // It was built before this is told.
    let name = if case .building = outcome { "built from kept events" } else { outcome.name }
    return ([name] + outcome.differences).joined(separator: "\n  ")
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
