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
      return AggregatePlan(partials: [spec]) { accumulators, places in
        accumulators.text(accumulators.partial(places[0], TextExtremum.self).utf8)
      }
    }
    let order = WordOrder(type)
    let spec = PartialSpec(identity: identity, slot: .word, width: .narrow) {
      PartialAccumulator(Extremum(side, order))
    }
    return AggregatePlan(partials: [spec]) { accumulators, places in
      let best = accumulators.partial(places[0], Extremum.self).ordered
      return best.map { WordOrder.value($0, type) } ?? .null
    }
  }
}
