// `hindcast get`: one entity's features at one moment.
import Hindcast

enum Get: Command {
  static let name = "get"
  static let summary = "Look one entity's features up, as of any moment"
  static let words = "STORE VIEW ENTITY"
  static let options =
    [
      Option("as-of", "TIME", "the moment asked about; default: now")
    ] + Inputs.modeOptions + [
      Inputs.freshOption,
      Option("features", "A,B", "only these, in this order"),
      Option(flag: "json", "print JSON"),
    ]
  static let details = """
    ENTITY is the key's text; a|b for two key fields (there \\| and \\\\ are the characters). Without
    a mode the answer is the one that was served then: whole slices before TIME, and only what had
    arrived by then. An unknown entity has an empty window.
    """
  static let examples = [
    "hindcast get ./store author_activity 42ef077bcaef --as-of 2015-06-01",
    "hindcast get ./store author_activity 42ef077bcaef --as-of 2015-06-01 --corrected --json",
  ]

  static func run(_ arguments: Arguments) throws -> ExitCode {
    let words = try words(arguments, atLeast: 3, upTo: 3)
    let store = try FeatureStore.open(words[0], .readOnly)
    let entity = try Inputs.entity(words[2], of: words[1], in: store)
    let time = try arguments["as-of"].map { try Inputs.time($0, "--as-of") } ?? Inputs.now()
    let mode = try Inputs.mode(arguments)
    let answer = try store.get(
      words[1], entity: entity, at: time, mode,
      features: try arguments["features"].map(Inputs.features))
    if arguments.has("json") {
      print(
        JSONValue.object([
          ("view", .string(words[1])),
          ("entity", .array(entity.map { .string($0) })),
          ("at", .string(time.description)), ("mode", .string(text(mode))),
          ("features", .object(answer.map { ($0.name, JSONValue($0.value)) })),
        ]).compact)
      return .success
    }
    print("\(words[1]) of \(words[2]) at \(time), \(text(mode))")
    Terminal.table(
      ["feature", "type", "value"],
      answer.map { [$0.name, $0.type.rawValue, shown($0.value)] }, right: [2])
    return .success
  }

  static func text(_ mode: ReadMode) -> String {
    switch mode {
    case .asServed: "as served"
    case .corrected: "corrected"
    case .knownAt(let time): "known at \(time)"
    case .fresh: "fresh"
    }
  }

  static func shown(_ value: Value) -> String { value == .null ? "null" : value.description }
}
