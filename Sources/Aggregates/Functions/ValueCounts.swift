// `valueCounts`: how often each value of a field occurs.
import FeatureModel

/// A JSON object: `counts` has a member for each kept value, named by its text and sorted by the bytes of
/// that; `others` is the number of events with values that were not kept, 0 while there are at most `keep`
/// distinct ones. Null where there are no values.
public enum ValueCounts: AggregateFunction {
  public static let signature = AggregateSignature(
    name: "valueCounts",
    summary:
      #"JSON {"counts": {value: count, ...}, "others": n}; exact up to keep distinct values, then "#
      + "the exact counts of keep of them. Null if none.",
    accepts: Set(FieldType.allCases), parameters: [.keep], result: { _ in .string })

  public static func plan(input: FieldType?, parameters: [String: Int64]) -> AggregatePlan {
    .tally(of: field(input), parameters) { tally in
      let named = tally.items.map { (name: Array($0.value.description.utf8), count: $0.count) }
        .sorted { $0.name.lexicographicallyPrecedes($1.name) }
      var answer = AnswerText()
      answer.group("{}") { answer in
        answer.name(Array("counts".utf8))
        answer.group("{}") { counts in
          for item in named {
            counts.name(item.name)
            counts.append(item.count)
          }
        }
        answer.name(Array("others".utf8))
        answer.append(tally.others)
      }
      return answer.value
    }
  }
}
