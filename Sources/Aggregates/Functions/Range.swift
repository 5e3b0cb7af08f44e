// `range`: the distance from the least to the greatest value.
import FeatureModel

/// `max` less `min`: of ints exact, of timestamps in milliseconds, of doubles rounded once; null where there
/// are no values, where it is outside of Int64 or beyond the finite doubles.
public enum ValueRange: AggregateFunction {
  public static let signature = AggregateSignature(
    name: "range",
    summary: "The greatest non-null value less the least; of timestamps in milliseconds.",
    accepts: [.int, .double, .timestamp], result: { $0 == .double ? .double : .int })

  public static func plan(input: FieldType?, parameters: [String: Int64]) -> AggregatePlan {
    let type = field(input)
    let partials = [Side.least, .greatest].flatMap { AggregatePlan.extremum($0, of: type).partials }
    return AggregatePlan(partials: partials) { accumulators in
      let least = accumulators.partial(0, Extremum.self)
      let greatest = accumulators.partial(1, Extremum.self)
      return {
        guard let low = least.running.ordered, let high = greatest.running.ordered else {
          return .null
        }
        if type == .double,
          case (.double(let low), .double(let high)) = (
            WordOrder.value(low, type), WordOrder.value(high, type)
          )
        {
          // Of two equal zeros the difference could be -0.0.
          return .finite(high - low + 0)
        }
        let (difference, overflow) = high.subtractingReportingOverflow(low)
        return overflow ? .null : .int(difference)
      }
    }
  }
}
