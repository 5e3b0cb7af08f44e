// Exact sums against Python's numbers and against Shewchuk's algorithm, which shares nothing with ours.
import Aggregates
import Testing

@Suite("An exact sum is rounded once, from the exact value")
struct ExactSumTests {
  @Test(arguments: SumCase.all)
  func aSumIsWhatPythonSays(_ row: SumCase) {
    for terms in [row.terms, row.terms.reversed()] {
      var sum = ExactSum()
      for term in doubles(terms) { sum.add(term) }
      #expect(sum.doubleValue.bitPattern == row.sum)
    }
  }

  @Test(arguments: UInt64(1)...40)
  func aRandomSumIsWhatShewchuksAlgorithmSays(seed: UInt64) {
    var random = Seeded(seed)
    for _ in 0..<50 {
      let terms = (0..<Int.random(in: 0...40, using: &random)).map { _ -> Double in
        let value = hostileDouble(&random)
        // Shewchuk's partial sums must not overflow on the way.
        return abs(value) > 1e290 ? value * 0x1p-60 : value
      }
      var sum = ExactSum()
      for term in terms { sum.add(term) }
      #expect(sum.doubleValue.bitPattern == shewchukSum(terms).bitPattern, "seed \(seed): \(terms)")
    }
  }

  @Test func aCopyKeepsItsValueWhenTheOriginalGoesOn() {
    var sum = ExactSum()
    sum.add(1e300)
    sum.add(1e-300)
    let copy = sum
    sum.subtract(copy)
    sum.add(2.0)
    #expect(copy.doubleValue == 1e300)
    #expect(sum.doubleValue == 2)
    #expect(copy != sum)
  }

  @Test func equalityDoesNotSeeHowASumIsHeld() {
    var wide = ExactSum()
    for term in [1e300, 1e-300, 0.5, -1e300, -1e-300] { wide.add(term) }
    var narrow = ExactSum()
    narrow.add(0.25)
    narrow.add(0.25)
    #expect(wide == narrow)
    wide.add(-0.5)
    #expect(wide == ExactSum())
    #expect(wide.int64Value == 0)
  }

  @Test func aWholeSumIsAnIntWhileItFits() {
    var sum = ExactSum()
    sum.add(Int64.max)
    sum.add(Int64.max)
    #expect(sum.int64Value == nil)
    #expect(sum.doubleValue == 0x1p64)
    sum.add(-Int64.max)
    #expect(sum.int64Value == .max)
    sum.add(1 as Int64)
    #expect(sum.int64Value == nil)
    sum.reset()
    sum.add(Int64.min)
    #expect(sum.int64Value == .min)
    sum.add(0.5)
    #expect(sum.int64Value == nil)
  }

  @Test func aSumOfIntsGoesOnBeyondTheMantissa() {
    var squares = ExactSum()
    for _ in 0..<1000 { squares.addSquare(Int64.min) }
    #expect(squares.doubleValue == 1000 * 0x1p126)
    var half = squares
    half.subtract(squares)
    #expect(half == ExactSum())
    #expect(half.doubleValue.sign == .plus)
  }

  @Test func aColumnMayAddUpBeyondTheMantissa() throws {
    for sign in [Int64.min, .max] {
      let entry = SumPartial(.squaredInt).absorbing([Event(word: UInt64(bitPattern: sign))])
      let entries = [SumPartial](repeating: entry, count: 40) + [entry.merging(entry)]
      for last in [40, 41] {
        let folded = try SumPartial(.squaredInt)
          .folding(SumPartial.encoded(Array(entries.prefix(last))), rows: last, 0..<last)
        #expect(folded == entries.prefix(last).reduce(SumPartial(.squaredInt)) { $0.merging($1) })
      }
    }
  }

  @Test func theSquareOfADoubleKeepsAllItsBits() {
    let value = 1 + 0x1p-52
    var sum = ExactSum()
    sum.addSquare(value)
    sum.add(-1.0)
    sum.add(-0x1p-51)
    #expect(sum.doubleValue == 0x1p-104)
    sum.reset()
    sum.addSquare(Double.greatestFiniteMagnitude)
    #expect(sum.doubleValue == .infinity)
    #expect(sum.quotient(by: 1) == .infinity)
    sum.reset()
    sum.addSquare(Double.leastNonzeroMagnitude)
    #expect(sum.doubleValue.bitPattern == 0)
  }

  @Test(arguments: VarianceCase.all)
  func aVarianceIsWhatPythonSays(_ row: VarianceCase) {
    var (sum, squares) = (ExactSum(), ExactSum())
    for term in doubles(row.terms) {
      sum.add(term)
      squares.addSquare(term)
    }
    let variance = squares.sampleVariance(count: Int64(row.terms.count), sum: sum)
    #expect(variance?.bitPattern == row.variance)
  }

  @Test(arguments: VarianceCase.ints)
  func aVarianceOfIntsIsWhatPythonSays(_ row: (terms: [Int64], variance: UInt64)) {
    var (sum, squares) = (ExactSum(), ExactSum())
    for term in row.terms {
      sum.add(term)
      squares.addSquare(term)
    }
    let variance = squares.sampleVariance(count: Int64(row.terms.count), sum: sum)
    #expect(variance?.bitPattern == row.variance)
  }

  @Test func theScatterIsRoundedOnceAndNeverOfOneValue() {
    var (sum, squares) = (ExactSum(), ExactSum())
    for term: Int64 in [1, 2, 4] {
      sum.add(term)
      squares.addSquare(term)
    }
    #expect(squares.roundedScatter(count: 3, sum: sum) == 14)
    #expect(squares.sampleVariance(count: 1, sum: sum) == nil)
    #expect(squares.sampleVariance(count: 0, sum: sum) == nil)
  }

  @Test func sumsThatNoValuesHaveGiveNoVariance() {
    var huge = ExactSum()
    huge.addSquare(Double.greatestFiniteMagnitude)
    #expect(ExactSum().sampleVariance(count: 2, sum: huge) == nil)
    var one = ExactSum()
    one.add(1 as Int64)
    #expect(ExactSum().sampleVariance(count: 2, sum: one) == 0)
  }
}

/// Shewchuk's adaptive precision sum, rounded as CPython's `math.fsum` does.
func shewchukSum(_ terms: [Double]) -> Double {
  var partials: [Double] = []
  for term in terms {
    var (x, kept) = (term, 0)
    for partial in partials {
      let (large, small) = abs(x) < abs(partial) ? (partial, x) : (x, partial)
      let high = large + small
      let low = small - (high - large)
      if low != 0 {
        partials[kept] = low
        kept += 1
      }
      x = high
    }
    partials.replaceSubrange(kept..., with: [x])
  }
  guard var high = partials.popLast() else { return 0 }
  while let next = partials.popLast() {
    let before = high
    high = before + next
    let low = next - (high - before)
    if low == 0 { continue }
    // A tie was rounded to even, but more follows on the same side: round the other way.
    if let below = partials.last, (low < 0) == (below < 0), below != 0 {
      let doubled = low * 2
      let moved = high + doubled
      if doubled == moved - high { high = moved }
    }
    break
  }
  return high == 0 ? 0 : high
}
