// `topK`, `mode` and `modeRatio`: the most frequent values of a field.
import FeatureModel

/// A JSON list of the `k` most frequent values, as pairs of value and count, the most frequent first, at a
/// tie the least first. Exact while there are at most `keep` distinct values; beyond that a last pair
/// `[null, n]` says that n events have values that were not kept, and the list is of the kept ones, whose
/// counts are exact. Null where there are no values.
public enum TopK: AggregateFunction {
  public static let signature = AggregateSignature(
    name: "topK",
    summary:
      "JSON list of [value, count] of the k most frequent values; exact up to keep distinct values, "
      + "then a last [null, n] tells of n events beyond them. Null if none.",
    accepts: Set(FieldType.allCases), parameters: [.k, .keep], result: { _ in .string })

  public static func plan(input: FieldType?, parameters: [String: Int64]) -> AggregatePlan {
    let limit = Int(parameters["k"] ?? AggregateSignature.Parameter.usualK)
    return .tally(of: field(input), parameters) { tally in
      var answer = AnswerText()
      answer.list { answer in
        for item in tally.ranked.prefix(limit) {
          answer.list { pair in
            pair.append(item.value)
            pair.append(item.count)
          }
        }
        if tally.others > 0 {
          answer.list { pair in
            pair.append(.null)
            pair.append(tally.others)
          }
        }
      }
      return answer.value
    }
  }
}

/// The most frequent value, at a tie the least. Null where there are no values, and where so many events have
/// values that were not kept that one of these could be it.
public enum Mode: AggregateFunction {
  public static let signature = AggregateSignature(
    name: "mode",
    summary:
      "The most frequent non-null value, at a tie the least; null if none, or if more than keep "
      + "distinct values leave it open.",
    accepts: Set(FieldType.allCases), parameters: [.keep], result: { $0 ?? .int })

  public static func plan(input: FieldType?, parameters: [String: Int64]) -> AggregatePlan {
    .tally(of: field(input), parameters) { tally in
      guard let first = tally.ranked.first, first.count > tally.others else { return .null }
      return first.value
    }
  }
}

/// The share of the events with a value that have the most frequent one. Null where there are no values, and
/// where so many events have values that were not kept that one of these could be more frequent.
public enum ModeRatio: AggregateFunction {
  public static let signature = AggregateSignature(
    name: "modeRatio",
    summary:
      "Share of the most frequent value among the non-null values, 0 to 1; null if none, or if more than "
      + "keep distinct values leave it open.",
    accepts: Set(FieldType.allCases), parameters: [.keep], result: { _ in .double })

  public static func plan(input: FieldType?, parameters: [String: Int64]) -> AggregatePlan {
    .tally(of: field(input), parameters) { tally in
      let most = tally.items.map(\.count).max() ?? 0
      guard most >= tally.others else { return .null }
      return .double(Double(most) / Double(tally.total))
    }
  }
}
