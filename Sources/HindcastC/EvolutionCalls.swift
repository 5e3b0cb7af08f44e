// The functions of `hindcast_call` for declarations that change: what a change would do, which version serves,
// what goes and what was done.
import Hindcast

enum EvolutionCalls {
  static let all: [(name: String, call: Calls.Call)] = [
    ("plan_register", plan), ("check", check), ("drop", drop), ("promote", promote),
    ("deprecate", deprecate),
    ("audit", audit),
  ]

  /// The texts of declarations, and how they are to be registered.
  static func declarations(
    _ arguments: Members
  ) throws -> (texts: [DeclarationText], replacing: Bool, silent: Bool) {
    try arguments.allow("declarations", "replace", "silent")
    return (try texts(arguments), try arguments.flag("replace"), try arguments.flag("silent"))
  }

  private static func texts(_ arguments: Members) throws(Failure) -> [DeclarationText] {
    try arguments.objects("declarations").map { text throws(Failure) in
      try text.allow("name", "text")
      return DeclarationText(name: try text.text("name"), text: Array(try text.text("text").utf8))
    }
  }

  private static func check(_ handle: StoreHandle, _ arguments: Members) throws -> JSONValue {
    try arguments.allow("declarations")
    let findings = try handle.features.findings(on: try texts(arguments))
    return .object([
      ("mistakes", Answers.texts(findings.mistakes)),
      ("warnings", Answers.texts(findings.warnings)),
      ("notes", Answers.texts(findings.notes)),
    ])
  }

  private static func plan(_ handle: StoreHandle, _ arguments: Members) throws -> JSONValue {
    let (texts, replacing, silent) = try declarations(arguments)
    let plans = try handle.features.plan(texts, replacing: replacing, silent: silent)
    return .array(
      plans.map { plan in
        .object([
          ("kind", .string(plan.kind.rawValue)), ("name", .string(plan.name)),
          ("action", .string(plan.action)), ("meaning", .string(plan.meaning)),
          ("differences", Answers.texts(plan.differences)),
          ("events", plan.events.map { .int(Int64($0)) } ?? .null),
        ])
      })
  }

  /// A view, a feature set, or a table with its rows.
  private static func drop(_ handle: StoreHandle, _ arguments: Members) throws -> JSONValue {
    try arguments.allow("view", "set", "table")
    guard ["view", "set", "table"].count(where: arguments.has) == 1 else {
      throw Failure(.invalid, "name what is to be dropped: one of 'view', 'set' and 'table'")
    }
    var use: String?
    if arguments.has("set") {
      try handle.store.drop(set: try arguments.text("set"))
    } else if arguments.has("table") {
      try handle.store.drop(table: try arguments.text("table"))
    } else {
      use = try handle.store.drop(view: try arguments.text("view"))
    }
    return .object([("last_use", use.map { .string($0) } ?? .null)])
  }

  private static func promote(_ handle: StoreHandle, _ arguments: Members) throws -> JSONValue {
    try arguments.allow("version", "silence")
    let promotion = try handle.store.promote(
      try arguments.text("version"), silencing: try arguments.flag("silence"))
    return .object([
      ("view", .string(promotion.view)), ("version", .int(Int64(promotion.version))),
      ("previous", promotion.previous.map { .string($0) } ?? .null),
      ("sets", Answers.texts(promotion.sets)),
    ])
  }

  private static func deprecate(_ handle: StoreHandle, _ arguments: Members) throws -> JSONValue {
    try arguments.allow("name", "reason", "undo")
    let name = try arguments.text("name")
    guard try arguments.flag("undo") else {
      let reason = arguments.has("reason") ? try arguments.text("reason") : ""
      return .object([
        ("name", .string("\(try handle.store.deprecate(name, reason: reason))"))
      ])
    }
    guard !arguments.has("reason") else {
      throw Failure(.invalid, "'undo' takes a deprecation back and needs no 'reason'")
    }
    return .object([("name", .string("\(try handle.store.undeprecate(name))"))])
  }

  private static func audit(_ handle: StoreHandle, _ arguments: Members) throws -> JSONValue {
    try arguments.allow()
    return .array(try handle.store.auditTrail().map(\.json))
  }
}
