// `hindcast explain`: the stored slices behind one value.
import Hindcast

enum Explain: Command {
  static let name = "explain"
  static let summary = "Show the slices behind a feature's value"
  static let words = "STORE VIEW ENTITY FEATURE"
  static let options =
    [
      Option("as-of", "TIME", "the moment asked about; default: now")
    ] + Inputs.modeOptions + [Inputs.freshOption, Option(flag: "json", "print JSON")]
  static let details = """
    One line per slice in which events happened and slice in which they became known, with what the
    aggregation gives for these events alone. For counts and sums the lines add up to the value; all
    others merge to it.
    """
  static let examples = [
    "hindcast explain ./store author_activity 42ef077bcaef 30d_COMMIT_COUNT --as-of 2015-06-01"
  ]

  static func run(_ arguments: Arguments) throws -> ExitCode {
    let words = try words(arguments, atLeast: 4, upTo: 4)
    let store = try FeatureStore.open(words[0], .readOnly)
    let entity = try Inputs.entity(words[2], of: words[1], in: store)
    let time = try arguments["as-of"].map { try Inputs.time($0, "--as-of") } ?? Inputs.now()
    let mode = try Inputs.mode(arguments)
    let (value, slices) = try store.explain(
      words[1], entity: entity, feature: words[3], at: time, mode)
    if arguments.has("json") {
      let list = slices.map { slice in
        JSONValue.object([
          ("slice", .string(slice.slice.description)),
          ("arrival", .string(slice.arrival.description)),
          ("value", JSONValue(slice.value)),
        ])
      }
      print(
        JSONValue.object([
          ("feature", .string(words[3])), ("at", .string(time.description)),
          ("mode", .string(Get.text(mode))), ("value", JSONValue(value)), ("slices", .array(list)),
        ]).compact)
      return .success
    }
    Terminal.table(
      ["slice", "became known", words[3]],
      slices.map { [$0.slice.description, $0.arrival.description, Get.shown($0.value)] }
        + [["all", Get.text(mode), Get.shown(value)]], right: [2])
    return .success
  }
}
