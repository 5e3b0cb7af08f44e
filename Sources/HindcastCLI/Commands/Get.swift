// `hindcast get`: one entity's features at one moment.
import Hindcast

enum Get: Command {
  static let name = "get"
  static let summary = "Look one entity's features up, or a set's vector, as of any moment"
  static let words = "STORE VIEW ENTITY | STORE SET FIELD=VALUE..."
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
    arrived by then. An unknown entity has an empty window. Of a feature set each key field is named once.
    """
  static let examples = [
    "hindcast get ./store author_activity 42ef077bcaef --as-of 2015-06-01",
    "hindcast get ./store revert_risk author=42ef077bcaef --as-of 2015-06-01",
    "hindcast get ./store author_activity 42ef077bcaef --as-of 2015-06-01 --corrected --json",
  ]

  static func run(_ arguments: Arguments) throws -> ExitCode {
    let words = try words(arguments, atLeast: 3, upTo: nil)
    let store = try FeatureStore.open(words[0], .readOnly)
    if isSet(words[1], store.store) { return try vector(words, arguments, store) }
    _ = try self.words(arguments, atLeast: 3, upTo: 3)
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

  /// A view goes before a set of its name.
  private static func isSet(_ name: String, _ store: Store) -> Bool {
    !store.views.contains { $0.declaration.name == name }
      && store.sets.contains { $0.declaration.name == name }
  }

  private static func vector(
    _ words: [String], _ arguments: Arguments, _ store: FeatureStore
  ) throws -> ExitCode {
    guard arguments["features"] == nil else {
      throw UsageError(description: "--features: a set is answered whole")
    }
    var keys: [String: String?] = [:]
    for word in words[2...] {
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else {
        throw UsageError(description: "'\(word)': the key of a set is written FIELD=VALUE")
      }
      keys[String(parts[0])] = String(parts[1])
    }
    let time = try arguments["as-of"].map { try Inputs.time($0, "--as-of") } ?? Inputs.now()
    let mode = try Inputs.mode(arguments)
    let answer = try store.vector(words[1], keys: keys, at: time, mode)
    if arguments.has("json") {
      print(
        JSONValue.object([
          ("set", .string(words[1])),
          ("key", .object(keys.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value!)) })),
          ("at", .string(time.description)), ("mode", .string(text(mode))),
          ("features", .object(answer.map { ($0.name, JSONValue($0.value)) })),
        ]).compact)
      return .success
    }
    print("\(words[1]) of \(words[2...].joined(separator: " ")) at \(time), \(text(mode))")
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
