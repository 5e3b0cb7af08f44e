// `hindcast ingest`: row files into a stream's views.
import Hindcast

enum Ingest: Command {
  static let name = "ingest"
  static let summary = "Take events from CSV or JSON Lines files into the views of a stream"
  static let words = "STORE STREAM FILE..."
  static let options = [
    Option("format", "csv|jsonl", "where the file's name does not say"),
    Option("source", "NAME", "the name to continue under; default: the file, known by its content"),
    Option(
      "rejects", "FILE", "append bad rows there (CSV) and go on; default: the first ends the run"),
    Option("plugin", "PLUGIN", "a plugin that computes fields which the files do not have"),
    Option(flag: "json", "print JSON"),
  ]
  static let details = """
    Files may be gzip'd; - is standard input (with --source). The position in the file is stored in the
    same atomic step as its events: a file that was taken in, wholly or in part, is continued and never
    counted twice, also after a crash, under another path, or when it has grown. Views that were
    registered later catch up when the file is ingested again.
    """
  static let examples = [
    "hindcast ingest ./store commits tools/demo/data/commits.csv.gz",
    "zcat tools/demo/data/commits.csv.gz | hindcast ingest ./store commits - --format csv \\\n"
      + "--source the-archive",
  ]

  static func run(_ arguments: Arguments) throws -> ExitCode {
    let words = try words(arguments, atLeast: 3, upTo: nil)
    var options = IngestOptions()
    options.format = try Inputs.format(arguments, "format")
    options.source = arguments["source"]
    options.rejects = arguments["rejects"]
    if options.source != nil, words.count > 3 {
      throw UsageError(
        description: "--source names one file's position; ingest the files one by one")
    }
    if let plugin = arguments["plugin"] {
      try Plugins.become(plugin, ["ingest"] + words + Self.passedOn(arguments))
    }
    let store = try FeatureStore.open(words[0])
    for path in words.dropFirst(2) {
      let line = ProgressLine("\(words[1]) <- \(path)")
      defer { line.finish() }
      let report = try store.ingest(path, into: words[1], options) {
        line.update(rows: $0.rows, fraction: $0.fraction)
      }
      line.finish()
      if arguments.has("json") {
        print(report.json(file: path).compact)
      } else {
        show(path, report, line)
      }
    }
    return .success
  }

  /// The options that mean the same to a plugin.
  private static func passedOn(_ arguments: Arguments) -> [String] {
    let valued = ["format", "source", "rejects"].flatMap { name in
      arguments[name].map { ["--\(name)", $0] } ?? []
    }
    return valued + (arguments.has("json") ? ["--json"] : [])
  }

  private static func show(_ path: String, _ report: IngestReport, _ line: ProgressLine) {
    if report.rows == 0 {
      print(
        "\(path): nothing new; \(Terminal.grouped(report.rowsBefore)) rows were taken in before, as "
          + report.source)
      return
    }
    let rate = ProgressLine.rate(Double(report.rows) / line.seconds)
    var text = "\(path): \(Terminal.grouped(report.rows)) rows, \(rate)"
    if report.rowsBefore > 0 {
      text += ", after \(Terminal.grouped(report.rowsBefore)) taken in before"
    }
    if report.rejected > 0 { text += ", \(Terminal.grouped(report.rejected)) rejected" }
    if report.expired > 0 {
      text += ", \(Terminal.grouped(report.expired)) before a view's retention floor"
    }
    print(text)
  }
}
