// What `first` and `last` have in common: the same plan, for one side or the other.
import FeatureModel

extension AggregatePlan {
  /// The value with the least or greatest event time.
  static func edge<S: Side>(_: S.Type, of type: FieldType) -> AggregatePlan {
    let identity = "\(S.keepsGreatest ? "last" : "first")(\(type.rawValue))"
    if type == .string {
      let spec = PartialSpec(identity: identity, slot: .text, width: .wide, usesTime: true) {
        PartialAccumulator(TextEdge<S>())
      }
      return AggregatePlan(partials: [spec]) { accumulators, places in
        accumulators.text(accumulators.partial(places[0], TextEdge<S>.self).utf8)
      }
    }
    let order = WordOrder(type)
    let spec = PartialSpec(identity: identity, slot: .word, width: .narrow, usesTime: true) {
      PartialAccumulator(EdgeValue<S>(order))
    }
    return AggregatePlan(partials: [spec]) { accumulators, places in
      let kept = accumulators.partial(places[0], EdgeValue<S>.self).kept
      return kept.map { WordOrder.value($0.ordered, type) } ?? .null
    }
  }
}
