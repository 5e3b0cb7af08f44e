// What `first` and `last`, and the functions of the first and last time, have in common: the same plan, for one
// side or the other.
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

extension AggregatePlan {
  /// The time of the first or last event.
  static func edgeTime(_ side: Side, of type: FieldType?) -> AggregatePlan {
    AggregatePlan(partials: [.time(side, of: type)]) { accumulators in
      let edge = accumulators.partial(0, Extremum.self)
      return { edge.running.ordered.map { WordOrder.value($0, .timestamp) } ?? .null }
    }
  }

  /// Milliseconds from the first or last event to the start of the request's slice.
  static func age(_ side: Side, of type: FieldType?) -> AggregatePlan {
    AggregatePlan(partials: [.time(side, of: type)]) { accumulators in
      let edge = accumulators.partial(0, Extremum.self)
      return {
        guard let time = edge.running.ordered else { return .null }
        let (age, overflow) = edge.requestStart.subtractingReportingOverflow(time)
        return overflow ? .null : .int(age)
      }
    }
  }
}
