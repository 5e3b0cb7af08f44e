// The commands for versions of a view: which one serves, and what nobody should begin to use.
import Hindcast

enum Promote: Command {
  static let name = "promote"
  static let summary = "Let another version of a view serve"
  static let words = "STORE VERSION"
  static let options = [
    Option(flag: "silence", "the version that has served is silent from then on, not deprecated"),
    Option(flag: "json", "print JSON"),
  ]
  static let details = """
    VERSION is a view's name with a number, author_activity@2, as 'hindcast register --silent' gave it. It
    answers by the view's name from then on; the version that did is deprecated, answers by its own number,
    and serves again when that is promoted. Both take events in all the time, and no data is moved.
    """
  static let examples = [
    "hindcast promote ./store author_activity@2",
    "hindcast promote ./store author_activity@1 --silence",
  ]

  static func run(_ arguments: Arguments) throws -> ExitCode {
    let words = try words(arguments, atLeast: 2, upTo: 2)
    let store = try FeatureStore.open(words[0]).store
    let promotion = try store.promote(words[1], silencing: arguments.has("silence"))
    if arguments.has("json") {
      print(
        JSONValue.object([
          ("view", .string(promotion.view)), ("version", .int(Int64(promotion.version))),
          ("previous", promotion.previous.map { .string($0) } ?? .null),
          ("sets", .array(promotion.sets.map { .string($0) })),
        ]).compact)
      return .success
    }
    print("view \(promotion.view) is version \(promotion.version) now")
    if let previous = promotion.previous {
      let state = arguments.has("silence") ? "silent" : "deprecated"
      print("the version that served is \(previous), \(state); promote it to go back")
    }
    if !promotion.sets.isEmpty {
      print("read by the sets \(promotion.sets.joined(separator: ", "))")
    }
    return .success
  }
}

enum Deprecate: Command {
  static let name = "deprecate"
  static let summary = "Mark a view or a feature as going; it answers as before"
  static let words = "STORE VIEW[.FEATURE]"
  static let options = [
    Option("reason", "TEXT", "why, and what to use instead"),
    Option(flag: "undo", "take it back"),
  ]
  static let details = """
    'describe', 'views', 'plan' and 'check' show it, joins warn of it, and servers count the look-ups, so that
    'drop' can tell when the last one was.
    """
  static let examples = [
    "hindcast deprecate ./store author_activity.30d_COMMIT_COUNT --reason 'use 90d_COMMIT_COUNT'",
    "hindcast deprecate ./store author_activity.30d_COMMIT_COUNT --undo",
  ]

  static func run(_ arguments: Arguments) throws -> ExitCode {
    let words = try words(arguments, atLeast: 2, upTo: 2)
    let store = try FeatureStore.open(words[0]).store
    if arguments.has("undo") {
      guard !arguments.has("reason") else {
        throw UsageError(description: "--undo takes a deprecation back and needs no --reason")
      }
      print("\(try store.undeprecate(words[1])) is not deprecated any more")
    } else {
      let subject = try store.deprecate(words[1], reason: arguments["reason"] ?? "")
      print("\(subject) is deprecated")
    }
    return .success
  }
}
