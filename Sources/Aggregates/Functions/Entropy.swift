// `entropy`: how evenly the values of a field are spread, in bits.
import FeatureModel

/// Shannon's entropy −Σ p·log₂ p of the distribution of the values, rounded once from logarithms of 96 bits
/// behind the point. Exact so far while there are at most `keep` distinct values; beyond that an estimate
/// from the kept sample of them. Null where there are no values.
public enum Entropy: AggregateFunction {
  public static let signature = AggregateSignature(
    name: "entropy",
    summary:
      "Shannon entropy of the non-null values in bits; up to keep distinct values rounded once, "
      + "then an estimate from a sample of them. Null if none.",
    accepts: Set(FieldType.allCases), parameters: [.keep], result: { _ in .double })

  public static func plan(input: FieldType?, parameters: [String: Int64]) -> AggregatePlan {
    .tally(of: field(input), parameters) { tally in
      var known = ExactSum()
      for item in tally.items { BinaryLogarithm.add(item.count, to: &known) }
      guard tally.others > 0 else {
        // log₂ n − Σ c·log₂ c / n
        var sum = ExactSum()
        BinaryLogarithm.add(tally.total, to: &sum)
        sum.subtract(known)
        return .double(max(0, sum.quotient(by: tally.total)))
      }
      // Every distinct value is kept with the same chance: that of a hash up to the last one kept.
      let share = (Double(tally.lastHash) + 1) / 0x1p64
      let all = Double(tally.items.count - 1) / Double(tally.items.count) / share
      let most = Self.logarithm(tally.total)
      let estimate = most - known.doubleValue * all / Double(tally.total)
      return .double(min(max(0, estimate), most))
    }
  }

  private static func logarithm(_ number: Int64) -> Double {
    var sum = ExactSum()
    BinaryLogarithm.add(number, to: &sum)
    return sum.quotient(by: number)
  }
}
