// What `min` and `max` have in common: the same plan, for one side or the other.
import FeatureModel

extension AggregatePlan {
  /// The least or greatest value of a field.
  static func extremum<S: Side>(_: S.Type, of type: FieldType) -> AggregatePlan {
    let identity = "\(S.keepsGreatest ? "max" : "min")(\(type.rawValue))"
    if type == .string {
      let spec = PartialSpec(identity: identity, slot: .text, width: .wide) {
        PartialAccumulator(TextExtremum<S>())
      }
      return AggregatePlan(partials: [spec]) { accumulators, places in
        accumulators.text(accumulators.partial(places[0], TextExtremum<S>.self).utf8)
      }
    }
    let order = WordOrder(type)
    let spec = PartialSpec(identity: identity, slot: .word, width: .narrow) {
      PartialAccumulator(Extremum<S>(order))
    }
    return AggregatePlan(partials: [spec]) { accumulators, places in
      let best = accumulators.partial(places[0], Extremum<S>.self).ordered
      return best.map { WordOrder.value($0, type) } ?? .null
    }
  }
}
