// `hindcast views`: the registered views, and the feature sets over them.
import Hindcast

enum Views: Command {
  static let name = "views"
  static let summary = "List the registered views and feature sets"
  static let words = "STORE"
  static let options = [Option(flag: "json", "print JSON")]
  static let examples = ["hindcast views ./store"]

  static func run(_ arguments: Arguments) throws -> ExitCode {
    let words = try words(arguments, atLeast: 1, upTo: 1)
    let store = try FeatureStore.open(words[0], .readOnly).store
    let (views, sets) = (store.views, store.sets)
    if arguments.has("json") {
      print(
        JSONValue.object([
          ("views", .array(views.map { json($0, store) })), ("sets", .array(sets.map(json))),
          ("building", .array(store.building.map { .string($0.view.declaration.name) })),
        ]).compact)
      return .success
    }
    show(views, store)
    for building in store.building {
      print("\(building.view.declaration.name) is being built from kept events")
    }
    if !sets.isEmpty {
      print("")
      show(sets)
    }
    return .success
  }

  private static func show(_ views: [RegisteredView], _ store: Store) {
    // Nearly always there is nothing to tell.
    let states = views.map { Deprecations.state($0, store) }
    let hasStates = states.contains { !$0.isEmpty }
    Terminal.table(
      ["view", "stream", "entity", "slice", "features"] + (hasStates ? ["state"] : []),
      zip(views, states).map { view, state in
        let declaration = view.declaration
        return [
          declaration.name, declaration.stream, declaration.entity.joined(separator: ", "),
          DurationText.text(declaration.slice.milliseconds), String(declaration.features.count),
        ] + (hasStates ? [state] : [])
      }, right: [4])
  }

  private static func show(_ sets: [RegisteredSet]) {
    Terminal.table(
      ["set", "views", "features"],
      sets.map { set in
        let declaration = set.declaration
        return [
          declaration.name, declaration.views.joined(separator: ", "),
          String(declaration.members.count),
        ]
      }, right: [2])
  }

  private static func json(_ view: RegisteredView, _ store: Store) -> JSONValue {
    let standing = store.standing(of: view.declaration.name)
    let state = standing.word(of: view.declaration.name) ?? "serving"
    return .object([
      ("view", .string(view.declaration.name)), ("stream", .string(view.declaration.stream)),
      ("entity", .array(view.declaration.entity.map { .string($0) })),
      ("features", .array(view.declaration.features.map { .string($0.name) })),
      ("digest", .string(view.digest.description)),
      ("version", .int(Int64(standing.version))), ("state", .string(state)),
    ])
  }

  private static func json(_ set: RegisteredSet) -> JSONValue {
    .object([
      ("set", .string(set.declaration.name)),
      (
        "features",
        .array(
          set.declaration.members.map { member -> JSONValue in
            guard let feature = member.feature else {
              return .object([("name", .string(member.name))])
            }
            return .object([
              ("view", .string(feature.view)), ("feature", .string(feature.feature)),
            ])
          })
      ),
      ("digest", .string(set.digest.description)),
    ])
  }
}
