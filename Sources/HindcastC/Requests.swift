// The arguments of calls turned into what the shared API takes. docs/reference/c.md describes them.
import Glibc
import Hindcast

enum Requests {
  /// How a store is opened.
  static func opening(
    _ members: Members
  ) throws(Failure) -> (mode: StoreMode, options: StoreOptions) {
    try members.allow("mode", "cache_bytes", "load_bytes", "threads")
    var options = StoreOptions()
    options.cacheBytes = try members.int("cache_bytes", from: 0) ?? options.cacheBytes
    options.loadBytes = try members.int("load_bytes", from: 1 << 20) ?? options.loadBytes
    options.threads = try members.int("threads", from: 1) ?? JoinOptions().threads
    let mode = try members.optionalText("mode") ?? "read"
    switch mode {
    case "read": return (.readOnly, options)
    case "write": return (.existing, options)
    case "create": return (.create, options)
    default:
      throw Failure(.invalid, "'mode' is '\(mode)': read, write and create are what there is")
    }
  }

  /// How events are taken in.
  static func ingesting(_ members: Members, _ job: JobHandle) throws(Failure) -> TableOptions {
    try members.allow("source", "position", "rejects")
    var options = TableOptions(source: try members.text("source"))
    options.firstRow = try members.int("position", from: 0) ?? 0
    let rejects = try members.optionalText("rejects") ?? "refuse"
    guard rejects == "refuse" || rejects == "collect" else {
      throw Failure(.invalid, "'rejects' is '\(rejects)': refuse and collect are what there is")
    }
    options.skipsRefused = rejects == "collect"
    options.cancellation = job.cancellation
    options.progress = { job.report(rows: $0) }
    return options
  }

  /// When a correction becomes known; nil where that is the present instant.
  static func correcting(_ members: Members) throws(Failure) -> Timestamp? {
    try members.allow("at")
    return try members.optionalTime("at")
  }

  /// How rows are loaded into a table. Other members are the caller's to refuse.
  static func loading(_ members: Members) throws(Failure) -> LoadOptions {
    var options = LoadOptions()
    options.time = try members.optionalTime("at")
    options.isKnownFromValid = try members.flag("known_from_valid")
    options.mayBeEmpty = try members.flag("empty")
    guard options.time == nil || !options.isKnownFromValid else {
      throw Failure(
        .invalid,
        "'at' and 'known_from_valid' exclude each other: rows are known from one instant on, or each from when "
          + "it is valid")
    }
    return options
  }

  /// Nil where the file's name says it.
  static func format(_ members: Members) throws(Failure) -> RowFormat? {
    switch try members.optionalText("format") {
    case nil: return nil
    case "csv": return .csv
    case "jsonl": return .jsonLines
    case let other?:
      throw Failure(.invalid, "'format' is '\(other)': csv and jsonl are what there is")
    }
  }

  /// What is known to an answer. A join answers for rows of the past, where `fresh` means nothing.
  static func mode(_ members: Members, fresh: Bool) throws(Failure) -> ReadMode {
    let name = try members.optionalText("mode") ?? "as_served"
    guard name == "known_at" || members["known_at"] == nil else {
      throw Failure(.invalid, "'known_at' goes with the mode known_at, not with \(name)")
    }
    switch name {
    case "as_served": return .asServed
    case "corrected": return .corrected
    case "known_at": return .knownAt(try members.time("known_at"))
    case "fresh" where fresh: return .fresh
    default:
      let known = "as_served, corrected\(fresh ? ", fresh" : "") and known_at"
      throw Failure(.invalid, "'mode' is '\(name)': \(known) are what there is")
    }
  }
}

/// What `hindcast_join` is asked for.
struct JoinForm {
  let selections: [FeatureSelection]
  /// Names of registered sets, whose columns come behind those of the selections.
  let sets: [String]
  /// Nil: the event time of the first view's stream.
  let time: String?
  let keys: [String: String]
  let mode: ReadMode
  let knownColumn: String?
  var options = JoinOptions()
  /// Whether the spine's columns come out again.
  let isFeaturesOnly: Bool
  /// How many rows are answered together at least.
  let rowsTogether: Int

  init(_ members: Members) throws(Failure) {
    try members.allow(
      "views", "sets", "time", "keys", "mode", "known_at", "known_column", "threads",
      "memory_budget",
      "features_only", "rows_together", "columns")
    sets = try members.texts("sets") ?? []
    let hasViews = sets.isEmpty || members["views"] != nil
    let views = hasViews ? try members.objects("views") : []
    selections = try views.map { view throws(Failure) in
      try view.allow("view", "features", "keys", "prefix")
      return FeatureSelection(
        try view.text("view"), features: try view.texts("features"),
        keys: try view.textsByName("keys"), prefix: try view.optionalText("prefix") ?? "")
    }
    time = try members.optionalText("time")
    keys = try members.textsByName("keys")
    mode = try Requests.mode(members, fresh: false)
    knownColumn = try members.optionalText("known_column")
    options.threads = try members.int("threads", from: 1) ?? options.threads
    options.memoryBudget = try members.int("memory_budget", from: 1) ?? options.memoryBudget
    isFeaturesOnly = try members.flag("features_only")
    rowsTogether = try members.int("rows_together", from: 1) ?? JoinStream.rowsTogether
  }

  /// The request over a store, whose declarations fill in what was left out.
  func request(_ store: Store) throws -> JoinRequest {
    let sets = try sets.map { try store.set($0).declaration }
    var request = JoinRequest(selections, sets: sets, time: "")
    guard let first = request.views.first else {
      throw Failure(.invalid, "name at least one view or set to join")
    }
    let stream = try store.stream(try store.view(first).declaration.stream).declaration
    request.time = time ?? stream.fields[stream.eventTime].name
    request.keys = keys
    request.mode = mode
    request.knownColumn = knownColumn
    try checkKeys(request, store)
    return request
  }

  /// A misspelt field would leave its column unread.
  private func checkKeys(_ request: JoinRequest, _ store: Store) throws {
    for selection in selections {
      let fields = try store.view(selection.view).declaration.entity
      try check(selection.keys, fields, "view '\(selection.view)'")
    }
    let all = try FeatureStore(store).keyFields(of: request)
    try check(keys, all, "no view")
  }

  private func check(
    _ keys: [String: String], _ fields: [String], _ views: String
  ) throws(Failure) {
    for field in keys.keys.sorted() where !fields.contains(field) {
      throw Failure(
        .unknown,
        "'keys': \(views) has \(views == "no view" ? "the" : "no") key field '\(field)'"
          + Suggestion.phrase(for: field, among: fields))
    }
  }
}
