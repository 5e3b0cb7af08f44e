// What `min` and `max` have in common: the same plan, for one side or the other.
import FeatureModel

extension AggregatePlan {
  /// The least or greatest value of a field.
  static func extremum(_ side: Side, of type: FieldType) -> AggregatePlan {
    let identity = "\(side == .greatest ? "max" : "min")(\(type.rawValue))"
    if type == .string {
      let spec = PartialSpec(identity: identity, slot: .text, width: .wide) {
        PartialAccumulator(TextExtremum(side))
      }
      return AggregatePlan(partials: [spec]) { accumulators in
        let best = accumulators.partial(0, TextExtremum.self)
        return { .text(best.running.utf8) }
      }
    }
    let order = WordOrder(type)
    let spec = PartialSpec(identity: identity, slot: .word, width: .narrow) {
      PartialAccumulator(Extremum(side, order))
    }
    return AggregatePlan(partials: [spec]) { accumulators in
      let best = accumulators.partial(0, Extremum.self)
      return { best.running.ordered.map { WordOrder.value($0, type) } ?? .null }
    }
  }
}
