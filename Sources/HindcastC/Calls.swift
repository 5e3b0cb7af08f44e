// The functions that `hindcast_call` knows by name: arguments in JSON, answers in JSON.
import Hindcast

enum Calls {
  typealias Call = @Sendable (StoreHandle, Members) throws -> JSONValue

  private static let all: [(name: String, call: Call)] = [
    ("views", views), ("plan", plan),
  ]

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

  private static func views(_ handle: StoreHandle, _ arguments: Members) throws -> JSONValue {
    try arguments.allow()
    return .array(
      handle.store.views.map { view in
        .object([
          ("view", .string(view.declaration.name)), ("stream", .string(view.declaration.stream)),
          ("entity", .array(view.declaration.entity.map { .string($0) })),
          ("slice", .string(DurationText.text(view.declaration.slice.milliseconds))),
          (
            "features",
            .array(
              view.declaration.features.map { feature in
                .object([
                  ("feature", .string(feature.name)), ("type", .string(feature.type.rawValue)),
                ])
              })
          ),
          ("digest", .string(view.digest.description)),
        ])
      })
  }

  /// What a join would read and add.
  private static func plan(_ handle: StoreHandle, _ arguments: Members) throws -> JSONValue {
    let request = try JoinForm(arguments).request(handle.store)
    let columns = try handle.features.columns(of: request)
    if let names = try arguments.texts("columns") { try columns.check(spine: names) }
    func list(_ fields: [SpineField]) -> JSONValue {
      .array(
        fields.map { .object([("name", .string($0.name)), ("type", .string($0.type.rawValue))]) })
    }
    return .object([("reads", list(columns.reads)), ("adds", list(columns.answers))])
  }
}
