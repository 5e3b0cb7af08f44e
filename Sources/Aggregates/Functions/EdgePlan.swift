// What `first` and `last` have in common: the same plan, for one side or the other.
import FeatureModel

extension AggregatePlan {
  /// The value with the least or greatest event time.
  static func edge(_ side: Side, of type: FieldType) -> AggregatePlan {
    let identity = "\(side == .greatest ? "last" : "first")(\(type.rawValue))"
    if type == .string {
      let spec = PartialSpec(identity: identity, slot: .text, width: .wide, usesTime: true) {
        PartialAccumulator(TextEdge(side))
      }
      return AggregatePlan(partials: [spec]) { accumulators in
        let edge = accumulators.partial(0, TextEdge.self)
        return { .text(edge.running.utf8) }
      }
    }
    let order = WordOrder(type)
    let spec = PartialSpec(identity: identity, slot: .word, width: .narrow, usesTime: true) {
      PartialAccumulator(EdgeValue(side, order))
    }
    return AggregatePlan(partials: [spec]) { accumulators in
      let edge = accumulators.partial(0, EdgeValue.self)
      return { edge.running.kept.map { WordOrder.value($0.ordered, type) } ?? .null }
    }
  }
}
