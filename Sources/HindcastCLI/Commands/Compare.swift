// `hindcast compare`: two versions of a view held against each other, before one of them serves.
import FeatureServer
import Hindcast
import Monitoring

enum Compare: Command {
  static let name = "compare"
  static let summary = "Hold a version of a view against the one that serves"
  static let words = "STORE VERSION [SPINE]"
  static let options =
    [
      Option("served-log", "FOLDER", "compare what servers logged of both, instead of joining"),
      Option("with", "VERSION", "the other version of a join; default: the one that serves"),
      Option("time", "COLUMN", "the spine's time column; default: the stream's event time"),
      Option(
        "key", "FIELD=COLUMN", repeats: true, "where a key field has another name in the spine"),
      Option("format", "csv|jsonl", "of the spine, where its name does not say"),
    ] + Inputs.modeOptions + [Option(flag: "json", "print JSON")]
  static let details = """
    With a SPINE both versions are joined to its rows, each as of its own time. With --served-log the answers
    that were served are held against what the silent version would have answered to the same look-ups, as
    servers recorded it. For each feature that both have: how many answers are the same, how far numbers
    that differ are apart on average, and the pair that is furthest apart.
    """
  static let examples = [
    "hindcast compare ./store author_activity@2 tools/demo/data/commits.csv.gz \\\n"
      + "--time arrival_time_ms",
    "hindcast compare ./store author_activity@2 --served-log ./served",
  ]

  static func run(_ arguments: Arguments) throws -> ExitCode {
    let words = try words(arguments, atLeast: 2, upTo: 3)
    let comparison =
      words.count == 3
      ? try join(words, arguments) : try log(words[0], version: words[1], arguments)
    if arguments.has("json") { print(json(comparison).compact) } else { show(comparison) }
    return .success
  }

  private static func log(
    _ path: String, version: String, _ arguments: Arguments
  ) throws -> VersionComparison {
    guard let folder = arguments["served-log"] else {
      throw UsageError(description: "name a SPINE to join, or what was logged: --served-log FOLDER")
    }
    for option in ["with", "time", "key", "format", "known-at", "corrected"]
    where arguments.has(option) {
      throw UsageError(description: "--\(option) is for a SPINE, and --served-log needs none")
    }
    let replay = try ServedReplay(folder)
    return try replay.compare(version, in: try FeatureStore.open(path, .readOnly))
  }

  private static func join(
    _ words: [String], _ arguments: Arguments
  ) throws -> VersionComparison {
    if arguments.has("served-log") {
      throw UsageError(description: "a SPINE and --served-log exclude each other")
    }
    let store = try FeatureStore.open(words[0], .readOnly)
    let view = try store.store.view(words[1]).declaration
    let stream = try store.store.stream(view.stream).declaration
    var request = JoinRequest(
      [], time: arguments["time"] ?? stream.fields[stream.eventTime].name)
    for key in arguments.all("key") {
      let parts = key.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else {
        throw UsageError(description: "--key '\(key)': write FIELD=COLUMN")
      }
      request.keys[parts[0]] = parts[1]
    }
    request.mode = try Inputs.mode(arguments)
    request.spineFormat = try Inputs.format(arguments, "format")
    let line = ProgressLine("compare \(words[2])")
    defer { line.finish() }
    return try store.compare(words[1], with: arguments["with"], spine: words[2], request) {
      line.update(rows: $0, fraction: $1)
    }
  }

  private static func show(_ comparison: VersionComparison) {
    Terminal.table(
      [
        "feature", "compared", "same", "differ", "apart", comparison.served, comparison.other, "of",
        "at",
      ],
      comparison.features.map { feature in
        let example = feature.example
        return [
          feature.name, Terminal.grouped(feature.compared), Terminal.grouped(feature.same),
          Terminal.grouped(feature.differing),
          feature.meanDistance.map { short($0) } ?? "",
          example.map { text($0.served) } ?? "", example.map { text($0.other) } ?? "",
          example.map { EntityText.write($0.entity.map { $0 ?? "null" }) } ?? "",
          example.map { $0.time.description } ?? "",
        ]
      }, right: [1, 2, 3, 4])
    for (names, version) in [
      (comparison.onlyInServed, comparison.served), (comparison.onlyInOther, comparison.other),
    ] where !names.isEmpty {
      print("only in \(version): \(names.joined(separator: ", "))")
    }
    if comparison.unpaired > 0 {
      print(
        "\(Terminal.grouped(comparison.unpaired)) answers of \(comparison.other) without one that was served: "
          + "their part of the log has gone")
    }
    print("\(Terminal.grouped(comparison.pairs)) pairs of answers compared")
  }

  /// Three decimals are enough to look at.
  private static func short(_ number: Double) -> String {
    let isPlain = number.magnitude < 1e12 && number.magnitude >= 0.001
    return isPlain ? "\((number * 1000).rounded() / 1000)" : "\(number)"
  }

  private static func text(_ value: Value) -> String { value == .null ? "null" : value.description }

  private static func json(_ comparison: VersionComparison) -> JSONValue {
    let features = comparison.features.map { feature in
      let value = JSONValue.object([
        ("compared", .int(Int64(feature.compared))), ("same", .int(Int64(feature.same))),
        ("onlyServed", .int(Int64(feature.onlyServed))),
        ("onlyOther", .int(Int64(feature.onlyOther))),
        ("meanDistance", feature.meanDistance.map { .double($0) } ?? .null),
        ("example", feature.example.map(json) ?? .null),
      ])
      return (feature.name, value)
    }
    return .object([
      ("served", .string(comparison.served)), ("other", .string(comparison.other)),
      ("pairs", .int(Int64(comparison.pairs))), ("unpaired", .int(Int64(comparison.unpaired))),
      ("features", .object(features)),
      ("onlyInServed", .array(comparison.onlyInServed.map { .string($0) })),
      ("onlyInOther", .array(comparison.onlyInOther.map { .string($0) })),
    ])
  }

  private static func json(_ example: VersionComparison.Example) -> JSONValue {
    .object([
      ("at", .string(example.time.description)),
      ("entity", .array(example.entity.map { $0.map { .string($0) } ?? .null })),
      ("served", .string(text(example.served))), ("other", .string(text(example.other))),
    ])
  }
}
