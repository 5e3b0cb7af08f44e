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
      Option(
        "set", "NAME", repeats: true, "a feature set, in its order, behind the views' columns"),
      Option("time", "COLUMN", "the spine's time column; default: the first view's event time"),
      Option(
        "key", "FIELD=COLUMN", repeats: true, "where a key field has another name in the spine"),
      Option("output", "FILE", "CSV or JSON Lines, .gz too; default: standard output (also -o)"),
    ] + Inputs.modeOptions + [
      Option(
        "known-column", "COLUMN",
        "each row is answered with what was known at its instant in this column"),
      Option("format", "csv|jsonl", "of the spine, where its name does not say"),
      Option("output-format", "csv|jsonl", "default: the output's name, else the spine's format"),
      Option(
        "receipt", "FILE", "write what re-runs this join to the same bytes; seals the streams"),
      Option("verify", "FILE", "re-run a receipt's join and compare"),
      Option(
        flag: "json",
        "print the report as JSON, to standard error; that of --verify to standard output"),
    ]
  static let details = """
    All columns and rows of the spine are kept, in their order; a row without a readable time ends the
    join and names its line. Rows whose key is empty are answered like an unknown entity; a key that a view
    derives and that the spine lacks is derived from the spine's columns. Without a mode each row gets what
    was served at its time.

    An output in the spine's format has the spine's bytes. In the other format, the cells of a CSV spine
    become JSON strings (empty ones null), and the members of a JSON Lines spine CSV columns: those of
    its first object.
    """
  static let examples = [
    "hindcast join ./store tools/demo/data/commits.csv.gz --view author_activity \\\n"
      + "--time arrival_time_ms -o joined.csv",
    "hindcast join ./store tools/demo/data/commits.csv.gz \\\n"
      + "--view author_activity:30d_COMMIT_COUNT -o training.csv.gz --receipt training.receipt.json",
    "hindcast join ./store tools/demo/data/commits.csv.gz --view author_activity -o joined.jsonl",
    "hindcast join ./store tools/demo/data/commits.csv.gz --set revert_risk \\\n"
      + "--time arrival_time_ms -o vectors.csv",
    "hindcast join ./store tools/demo/data/commits.csv.gz --verify training.receipt.json",
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
      // Opened first: a receipt that cannot be written is to be found out before anything is sealed.
      var file = try ByteSink(path: path)
      let result = try store.joinWithReceipt(
        words[1], to: output, request, now: Inputs.now(), progress: update)
      report = result.report
      try write(result.receipt, to: &file)
    } else {
      report = try store.join(words[1], to: output, request, progress: update)
    }
    line.finish()
    warn(report)
    tell(report, arguments, line)
    return .success
  }

  private static func write(
    _ receipt: Receipt, to file: inout ByteSink
  ) throws(RowFileError) {
    let text = Array((receipt.json.pretty + "\n").utf8)
    try text.withUnsafeBufferPointer { (bytes) throws(RowFileError) in
      try file.write(UnsafeRawBufferPointer(bytes))
    }
    _ = try file.finish()
  }

  private static func warn(_ report: JoinReport) {
    for (view, rows) in report.rowsWithoutKey.sorted(by: { $0.key < $1.key }) {
      Terminal.complain(
        "\(Terminal.grouped(rows)) of \(Terminal.grouped(report.rows)) rows have no key for view "
          + "'\(view)' and got the features of an unknown entity; --key FIELD=COLUMN names the column"
      )
    }
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
    let (selections, sets) = try selections(arguments, store)
    var request = JoinRequest(selections, sets: sets, time: "")
    guard let first = request.views.first else {
      throw UsageError(
        description: "name at least one view or set: --view VIEW, --view VIEW:A,B, or --set NAME")
    }
    let view = try store.store.view(first).declaration
    let stream = try store.store.stream(view.stream).declaration
    request.time = arguments["time"] ?? stream.fields[stream.eventTime].name
    for key in arguments.all("key") {
      let parts = key.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else {
        throw UsageError(description: "--key '\(key)': write FIELD=COLUMN")
      }
      request.keys[parts[0]] = parts[1]
    }
    try checkKeys(request, store)
    Deprecations.warn(selections.map { ($0.view, $0.features) }, store.store)
    request.mode = try Inputs.mode(arguments)
    request.knownColumn = arguments["known-column"]
    request.spineFormat = try Inputs.format(arguments, "format")
    request.outputFormat = try Inputs.format(arguments, "output-format")
    if request.outputFormat == nil, let output = arguments["output"] {
      request.outputFormat = RowFormat(fileName: output)
    }
    return request
  }

  /// Views first, then sets, each in the order given.
  private static func selections(
    _ arguments: Arguments, _ store: FeatureStore
  ) throws -> (views: [FeatureSelection], sets: [FeatureSet]) {
    let views = try arguments.all("view").map { text in
      let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
      let features = parts.count > 1 ? try Inputs.features(parts[1]) : nil
      return FeatureSelection(parts.first ?? "", features: features)
    }
    let sets = try arguments.all("set").map { try store.store.set($0).declaration }
    return (views, sets)
  }

  private static func checkKeys(_ request: JoinRequest, _ store: FeatureStore) throws {
    let fields = try store.keyFields(of: request)
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
    tell(report, mismatches, arguments)
    return mismatches.isEmpty ? .success : .found
  }

  /// To standard error where the rows go to standard output.
  private static func tell(
    _ report: JoinReport, _ mismatches: [ReceiptMismatch], _ arguments: Arguments
  ) {
    var lines = mismatches.map { "\($0.what): \($0.expected) in the receipt, \($0.found) now" }
    if mismatches.isEmpty {
      lines = ["the same \(Terminal.grouped(report.rows)) rows, byte for byte"]
    }
    if arguments.has("json") {
      let list = mismatches.map { mismatch in
        JSONValue.object([
          ("what", .string(mismatch.what)), ("expected", .string(mismatch.expected)),
          ("found", .string(mismatch.found)),
        ])
      }
      lines = [
        JSONValue.object([
          ("rows", .int(Int64(report.rows))), ("same", .bool(mismatches.isEmpty)),
          ("mismatches", .array(list)),
        ]).compact
      ]
    }
    let text = lines.joined(separator: "\n")
    if arguments["output"] == "-" { Terminal.write(text + "\n") } else { print(text) }
  }
}
