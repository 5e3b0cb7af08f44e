// `latest`: what a field says in the last event, where null is something that it can say. It stands on two
// partials: when the last event happened, shared by all fields, and the last value with its time. Where
// the last value is older than the last event, that event had none.
import FeatureModel

/// The field's value in the event with the latest time, null included; of several at that instant the greatest
/// value, in the order of `min` and `max`. Null where there are no events.
public enum Latest: AggregateFunction {
  public static let signature = AggregateSignature(
    name: "latest",
    summary: "The value in the latest event, null included, at a tie the greatest. Null if none.",
    accepts: Set(FieldType.allCases), result: { $0 ?? .int })

  public static func plan(input: FieldType?, parameters: [String: Int64]) -> AggregatePlan {
    .latest(of: field(input))
  }
}

extension AggregatePlan {
  /// Texts are stored beside the numbers, unlike those of `last`: the fields of one row are read together.
  fileprivate static func latest(of type: FieldType) -> AggregatePlan {
    let events = PartialSpec.time(.greatest, of: nil)
    if type == .string {
      let texts = PartialSpec(
        identity: "latest(string)", slot: .text, width: .narrow, usesTime: true
      ) { PartialAccumulator(TextEdge(.greatest)) }
      return AggregatePlan(partials: [events, texts]) { accumulators in
        let events = accumulators.partial(0, Extremum.self)
        let last = accumulators.partial(1, TextEdge.self)
        return { last.running.time == events.running.ordered ? .text(last.running.utf8) : .null }
      }
    }
    let values = AggregatePlan.edge(.greatest, of: type).partials
    return AggregatePlan(partials: [events] + values) { accumulators in
      let events = accumulators.partial(0, Extremum.self)
      let last = accumulators.partial(1, EdgeValue.self)
      return {
        guard let kept = last.running.kept, kept.time == events.running.ordered else {
          return .null
        }
        return WordOrder.value(kept.ordered, type)
      }
    }
  }
}
