// `hindcast views` and `hindcast describe`: what is registered.
import Hindcast

enum Views: Command {
  static let name = "views"
  static let summary = "List the registered views"
  static let words = "STORE"
  static let options = [Option(flag: "json", "print JSON")]
  static let examples = ["hindcast views ./store"]

  static func run(_ arguments: Arguments) throws -> ExitCode {
    let words = try words(arguments, atLeast: 1, upTo: 1)
    let views = try FeatureStore.open(words[0], .readOnly).store.views
    if arguments.has("json") {
      let list = views.map { view in
        JSONValue.object([
          ("view", .string(view.declaration.name)), ("stream", .string(view.declaration.stream)),
          ("entity", .array(view.declaration.entity.map { .string($0) })),
          ("features", .array(view.declaration.features.map { .string($0.name) })),
          ("digest", .string(view.digest.description)),
        ])
      }
      print(JSONValue.array(list).compact)
      return .success
    }
    Terminal.table(
      ["view", "stream", "entity", "slice", "features"],
      views.map { view in
        let declaration = view.declaration
        return [
          declaration.name, declaration.stream, declaration.entity.joined(separator: ", "),
          DurationText.text(declaration.slice.milliseconds), String(declaration.features.count),
        ]
      }, right: [4])
    return .success
  }
}

enum Describe: Command {
  static let name = "describe"
  static let summary = "Show a view or stream: declaration, features, seal, sources"
  static let words = "STORE NAME"
  static let options = [Option(flag: "json", "print the canonical declaration")]
  static let examples = ["hindcast describe ./store author_activity"]

  static func run(_ arguments: Arguments) throws -> ExitCode {
    let words = try words(arguments, atLeast: 2, upTo: 2)
    let store = try FeatureStore.open(words[0], .readOnly).store
    if let stream = store.streams.first(where: { $0.declaration.name == words[1] }) {
      if arguments.has("json") {
        print(CanonicalForm.json(stream.declaration).compact)
      } else {
        show(stream, store)
      }
      return .success
    }
    let view = try store.view(words[1])
    let stream = try store.stream(view.declaration.stream)
    if arguments.has("json") {
      print(CanonicalForm.json(view.declaration, over: stream.declaration).compact)
    } else {
      try show(view, stream, store)
    }
    return .success
  }

  private static func show(_ stream: RegisteredStream, _ store: Store) {
    let declaration = stream.declaration
    print("stream \(declaration.name)   \(stream.digest)")
    print("sealed up to: \(stream.seal?.description ?? "not sealed")")
    let views = store.views(of: declaration.name).map(\.declaration.name)
    print("views: \(views.isEmpty ? "none" : views.joined(separator: ", "))")
    Terminal.table(
      ["field", "type", "is"],
      declaration.fields.enumerated().map { index, field in
        var roles: [String] = []
        if index == declaration.eventTime { roles.append("event time") }
        if index == declaration.arrivalTime { roles.append("arrival time") }
        if index == declaration.id { roles.append("id") }
        return [field.name, field.type.rawValue, roles.joined(separator: ", ")]
      })
  }

  private static func show(
    _ view: RegisteredView, _ stream: RegisteredStream, _ store: Store
  ) throws {
    let declaration = view.declaration
    print("view \(declaration.name)   \(view.digest)")
    print(
      "stream: \(declaration.stream), sealed up to: \(stream.seal?.description ?? "not sealed")")
    print("entity: \(declaration.entity.joined(separator: ", "))")
    print("slice: \(DurationText.text(declaration.slice.milliseconds))")
    if let filter = declaration.filter {
      print("where: \(FilterPrinter.text(filter, stream: stream.declaration))")
    }
    if let floor = view.floor {
      print("kept from: \(declaration.slice.start(of: floor))")
    }
    for position in try store.positions(in: view.id) {
      let rows = FeatureStore.rows(at: position).map { "\(Terminal.grouped($0)) rows" }
      print("source \(position.source): \(rows ?? "\(position.position.count) bytes of position")")
    }
    Terminal.table(
      ["feature", "type", "aggregation", "window"],
      declaration.features.map { feature in
        let field = feature.aggregation.field ?? "rows"
        return [
          feature.name, feature.type.rawValue, "\(feature.aggregation.function)(\(field))",
          feature.window.label,
        ]
      })
  }
}
