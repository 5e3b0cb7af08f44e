// A plugin is a program: the views of a package and three lines. It says what it declares, computes fields of
// rows, and takes files in with them; `hindcast` runs it and needs to know nothing of its types.
import FeatureModel
import Glibc
import RowFiles
import SliceStore

/// The program of a package with views:
///
///     @main struct Plugin: FeaturePlugin {
///       static var views: [any FeatureView.Type] { [SenderActivity.self] }
///     }
public protocol FeaturePlugin {
  static var views: [any FeatureView.Type] { get }
  /// Feature sets over these views, and over others of the store; none where nothing is said.
  static var sets: [FeatureSet] { get }
}

/// What `hindcast` and plugins agree on.
public enum FeaturePluginProtocol {
  /// Stands in the bytes of every plugin, as of every program with this library; `hindcast` runs none without
  /// it. The number changes when the words do that a plugin is asked in.
  public static let marker = "hindcast feature plugin, protocol 1"
}

extension FeaturePlugin {
  public static var sets: [FeatureSet] { [] }

  public static func main() {
    signal(SIGPIPE, SIG_IGN)
    exit(PluginProgram(views, sets).run(Array(CommandLine.arguments.dropFirst())))
  }
}

/// One run of a plugin.
struct PluginProgram {
  private let views: [any FeatureView.Type]
  private let sets: [FeatureSet]

  init(_ views: [any FeatureView.Type], _ sets: [FeatureSet]) {
    self.views = views
    self.sets = sets
  }

  private var declarations: DeclarationText { DeclarationText(views, sets: sets) }

  private var help: String {
    """
    \(FeaturePluginProtocol.marker): \(views.map { $0.name }.joined(separator: ", "))

      declarations                          print the declarations, as of a file
      register STORE                        register them; makes the store if needed
      ingest STORE STREAM FILE...           take files into the stream's views, with the computed fields
      rows STREAM FILE                      print a file's rows with the computed fields, as JSON Lines

    options: --format csv|jsonl; of ingest: --source NAME, --rejects FILE, --json; of rows: --bytes N, about as many
    exit codes: those of hindcast
    """
  }

  func run(_ words: [String]) -> Int32 {
    do {
      let arguments = try PluginArguments(words)
      switch (arguments.words.first, arguments.words.count) {
      case ("declarations", 1): print(String(decoding: declarations.text, as: UTF8.self))
      case ("register", 2): try register(arguments.words[1])
      case ("ingest", 4...): try ingest(arguments)
      case ("rows", 3): return try rows(arguments)
      case ("help", _), ("--help", _): print(help)
      default:
        complain(help)
        return 2
      }
      return 0
    } catch {
      complain("\(CommandLine.arguments[0]): \(error)")
      return Self.code(of: error)
    }
  }

  /// As of `hindcast`: 2 wrong use, 3 bad input, 4 the store.
  private static func code(of error: any Error) -> Int32 {
    switch error {
    case is PluginArguments.Mistake: 2
    case HindcastError.store, HindcastError.storeAtRow: 4
    case is HindcastError, is RowFileError: 3
    default: 4
    }
  }

  private func complain(_ text: String) {
    let bytes = Array((text + "\n").utf8)
    _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }

  private func register(_ path: String) throws {
    let store = try HindcastError.store { () throws(StoreError) in
      try FeatureStore.open(path, .create)
    }
    for report in try store.register([declarations]) {
      let lines = [report.outcome.name] + report.outcome.differences
      print("\(report.kind.rawValue) \(report.name): \(lines.joined(separator: "\n  "))")
    }
  }

  private func ingest(_ arguments: PluginArguments) throws {
    let store = try HindcastError.store { () throws(StoreError) in
      try FeatureStore.open(arguments.words[1])
    }
    var options = IngestOptions()
    options.format = try arguments.format()
    options.source = arguments["source"]
    options.rejects = arguments["rejects"]
    let files = arguments.words.dropFirst(3)
    if options.source != nil, files.count > 1 {
      throw PluginArguments.Mistake(
        "--source names one file's position; ingest the files one by one")
    }
    let view = try view(over: arguments.words[2])
    for file in files {
      let report = try store.ingest(file, for: view, options)
      if arguments.isJSON {
        print(report.json(file: file).compact)
      } else {
        print(
          "\(file): \(report.rows) rows, after \(report.rowsBefore) taken in before, "
            + "\(report.rejected) rejected")
      }
    }
  }

  private func rows(_ arguments: PluginArguments) throws -> Int32 {
    let view = try view(over: arguments.words[1])
    let output = PluginRows(
      path: arguments.words[2], format: try arguments.format(), bytes: arguments.bytes)
    let rejected = try output.print(of: view)
    for row in rejected.prefix(10) { complain("bad row: \(row)") }
    if rejected.count > 10 { complain("... and \(rejected.count - 10) bad rows more") }
    return rejected.isEmpty ? 0 : 1
  }

  private func view(over stream: String) throws(HindcastError) -> any FeatureView.Type {
    if let view = views.first(where: { Self.streamName(of: $0) == stream }) { return view }
    let names = views.map { Self.streamName(of: $0) }
    throw .refused(
      "no view of this plugin is over a stream '\(stream)'"
        + Suggestion.phrase(for: stream, among: names))
  }

  private static func streamName<View: FeatureView>(of view: View.Type) -> String {
    view.stream.name
  }
}

/// Rows of a file, made whole and printed.
private struct PluginRows {
  let path: String
  let format: RowFormat?
  let bytes: Int

  /// - Returns: the rows that could not be read.
  func print<View: FeatureView>(of view: View.Type) throws(HindcastError) -> [RowRejection] {
    let (stream, _) = try FeatureStore.declarations(of: view)
    let deriver = try RowDeriver.of(view, into: stream)
    return try HindcastError.file { () throws(RowFileError) in
      let chunker = try RowChunker(path: path, format: format)
      let schema = deriver?.schema ?? RowSchema(stream)
      let reader = SampleReader(try RowParser(for: chunker, schema: schema), deriver, stream)
      let writer = try RowWriter(
        path: "-", format: .jsonLines, columns: stream.fields.map(\.name))
      var rejected: [RowRejection] = []
      var read = 0
      while read < bytes, let chunk = try chunker.next() {
        read += chunk.bytes.count
        reader.take(chunk)
        for row in 0..<reader.rows.count {
          writer.beginRow()
          for column in reader.rows.columns { writer.append(column.value(row)) }
          try writer.endRow()
        }
        rejected += reader.rejected
        reader.removeAll()
      }
      _ = try writer.finish()
      return rejected
    }
  }
}
