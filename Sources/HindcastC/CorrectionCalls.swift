// The functions of `hindcast_call` for what was wrong or has to go: events taken back or amended by their
// ids, tables and their rows out of files, entities that are forgotten. Rows in Arrow come by functions of
// their own.
import Hindcast
import Monitoring

enum CorrectionCalls {
  static let all: [(name: String, call: Calls.Call)] = [
    ("retract", retract), ("amend", amend), ("tables", tables), ("load", load),
    ("expire", expire), ("forget", forget),
  ]

  /// Ids, or a file with them.
  private static func retract(_ handle: StoreHandle, _ arguments: Members) throws -> JSONValue {
    try arguments.allow("stream", "ids", "file", "format", "at")
    let (stream, time) = (try arguments.text("stream"), try arguments.optionalTime("at"))
    guard arguments.has("ids") != arguments.has("file") else {
      throw Failure(.invalid, "name what is to be taken back: one of 'ids' and 'file'")
    }
    guard arguments.has("file") else {
      let ids = try arguments.ids("ids")
      return Answers.correction(try handle.features.retract(ids, from: stream, at: time))
    }
    return Answers.correction(
      try handle.features.retract(
        idsIn: try arguments.text("file"), from: stream, format: try Requests.format(arguments),
        at: time))
  }

  /// The rows of a file; events in Arrow come by `hindcast_amend`.
  private static func amend(_ handle: StoreHandle, _ arguments: Members) throws -> JSONValue {
    try arguments.allow("stream", "file", "format", "at")
    return Answers.correction(
      try handle.features.amend(
        rowsIn: try arguments.text("file"), of: try arguments.text("stream"),
        format: try Requests.format(arguments), at: try arguments.optionalTime("at")))
  }

  private static func tables(_ handle: StoreHandle, _ arguments: Members) throws -> JSONValue {
    try arguments.allow()
    return .array(
      try handle.store.tables.map {
        try Answers.table($0, handle.store.stream($0.declaration.name))
      }
    )
  }

  /// The rows of a file; rows in Arrow come by `hindcast_load`.
  private static func load(_ handle: StoreHandle, _ arguments: Members) throws -> JSONValue {
    try arguments.allow("table", "file", "format", "at", "known_from_valid", "empty")
    var options = try Requests.loading(arguments)
    options.format = try Requests.format(arguments)
    return Answers.load(
      try handle.features.load(
        try arguments.text("file"), into: try arguments.text("table"), options))
  }

  private static func expire(_ handle: StoreHandle, _ arguments: Members) throws -> JSONValue {
    try arguments.allow("view", "before")
    let view = try arguments.text("view")
    let floor = try handle.store.expire(view, before: try arguments.time("before"))
    let slice = try handle.store.view(view).declaration.slice
    return .object([
      ("view", .string(view)), ("floor", .string(slice.start(of: floor).description)),
    ])
  }

  private static func forget(_ handle: StoreHandle, _ arguments: Members) throws -> JSONValue {
    try arguments.allow("entity", "served_log", "dry_run")
    let parts = try arguments.textsByName("entity").sorted { $0.key < $1.key }
      .map { EntityPart($0.key, $0.value) }
    guard !parts.isEmpty else {
      throw Failure(.invalid, "'entity' names nothing: write {\"FIELD\": \"VALUE\"}")
    }
    let folder = try arguments.optionalText("served_log")
    let report =
      try arguments.flag("dry_run")
      ? try handle.features.find(parts, servedLog: folder)
      : try handle.features.forget(parts, servedLog: folder)
    return Answers.forgotten(report)
  }
}
