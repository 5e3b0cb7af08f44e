// `hindcast check`: what declarations would do, shown on sample rows, before anything is registered.
import FeatureServer
import Foundation
import Hindcast

enum Check: Command {
  static let name = "check"
  static let summary = "Try declarations on sample rows and show the values; changes nothing"
  static let words = "FILE..."
  static let options = [
    Option(
      "sample", "FILE",
      "rows of the stream or table, CSV or JSON Lines; without it only the text is checked"
    ),
    Option(
      "store", "STORE", "where streams and views are registered that the files do not declare"),
    Option("format", "csv|jsonl", "of the sample, where its name does not say"),
    Option("entities", "N", "how many entities to show; default 3"),
    Option(flag: "json", "print JSON"),
  ]
  static let details = """
    Every mistake is reported with its place, its reason and the nearest valid name. With a sample: each
    feature's type, its values for entities of the last rows (asked one slice later), bad rows, and the
    size to expect. Warnings (exit code 1) are about what is hardly meant: a filter that no row passes, a
    key or a derived field that is null, windows beyond what is kept. Notes are worth knowing: a filter
    that all rows pass, a feature that has one value for all entities, a bound that is reached, what is
    large or slow. Only the first 64 MiB of a sample are read. A FILE may be a compiled plugin; what it
    computes is filled in.
    """
  static let examples = [
    "hindcast check tools/demo/declarations/commits.stream.json \\\n"
      + "tools/demo/declarations/author_activity.view.json \\\n"
      + "--sample tools/demo/data/commits.csv.gz"
  ]

  static func run(_ arguments: Arguments) throws -> ExitCode {
    let words = try words(arguments, atLeast: 1, upTo: nil)
    let texts = try Inputs.declarations(words)
    if let path = arguments["store"] {
      return try run(arguments, texts, in: try FeatureStore.open(path, .readOnly))
    }
    let scratch = FileManager.default.temporaryDirectory
      .appendingPathComponent("hindcast-check-\(UUID().uuidString)").path
    return try Inputs.withEmptyStore(at: scratch) { try run(arguments, texts, in: $0) }
  }

  private static func run(
    _ arguments: Arguments, _ texts: [DeclarationText], in store: FeatureStore
  ) throws -> ExitCode {
    guard let resolved = try resolve(texts, in: store, arguments) else { return .badInput }
    let (streams, views) = (resolved.streams, resolved.views)
    Deprecations.warn(views.map { ($0.name, $0.features.map(\.name)) }, store.store)
    var known = Dictionary(
      uniqueKeysWithValues: store.store.streams.map { ($0.declaration.name, $0.declaration) })
    for stream in streams { known[stream.name] = stream }
    guard let sample = arguments["sample"] else {
      let remarks = store.remarks(on: resolved)
      tell(resolved, remarks, arguments)
      return remarks.contains { $0.isWarning } ? .found : .success
    }
    guard !views.isEmpty || !resolved.tables.isEmpty else {
      throw UsageError(
        description: "a sample is tried with views or tables, and the files declare none")
    }
    guard let entities = Int(arguments["entities"] ?? "3"), entities > 0 else {
      throw UsageError(description: "--entities takes a number from 1 on")
    }
    var checked: [CheckedView] = []
    var wasWhole = true
    for stream in Set(views.map(\.stream)).sorted() {
      let whole = try Plugins.sample(
        sample, of: stream, by: texts, format: try Inputs.format(arguments, "format"))
      defer { if let whole { try? FileManager.default.removeItem(atPath: whole.path) } }
      wasWhole = wasWhole && whole?.isWhole != false
      checked += try FeatureStore.check(
        views.filter { $0.stream == stream }, of: known[stream]!, sample: whole?.path ?? sample,
        format: try whole.map { _ in .jsonLines } ?? Inputs.format(arguments, "format"),
        entities: entities)
    }
    // A sample has the rows of streams, or those of tables.
    for table in views.isEmpty ? resolved.tables : [] {
      checked.append(
        try FeatureStore.check(
          table, sample: sample, format: try Inputs.format(arguments, "format"), entities: entities)
      )
    }
    if arguments.has("json") {
      print(JSONValue.array(checked.map(json)).compact)
    } else {
      for view in checked { show(view, sample) }
    }
    let isFine = checked.allSatisfy { $0.warnings.isEmpty && $0.rejectedCount == 0 }
    return isFine && wasWhole ? .success : .found
  }

