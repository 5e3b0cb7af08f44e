// What `firstK`, `lastK`, `smallestK` and `largestK` have in common: the same plan, for one side or the other,
// with or without times.
import FeatureModel

extension AggregateSignature.Parameter {
  /// How many values are kept or told.
  static let k = AggregateSignature.Parameter(name: "k", range: 1...1000, defaultValue: usualK)
  static let usualK: Int64 = 10
}

extension AggregatePlan {
  /// A JSON list of the `k` values at one end: of pairs of time and value, or of values.
  static func kept(
    _ side: Side, byTime: Bool, of type: FieldType, _ parameters: [String: Int64]
  ) -> AggregatePlan {
    let limit = Int(parameters["k"] ?? AggregateSignature.Parameter.usualK)
    let names = byTime ? ("firstK", "lastK") : ("smallestK", "largestK")
    let name = side == .greatest ? names.1 : names.0
    let identity = "\(name)(\(type.rawValue),\(limit))"
    if type == .string {
      let spec = PartialSpec(identity: identity, slot: .text, width: .wide, usesTime: byTime) {
        PartialAccumulator(KeptTexts(side, limit: limit, byTime: byTime))
      }
      return AggregatePlan(partials: [spec]) { accumulators in
        let kept = accumulators.partial(0, KeptTexts.self)
        return { text(kept.running.moments, byTime, time: \.time) { $1.append(text: $0.text) } }
      }
    }
    let order = WordOrder(type)
    let spec = PartialSpec(identity: identity, slot: .word, width: .wide, usesTime: byTime) {
      PartialAccumulator(KeptWords(side, order, limit: limit, byTime: byTime))
    }
    return AggregatePlan(partials: [spec]) { accumulators in
      let kept = accumulators.partial(0, KeptWords.self)
      return {
        text(kept.running.moments, byTime, time: \.time) {
          $1.append(WordOrder.value($0.ordered, type))
        }
      }
    }
  }

  private static func text<Moment>(
    _ moments: [Moment], _ byTime: Bool, time: (Moment) -> Int64,
    _ append: (Moment, inout AnswerText) -> Void
  ) -> Value {
    if moments.isEmpty { return .null }
    var answer = AnswerText()
    answer.list { answer in
      for moment in moments {
        guard byTime else {
          append(moment, &answer)
          continue
        }
        answer.list { pair in
          pair.append(WordOrder.value(time(moment), .timestamp))
          append(moment, &pair)
        }
      }
    }
    return answer.value
  }
}
