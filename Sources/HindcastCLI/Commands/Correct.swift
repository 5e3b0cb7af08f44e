// `hindcast retract` and `hindcast amend`: events that were wrong, taken back or replaced by their ids.
import Hindcast

enum Retract: Command {
  static let name = "retract"
  static let summary = "Take events of a stream back by their ids"
  static let words = "STORE STREAM [ID...]"
  static let options =
    [Option("file", "FILE", "ids from a CSV or JSON Lines file, from its column of the id's name")]
    + Corrections.options
  static let details = """
    All of it in one atomic step, or nothing. From the time of the correction on all modes answer as if the
    events had never been; what was served before stays what it was. The stream is sealed up to that time.
    It needs an "id" and "keep" in the stream's declaration.
    """
  static let examples = [
    "hindcast retract ./store commits dac59ffbbf32",
    "hindcast retract ./store commits --file tools/demo/data/withdrawn.csv",
  ]

  static func run(_ arguments: Arguments) throws -> ExitCode {
    let words = try words(arguments, atLeast: 2, upTo: nil)
    let ids = Array(words.dropFirst(2))
    let file = arguments["file"]
    guard ids.isEmpty != (file == nil) else {
      throw UsageError(description: "give ids, or --file FILE with them, and not both")
    }
    let store = try FeatureStore.open(words[0])
    let time = try Corrections.time(arguments)
    let report =
      if let file {
        try store.retract(
          idsIn: file, from: words[1], format: Inputs.format(arguments, "format"), at: time)
      } else {
        try store.retract(ids, from: words[1], at: time)
      }
    Corrections.show(report, arguments)
    return .success
  }
}

enum Amend: Command {
  static let name = "amend"
  static let summary = "Put other events in the place of those with the same ids"
  static let words = "STORE STREAM FILE"
  static let options = Corrections.options
  static let details = """
    The rows are whole events: a field that a row leaves out is null. All of it is one atomic step, or nothing.
    The old events are taken back as `retract` does it, and the rows arrive at that same time.
    """
  static let examples = ["hindcast amend ./store commits tools/demo/data/mended.csv"]

  static func run(_ arguments: Arguments) throws -> ExitCode {
    let words = try words(arguments, atLeast: 3, upTo: 3)
    let report = try FeatureStore.open(words[0]).amend(
      rowsIn: words[2], of: words[1], format: Inputs.format(arguments, "format"),
      at: Corrections.time(arguments))
    Corrections.show(report, arguments)
    return .success
  }
}

/// What both commands have.
private enum Corrections {
  static let options = [
    Option(
      "at", "TIME", "from which on it is known; default: now, or the seal where that is later"),
    Option("format", "csv|jsonl", "where the file's name does not say"),
    Option(flag: "json", "print JSON"),
  ]

  static func time(_ arguments: Arguments) throws(UsageError) -> Timestamp? {
    guard let text = arguments["at"] else { return nil }
    return try Inputs.time(text, "--at")
  }

  static func show(_ report: CorrectionReport, _ arguments: Arguments) {
    if arguments.has("json") { return print(report.json.compact) }
    var text = "\(Terminal.grouped(report.retracted)) taken back"
    if report.appended > 0 { text += ", \(Terminal.grouped(report.appended)) come instead" }
    let slices = report.slices == 1 ? "slice" : "slices"
    text += "; known from \(report.time) on, \(Terminal.grouped(report.slices)) \(slices) made anew"
    if report.expired > 0 {
      text += "; \(Terminal.grouped(report.expired)) before a view's retention floor"
    }
    print(text)
  }
}
