// The commands for declarations that change: what a change would do, taking away, and what was done.
import Hindcast

enum Plan: Command {
  static let name = "plan"
  static let summary = "Say what registering declarations would do; changes nothing"
  static let words = "STORE FILE..."
  static let options = [
    Option(flag: "replace", "views may mean something else than what stands under their names"),
    Option(flag: "silent", "views become versions beside what serves, which are not served"),
    Option(flag: "json", "print JSON"),
  ]
  static let details = """
    For each declaration: whether it stands already, is live at once, is built from kept events, needs its
    stream's files again, or is refused, with what differs.
    """
  static let examples = ["hindcast plan ./store tools/demo/declarations/*.json"]

  static func run(_ arguments: Arguments) throws -> ExitCode {
    let words = try words(arguments, atLeast: 2, upTo: nil)
    let texts = try Inputs.declarations(Array(words.dropFirst()))
    let store = try FeatureStore.open(words[0], .readOnly)
    let (replacing, silent) = (arguments.has("replace"), arguments.has("silent"))
    let plans = try store.plan(texts, replacing: replacing, silent: silent)
    let remarks = store.remarks(
      on: try store.resolve(texts, replacing: replacing, silent: silent))
    if arguments.has("json") {
      print(JSONValue.array(plans.map { json($0, remarks) }).compact)
      return .success
    }
    for plan in plans {
      print("\(plan.kind.rawValue) \(plan.name): \(plan.action): \(plan.meaning)")
      for line in plan.differences { print("  \(line)") }
      for remark in Self.remarks(on: plan, remarks) {
        print("  \(remark.isWarning ? "warning" : "note"): \(remark.text)")
      }
    }
    return .success
  }

  private static func remarks(on plan: PlanReport, _ remarks: [Remark]) -> [Remark] {
    plan.kind == .view ? remarks.filter { $0.view == plan.name } : []
  }

  private static func json(_ plan: PlanReport, _ remarks: [Remark]) -> JSONValue {
    let own = Self.remarks(on: plan, remarks)
    let texts = { (isWarning: Bool) in
      JSONValue.array(own.filter { $0.isWarning == isWarning }.map { .string($0.text) })
    }
    return .object([
      ("kind", .string(plan.kind.rawValue)), ("name", .string(plan.name)),
      ("action", .string(plan.action)), ("meaning", .string(plan.meaning)),
      ("differences", .array(plan.differences.map { .string($0) })),
      ("events", plan.events.map { .int(Int64($0)) } ?? .null),
      ("warnings", texts(true)), ("notes", texts(false)),
    ])
  }
}

enum Drop: Command {
  static let name = "drop"
  static let summary = "Take a view or a table away with all that is stored of it, or a feature set"
  static let words = "STORE NAME"
  static let options = [
    Option(flag: "set", "NAME is a feature set"), Option(flag: "table", "NAME is a table"),
  ]
  static let details = """
    The name is free again, and the space comes back. A view that is being built goes before the one that
    serves under its name; a view that a set names stays. A table goes with its rows. Of what was
    deprecated it is told when a server was asked for it last. This cannot be undone.
    """
  static let examples = ["hindcast drop ./store revert_risk --set"]

  static func run(_ arguments: Arguments) throws -> ExitCode {
    let words = try words(arguments, atLeast: 2, upTo: 2)
    let store = try FeatureStore.open(words[0]).store
    guard !arguments.has("set") || !arguments.has("table") else {
      throw UsageError(description: "--set and --table exclude each other")
    }
    var note: String?
    if arguments.has("set") {
      try store.drop(set: words[1])
    } else if arguments.has("table") {
      try store.drop(table: words[1])
    } else {
      note = try store.drop(view: words[1])
    }
    print("dropped \(words[1])" + (note.map { ", \($0)" } ?? ""))
    return .success
  }
}

enum Audit: Command {
  static let name = "audit"
  static let summary = "Show what was done to declarations and history, oldest first"
  static let words = "STORE"
  static let options = [Option(flag: "json", "print JSON Lines")]
  static let examples = ["hindcast audit ./store"]

  static func run(_ arguments: Arguments) throws -> ExitCode {
    let words = try words(arguments, atLeast: 1, upTo: 1)
    for entry in try FeatureStore.open(words[0], .readOnly).store.auditTrail() {
      if arguments.has("json") {
        print(entry.json.compact)
      } else {
        print(
          "\(entry.time)  \(entry.action)  \(entry.subject)  \(entry.digest?.description ?? "")")
        for line in entry.lines { print("  \(line)") }
      }
    }
    return .success
  }
}
