// The commands that look after a store: sizes, seals, retention, compaction, checkpoints, verification.
import Hindcast

enum Stats: Command {
  static let name = "stats"
  static let summary = "Show sizes"
  static let words = "STORE"
  static let options = [Option(flag: "json", "print JSON")]
  static let examples = ["hindcast stats ./store"]

  static func run(_ arguments: Arguments) throws -> ExitCode {
    let words = try words(arguments, atLeast: 1, upTo: 1)
    let statistics = try FeatureStore.open(words[0], .readOnly).store.statistics()
    if arguments.has("json") {
      print(
        JSONValue.object([
          ("keys", .int(Int64(statistics.keysEstimate))),
          ("bytes", .int(Int64(statistics.fileBytes))), ("files", .int(Int64(statistics.files))),
          ("views", .object(statistics.views.map { ($0.view, .int(Int64($0.bytes))) })),
        ]).compact)
      return .success
    }
    let bytes = Terminal.bytes(Int(statistics.fileBytes))
    print(
      "about \(Terminal.grouped(Int(statistics.keysEstimate))) keys, \(bytes) in "
        + "\(statistics.files) files")
    Terminal.table(
      ["view", "on disk"], statistics.views.map { [$0.view, Terminal.bytes(Int($0.bytes))] },
      right: [1])
    return .success
  }
}

enum Seal: Command {
  static let name = "seal"
  static let summary = "Declare that nothing arrives in a stream before an instant any more"
  static let words = "STORE STREAM TIME"
  static let options = [Option(flag: "json", "print JSON")]
  static let details = """
    Events that are ingested later and claim an earlier arrival count as arriving at the seal: what was
    answered about the time before stays as it was. A seal never moves back.
    """
  static let examples = ["hindcast seal ./store commits 2020-01-01"]

  static func run(_ arguments: Arguments) throws -> ExitCode {
    let words = try words(arguments, atLeast: 3, upTo: 3)
    let time = try Inputs.time(words[2], "TIME")
    let now = Inputs.now()
    guard time <= now else {
      throw HindcastError.refused(
        "\(time) lies ahead of the clock (\(now)), and a seal never moves back: all that comes until "
          + "then would count as late. Name an instant that has passed")
    }
    try FeatureStore.open(words[0]).store.seal(words[1], at: time)
    if arguments.has("json") {
      print(
        JSONValue.object([
          ("stream", .string(words[1])), ("seal", .string(time.description)),
        ]).compact)
    } else {
      print("stream \(words[1]) is sealed up to \(time)")
    }
    return .success
  }
}

enum Expire: Command {
  static let name = "expire"
  static let summary = "Give up a view's slices before an instant, and their space"
  static let words = "STORE VIEW"
  static let options = [
    Option("before", "TIME", "default: the stream's seal less the view's declared retention"),
    Option(flag: "json", "print JSON"),
  ]
  static let details = """
    Requests whose window begins before that instant are refused from then on, instead of being answered
    with less. Other answers do not change. This cannot be undone.
    """
  static let examples = ["hindcast expire ./store author_activity --before 2010-01-01"]

  static func run(_ arguments: Arguments) throws -> ExitCode {
    let words = try words(arguments, atLeast: 2, upTo: 2)
    let store = try FeatureStore.open(words[0]).store
    let view = try store.view(words[1])
    let declared = try store.declaredFloor(of: view)
    guard let before = try arguments["before"].map({ try Inputs.time($0, "--before") }) ?? declared
    else {
      throw UsageError(
        description: "view '\(words[1])' declares no retention, or its stream has no seal yet: "
          + "say --before TIME")
    }
    let floor = view.declaration.slice.start(of: try store.expire(words[1], before: before))
    if arguments.has("json") {
      print(
        JSONValue.object([
          ("view", .string(words[1])), ("floor", .string(floor.description)),
        ]).compact)
    } else {
      print("view \(words[1]) keeps slices from \(floor) on")
    }
    return .success
  }
}

enum Compact: Command {
  static let name = "compact"
  static let summary = "Merge what many writes left side by side; answers do not change"
  static let words = "STORE"
  static let options: [Option] = []
  static let examples = ["hindcast compact ./store"]

  static func run(_ arguments: Arguments) throws -> ExitCode {
    let words = try words(arguments, atLeast: 1, upTo: 1)
    try FeatureStore.open(words[0]).store.compact()
    return .success
  }
}

enum Checkpoint: Command {
  static let name = "checkpoint"
  static let summary = "Copy a store as it stands, by hard links"
  static let words = "STORE FOLDER"
  static let options: [Option] = []
  static let details = "FOLDER must not exist; it is a store of its own afterwards."
  static let examples = ["hindcast checkpoint ./store ./store-2026-11-22"]

  static func run(_ arguments: Arguments) throws -> ExitCode {
    let words = try words(arguments, atLeast: 2, upTo: 2)
    try FeatureStore.open(words[0]).store.checkpoint(to: words[1])
    print("checkpoint \(words[1])")
    return .success
  }
}

enum VerifyStore: Command {
  static let name = "verify-store"
  static let summary = "Read everything; check checksums and invariants"
  static let words = "STORE"
  static let options = [Option(flag: "json", "print JSON")]
  static let examples = ["hindcast verify-store ./store"]

  static func run(_ arguments: Arguments) throws -> ExitCode {
    let words = try words(arguments, atLeast: 1, upTo: 1)
    let store = try FeatureStore.open(words[0], .readOnly).store
    let line = ProgressLine("verify \(words[0])")
    let report = try store.verify { line.update(rows: $0.blocks, fraction: nil) }
    line.finish()
    if arguments.has("json") {
      print(
        JSONValue.object([
          ("blocks", .int(Int64(report.blocks))), ("entries", .int(Int64(report.entries))),
          ("positions", .int(Int64(report.positions))), ("bytes", .int(Int64(report.bytes))),
          ("defects", .array(report.defects.map { .string($0) })),
        ]).compact)
    } else {
      for defect in report.defects { print(defect) }
      print(
        "\(Terminal.grouped(report.blocks)) blocks, \(Terminal.grouped(report.entries)) entries, "
          + "\(Terminal.bytes(report.bytes)): "
          + (report.defects.isEmpty ? "all is well" : "\(report.defects.count) defects"))
    }
    return report.defects.isEmpty ? .success : .found
  }
}
