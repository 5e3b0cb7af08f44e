// Distinct counts: exact up to the bound, then within the error that the documentation states.
import Aggregates
import Testing

@Suite("A distinct count is exact to its bound, then close")
struct DistinctTests {
  @Test func aCountIsExactUpToTheBound() {
    for bound in [1, 63, 64, 65, 256, 1000] {
      let set = Self.set(0..<bound, exactUpTo: bound)
      #expect(set.count == Int64(bound))
      #expect(set.merging(set).count == Int64(bound))
    }
    #expect(DistinctSet(exactUpTo: 0, precision: 12).count == 0)
  }

  @Test(arguments: [1, 10, 100, 1000, 10_000, 100_000], [4, 8, 12, 16])
  func anEstimateIsWithinFourStandardErrors(cardinality: Int, precision: Int) {
    let set = Self.set(0..<cardinality, exactUpTo: 0, precision: precision)
    let error = abs(Double(set.count) / Double(cardinality) - 1)
    let bound = 4 * 1.04 / Double(1 << precision).squareRoot() + 0.5 / Double(cardinality)
    #expect(error <= bound, "\(set.count) for \(cardinality)")
  }

  @Test func theMeanErrorOverManySketchesIsTheStandardError() {
    let (cardinality, precision, trials) = (20_000, 8, 60)
    var squares = 0.0
    for trial in 0..<trials {
      let values = trial * cardinality..<(trial + 1) * cardinality
      let error =
        Double(Self.set(values, exactUpTo: 0, precision: precision).count)
        / Double(cardinality) - 1
      squares += error * error
    }
    let standardError = (squares / Double(trials)).squareRoot()
    #expect(standardError < 1.3 * 1.04 / Double(1 << precision).squareRoot())
    #expect(standardError > 0.7 * 1.04 / Double(1 << precision).squareRoot())
  }

  @Test func aSketchOfASetIsTheSameWhicheverSideOfTheBoundItsPartsWere() {
    let whole = Self.set(0..<1000, exactUpTo: 100)
    var merged = DistinctSet(exactUpTo: 100, precision: 12)
    for start in stride(from: 0, to: 1000, by: 125) {
      merged.merge(Self.set(start..<start + 25, exactUpTo: 100))
      merged.merge(Self.set(start + 20..<start + 125, exactUpTo: 100))
    }
    #expect(merged == whole)
    #expect(DistinctSet.encoded([merged]) == DistinctSet.encoded([whole]))
  }

  private static func set(
    _ values: Range<Int>, exactUpTo: Int, precision: Int = 12
  ) -> DistinctSet {
    DistinctSet(exactUpTo: exactUpTo, precision: precision).absorbing(
      values.lazy.map { Event(word: DistinctSet.hash(word: UInt64($0), type: .int)) })
  }
}
