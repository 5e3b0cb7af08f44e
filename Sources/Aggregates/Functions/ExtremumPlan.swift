// What `min` and `max` have in common: the same plan, for one side or the other.
import FeatureModel

extension AggregatePlan {
  /// The least or greatest value of a field.
  static func extremum<S: Side>(_: S.Type, of type: FieldType) -> AggregatePlan {
    let order = WordOrder(type)
    let name = S.keepsGreatest ? "max" : "min"
    let spec = PartialSpec(identity: "\(name)(\(type.rawValue))", slot: .word, width: .narrow) {
      PartialAccumulator(Extremum<S>(order))
    }
    return AggregatePlan(partials: [spec]) { accumulators, places in
      let best = accumulators.partial(places[0], Extremum<S>.self).ordered
      return best.map { WordOrder.value($0, type) } ?? .null
    }
  }
}
