// `sumOfSquares` and `rms`: the exact sum of squares that `variance` keeps anyway.
import FeatureModel

/// The sum of squares of a field: of ints exact, or null where it is outside of Int64; of doubles the double
/// nearest to the exact sum, or null where that is beyond the finite doubles. 0 where there are no values.
public enum SumOfSquares: AggregateFunction {
  public static let signature = AggregateSignature(
    name: "sumOfSquares",
    summary:
      "Exact sum of the squares of the non-null values, for doubles rounded once; 0 if none.",
    accepts: [.int, .double], result: { $0 ?? .int })

  public static func plan(input: FieldType?, parameters: [String: Int64]) -> AggregatePlan {
    let type = field(input)
    return AggregatePlan(partials: [.squares(type)]) { accumulators in
      let squares = accumulators.sum(0)
      if type == .double { return { .finite(squares.running.sum.doubleValue) } }
      return { squares.running.sum.int64Value.map { .int($0) } ?? .null }
    }
  }
}

/// The root mean square: the square root of the double nearest to Σx² / n. Null where there are no values, and
/// where that mean is beyond the finite doubles.
public enum RootMeanSquare: AggregateFunction {
  public static let signature = AggregateSignature(
    name: "rms",
    summary: "Root mean square: the root of the exact mean of squares, rounded; null if none.",
    accepts: [.int, .double], result: { _ in .double })

  public static func plan(input: FieldType?, parameters: [String: Int64]) -> AggregatePlan {
    AggregatePlan(partials: [.values, .squares(field(input))]) { accumulators in
      let (values, squares) = (accumulators.sum(0), accumulators.sum(1))
      return {
        let count = values.count
        guard count > 0 else { return .null }
        return .finite(squares.running.sum.quotient(by: count).squareRoot())
      }
    }
  }
}
