// The functions that `hindcast_call` knows by name: arguments in JSON, answers in JSON. docs/reference/c.md
// describes them one by one.
import Hindcast

enum Calls {
  typealias Call = @Sendable (StoreHandle, Members) throws -> JSONValue

  private static let all: [(name: String, call: Call)] =
    [
      ("views", views), ("streams", streams), ("sets", sets), ("sources", sources),
      ("register", register), ("plan", plan), ("get", get), ("vector", vector),
      ("explain", explain), ("stats", stats), ("seal", seal), ("compact", compact),
      ("checkpoint", checkpoint),
    ] + EvolutionCalls.all + CorrectionCalls.all

  static func run(
    _ name: String, _ handle: StoreHandle, _ arguments: Members
  ) throws -> JSONValue {
    guard let known = all.first(where: { $0.name == name }) else {
      let names = all.map(\.name)
      throw Failure(
        .unknown, "there is no function '\(name)'" + Suggestion.phrase(for: name, among: names))
    }
    return try known.call(handle, arguments)
  }

  // MARK: what is registered

  private static func views(_ handle: StoreHandle, _ arguments: Members) throws -> JSONValue {
    try arguments.allow()
    return .array(handle.store.views.map { Answers.view($0, handle.store) })
  }

  private static func streams(_ handle: StoreHandle, _ arguments: Members) throws -> JSONValue {
    try arguments.allow()
    return .array(handle.store.streams.map(Answers.stream))
  }

  private static func sets(_ handle: StoreHandle, _ arguments: Members) throws -> JSONValue {
    try arguments.allow()
    return .array(try handle.store.sets.map { try Answers.set($0, handle.features) })
  }

  /// How many rows of each source a view has taken in; null for producers that do not count rows.
  private static func sources(_ handle: StoreHandle, _ arguments: Members) throws -> JSONValue {
    try arguments.allow("view")
    let view = try handle.store.view(try arguments.text("view"))
    return .object(
      try handle.store.positions(in: view.id).map { position in
        (position.source, FeatureStore.rows(at: position).map { .int(Int64($0)) } ?? .null)
      })
  }

  private static func register(_ handle: StoreHandle, _ arguments: Members) throws -> JSONValue {
    let (texts, replacing, silent) = try EvolutionCalls.declarations(arguments)
    let reports = try handle.features.register(texts, replacing: replacing, silent: silent)
    // Nobody else opens the store for writing meanwhile, so that nobody else would make the histories.
    try handle.features.build()
    return .array(reports.map(Answers.registration))
  }

  // MARK: answers

  /// What a join would read and add; with `columns`, the spine's names are looked at too.
  private static func plan(_ handle: StoreHandle, _ arguments: Members) throws -> JSONValue {
    let request = try JoinForm(arguments).request(handle.store)
    let names = try arguments.texts("columns")
    let columns = try handle.features.columns(of: request, spine: names)
    if let names { try columns.check(spine: names) }
    return .object([
      ("reads", Answers.columns(columns.reads)), ("adds", Answers.columns(columns.answers)),
    ])
  }

  private static func get(_ handle: StoreHandle, _ arguments: Members) throws -> JSONValue {
    try arguments.allow("view", "entity", "at", "mode", "known_at", "features")
    let answers = try handle.features.get(
      try arguments.text("view"), entity: try arguments.parts("entity"),
      at: try arguments.time("at"), try Requests.mode(arguments, fresh: true),
      features: try arguments.texts("features"))
    return .object(answers.map { ($0.name, Answers.value($0.value, $0.type)) })
  }

  /// The vector of a set at one moment.
  private static func vector(_ handle: StoreHandle, _ arguments: Members) throws -> JSONValue {
    try arguments.allow("set", "keys", "at", "mode", "known_at")
    let answers = try handle.features.vector(
      try arguments.text("set"), keys: try arguments.textsOrNullByName("keys"),
      at: try arguments.time("at"), try Requests.mode(arguments, fresh: true))
    return .object(answers.map { ($0.name, Answers.value($0.value, $0.type)) })
  }

  private static func explain(_ handle: StoreHandle, _ arguments: Members) throws -> JSONValue {
    try arguments.allow("view", "entity", "feature", "at", "mode", "known_at")
    let (view, name) = (try arguments.text("view"), try arguments.text("feature"))
    let (value, slices) = try handle.features.explain(
      view, entity: try arguments.parts("entity"), feature: name,
      at: try arguments.time("at"), try Requests.mode(arguments, fresh: true))
    let features = try handle.store.view(view).declaration.features
    let type = features.first { $0.name == name }?.type ?? .string
    return .object([
      ("feature", .string(name)), ("value", Answers.value(value, type)),
      (
        "slices",
        .array(
          slices.map {
            .object([
              ("slice", .string($0.slice.description)),
              ("arrival", .string($0.arrival.description)),
              ("value", Answers.value($0.value, type)),
            ])
          })
      ),
    ])
  }

  // MARK: looking after the store

  private static func stats(_ handle: StoreHandle, _ arguments: Members) throws -> JSONValue {
    try arguments.allow()
    let statistics = try handle.store.statistics()
    return .object([
      ("keys", .int(Int64(statistics.keysEstimate))),
      ("bytes", .int(Int64(statistics.fileBytes))), ("files", .int(Int64(statistics.files))),
      ("views", .object(statistics.views.map { ($0.view, .int(Int64($0.bytes))) })),
    ])
  }

  private static func seal(_ handle: StoreHandle, _ arguments: Members) throws -> JSONValue {
    try arguments.allow("stream", "at")
    let (stream, time) = (try arguments.text("stream"), try arguments.time("at"))
    guard time <= Timestamp.now else {
      throw Failure(
        .invalid,
        "\(time) lies ahead of the clock (\(Timestamp.now)), and a seal never moves back: all that comes "
          + "until then would count as late. Name an instant that has passed")
    }
    try handle.store.seal(stream, at: time)
    return .object([("stream", .string(stream)), ("seal", .string(time.description))])
  }

  private static func compact(_ handle: StoreHandle, _ arguments: Members) throws -> JSONValue {
    try arguments.allow()
    try handle.store.compact()
    return .object([])
  }

  private static func checkpoint(_ handle: StoreHandle, _ arguments: Members) throws -> JSONValue {
    try arguments.allow("folder")
    let folder = try arguments.text("folder")
    try handle.store.checkpoint(to: folder)
    return .object([("folder", .string(folder))])
  }
}
