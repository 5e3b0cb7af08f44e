// `decayedCount`: how many events there are, each counting the less the longer ago it was. What is stored is
// the plain count, which it shares with `count`; the weights come in at reading.
import FeatureModel

/// The sum of 2^(−age / halfLife) over the events, or over those in which a field has a value; ages are counted
/// from the start of an event's slice to the start of the request's. 0 where there are none. Every weight is
/// cut to 63 binary places, their sum is exact, and it is rounded once.
public enum DecayedCount: AggregateFunction {
  public static let signature = AggregateSignature(
    name: "decayedCount",
    summary:
      "Number of events (true) or of non-null values, each halved with every halfLife of its age. "
      + "0 if none.",
    accepts: Set(FieldType.allCases), acceptsRows: true, parameters: [.halfLife],
    categorized: Set(FieldType.allCases), result: { _ in .double })

  public static func plan(input: FieldType?, parameters: [String: Int64]) -> AggregatePlan {
    .decayed(input == nil ? .rows : .values, parameters)
  }
}

extension AggregatePlan {
  /// The sums of a stored column, weighed.
  fileprivate static func decayed(
    _ spec: PartialSpec, _ parameters: [String: Int64]
  ) -> AggregatePlan {
    AggregatePlan(
      partials: [spec],
      weighing: { slice in
        let weights = HalfLifeWeights(parameters, slice)
        return { [WeighedSums(weights)] }
      },
      reading: { accumulators in
        let sums = accumulators[0] as! WeighedSums
        return { .finite(sums.running.doubleValue) }
      })
  }
}

extension HalfLifeWeights {
  /// Those of a declared half-life, which the declaration reader has found to be a whole number of slices.
  init(_ parameters: [String: Int64], _ slice: SliceLength) {
    guard let halfLife = parameters[Aggregation.halfLife] else {
      preconditionFailure("a function that decays was planned without a half-life")
    }
    self.init(halfLife: halfLife / slice.milliseconds)
  }
}