  /// Nil where mistakes were told as JSON, as all else is that is asked for so.
  private static func resolve(
    _ texts: [DeclarationText], in store: FeatureStore, _ arguments: Arguments
  ) throws -> ResolvedDeclarations? {
    do { return try store.resolve(texts) } catch {
      guard case .declarations(let mistakes) = error, arguments.has("json") else { throw error }
      print(JSONValue.object([("mistakes", .array(mistakes.map { .string($0) }))]).compact)
      return nil
    }
  }

  private static func tell(
    _ resolved: ResolvedDeclarations, _ remarks: [Remark], _ arguments: Arguments
  ) {
    let texts = { (isWarning: Bool) in
      remarks.filter { $0.isWarning == isWarning }.map(\.description)
    }
    let (warnings, notes) = (texts(true), texts(false))
    guard arguments.has("json") else {
      let counts = [
        "\(resolved.streams.count) streams", "\(resolved.views.count) views",
        "\(resolved.sets.count) sets", "\(resolved.tables.count) tables",
      ]
      print(counts.joined(separator: ", ") + ", no mistakes")
      tell(warnings, notes)
      return
    }
    print(
      JSONValue.object([
        ("streams", .array(resolved.streams.map { .string($0.name) })),
        ("views", .array(resolved.views.map { .string($0.name) })),
        ("sets", .array(resolved.sets.map { .string($0.name) })),
        ("tables", .array(resolved.tables.map { .string($0.name) })),
        ("warnings", .array(warnings.map { .string($0) })),
        ("notes", .array(notes.map { .string($0) })),
      ]).compact)
  }

  private static func tell(_ warnings: [String], _ notes: [String]) {
    for warning in warnings { print("warning: \(warning)") }
    for note in notes { print("note: \(note)") }
  }

  private static func show(_ checked: CheckedView, _ sample: String) {
    let rows = Terminal.grouped(checked.rows)
    print("view \(checked.view.name) over \(rows) rows of \(sample)")
    let header =
      ["feature", "type"]
      + checked.answers.map { "\(EntityText.write($0.entity)) at \($0.time)" }
    Terminal.table(
      header,
      checked.view.features.enumerated().map { index, feature in
        [feature.name, feature.type.rawValue] + checked.answers.map { Get.shown($0.values[index]) }
      }, right: Set(2..<max(3, header.count)))
    for field in checked.derived {
      let examples = field.examples.map { "'\(Get.shown($0))'" }.joined(separator: ", ")
      print(
        "derive \(field.name) (\(field.type.rawValue)): \(examples.isEmpty ? "null" : examples)")
    }
    if checked.rows > 0, checked.view.join == nil {
      let perMillion = checked.storedBytes * 1_000_000 / checked.rows
      print("size: about \(Terminal.bytes(perMillion)) per million rows before compression")
    }
    for rejection in checked.rejected { print("bad row: \(rejection)") }
    if checked.rejectedCount > checked.rejected.count {
      print("... and \(checked.rejectedCount - checked.rejected.count) bad rows more")
    }
    tell(checked.warnings, checked.notes)
    print("")
  }

  private static func json(_ checked: CheckedView) -> JSONValue {
    let answers = checked.answers.map { answer in
      JSONValue.object([
        ("entity", .array(answer.entity.map { .string($0) })),
        ("at", .string(answer.time.description)),
        (
          "features",
          .object(zip(checked.view.features, answer.values).map { ($0.name, JSONValue($1)) })
        ),
      ])
    }
    var members: [(String, JSONValue)] = [
      ("view", .string(checked.view.name)), ("rows", .int(Int64(checked.rows))),
      ("rejected", .int(Int64(checked.rejectedCount))),
      (
        "features",
        .object(checked.view.features.map { ($0.name, .string($0.type.rawValue)) })
      ),
      ("answers", .array(answers)), ("entries", .int(Int64(checked.entries))),
      ("storedBytes", .int(Int64(checked.storedBytes))),
      ("warnings", .array(checked.warnings.map { .string($0) })),
      ("notes", .array(checked.notes.map { .string($0) })),
    ]
    if !checked.derived.isEmpty {
      let derived = checked.derived.map {
        ($0.name, JSONValue.array($0.examples.map { JSONValue($0) }))
      }
      members.append(("derived", .object(derived)))
    }
    return .object(members)
  }
}
