// `hindcast join`: features onto historical events, each as of its own time.
import Foundation
import Hindcast

enum Join: Command {
  static let name = "join"
  static let summary = "Append features to the rows of a file, each as of its own time"
  static let words = "STORE SPINE"
  static let options =
    [
      Option(
        "view", "VIEW[:A,B]", repeats: true, "a view, or some of its features; again for more views"
      ),
      Option("time", "COLUMN", "the spine's time column; default: the first view's event time"),
      Option(
        "key", "FIELD=COLUMN", repeats: true, "where a key field has another name in the spine"),
      Option("output", "FILE", "CSV or JSON Lines, .gz too; default: standard output (also -o)"),
    ] + Inputs.modeOptions + [
      Option("format", "csv|jsonl", "of the spine, where its name does not say"),
      Option("output-format", "csv|jsonl", "default: the output's name, else the spine's format"),
      Option(
        "receipt", "FILE", "write what re-runs this join to the same bytes; seals the streams"),
      Option("verify", "FILE", "re-run a receipt's join and compare"),
      Option(flag: "json", "print the report as JSON, to standard error"),
    ]
  static let details = """
    All columns and rows of the spine are kept, in their order; a row without a readable time ends the
    join and names its line. Rows whose key is empty are answered like an unknown entity. Without a mode
    each row gets what was served at its time.
    """
  static let examples = [
    "hindcast join ./store commits.csv.gz --view author_activity --time arrival_time_ms -o out.csv",
    "hindcast join ./store out.csv --verify receipt.json --output /dev/null",
  ]

  static func run(_ arguments: Arguments) throws -> ExitCode {
    let words = try words(arguments, atLeast: 2, upTo: 2)
    if let receipt = arguments["verify"] { return try verify(words, receipt, arguments) }
    let mode: StoreMode = arguments.has("receipt") ? .existing : .readOnly
    let store = try FeatureStore.open(words[0], mode)
    let request = try request(arguments, store)
    let output = arguments["output"] ?? "-"
    let line = ProgressLine("join \(words[1])")
    defer { line.finish() }
    let update = { (rows: Int, fraction: Double?) in line.update(rows: rows, fraction: fraction) }
    let report: JoinReport
    if let path = arguments["receipt"] {
      let result = try store.joinWithReceipt(
        words[1], to: output, request, now: Inputs.now(), progress: update)
      report = result.report
      try Data((result.receipt.json.pretty + "\n").utf8).write(
        to: URL(fileURLWithPath: path), options: .atomic)
    } else {
      report = try store.join(words[1], to: output, request, progress: update)
    }
    line.finish()
    tell(report, arguments, line)
    return .success
  }

  private static func tell(_ report: JoinReport, _ arguments: Arguments, _ line: ProgressLine) {
    if arguments.has("json") {
      let json = JSONValue.object([
        ("rows", .int(Int64(report.rows))), ("spine", .string(report.spineDigest.description)),
        ("answer", .string(report.answerDigest.description)),
      ])
      Terminal.write(json.compact + "\n")
    } else if arguments.has("output") {
      let rate = ProgressLine.rate(Double(report.rows) / line.seconds)
      Terminal.write("joined \(Terminal.grouped(report.rows)) rows, \(rate)\n")
    }
  }

  private static func request(
    _ arguments: Arguments, _ store: FeatureStore
  ) throws -> JoinRequest {
    let views = arguments.all("view").map { text -> (name: String, features: [String]?) in
      let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
      return (parts.first ?? "", parts.count > 1 ? Inputs.list(parts[1]) : nil)
    }
    guard let first = views.first else {
      throw UsageError(description: "name at least one view: --view VIEW, or --view VIEW:A,B")
    }
    let view = try store.store.view(first.name).declaration
    let stream = try store.store.stream(view.stream).declaration
    var request = JoinRequest(
      views: views, time: arguments["time"] ?? stream.fields[stream.eventTime].name)
    for key in arguments.all("key") {
      let parts = key.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else {
        throw UsageError(description: "--key '\(key)': write FIELD=COLUMN")
      }
      request.keys[parts[0]] = parts[1]
    }
    try checkKeys(request, store)
    request.mode = try Inputs.mode(arguments)
    request.spineFormat = try Inputs.format(arguments, "format")
    request.outputFormat = try Inputs.format(arguments, "output-format")
    if request.outputFormat == nil, let output = arguments["output"] {
      request.outputFormat = RowFormat(fileName: output)
    }
    return request
  }

  private static func checkKeys(_ request: JoinRequest, _ store: FeatureStore) throws {
    let fields = try request.views.flatMap { try store.store.view($0.name).declaration.entity }
    for field in request.keys.keys where !fields.contains(field) {
      let hint = Suggestion.phrase(for: field, among: fields)
      throw UsageError(description: "--key: no view has the key field '\(field)'\(hint)")
    }
  }

  private static func verify(
    _ words: [String], _ path: String, _ arguments: Arguments
  ) throws -> ExitCode {
    guard let text = FileManager.default.contents(atPath: path) else {
      throw HindcastError.refused("\(path): cannot be read")
    }
    let json: JSONValue
    do { json = try JSONValue.parse(String(decoding: text, as: UTF8.self)) } catch {
      throw HindcastError.refused("\(path): not a receipt: \(error)")
    }
    let store = try FeatureStore.open(words[0], .readOnly)
    let line = ProgressLine("verify \(words[1])")
    defer { line.finish() }
    let (report, mismatches) = try store.verify(
      try Receipt(json), spine: words[1], to: arguments["output"] ?? "/dev/null",
      spineFormat: try Inputs.format(arguments, "format")
    ) { line.update(rows: $0, fraction: $1) }
    line.finish()
    for mismatch in mismatches {
      print("\(mismatch.what): \(mismatch.expected) in the receipt, \(mismatch.found) now")
    }
    if mismatches.isEmpty { print("the same \(Terminal.grouped(report.rows)) rows, byte for byte") }
    return mismatches.isEmpty ? .success : .found
  }
}
