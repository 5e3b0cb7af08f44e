// The one table of aggregate functions and stored partials: adding either is a file and a line here.
import FeatureModel

public enum AggregateCatalog {
  /// Every function a declaration can name.
  public static let functions: [any AggregateFunction.Type] = [
    Count.self, Sum.self, Mean.self, Minimum.self, Maximum.self, Variance.self, Stddev.self,
    First.self, Last.self, Latest.self, Distinct.self, Skew.self, Kurtosis.self, SumOfSquares.self,
    RootMeanSquare.self, ValueRange.self, NullCount.self, NullRatio.self, CountTrue.self,
    TrueRatio.self, FirstTime.self, LastTime.self, SinceFirst.self, SinceLast.self, FirstK.self,
    LastK.self, SmallestK.self, LargestK.self, Quantile.self, Median.self, Histogram.self,
    TopK.self, ValueCounts.self, Mode.self, ModeRatio.self, Entropy.self, DistinctRatio.self,
    DecayedCount.self,
  ]

  /// The signatures for the declaration reader.
  public static var signatures: [AggregateSignature] { functions.map { $0.signature } }

  /// The function that a declaration names, or nil.
  public static func function(named name: String) -> (any AggregateFunction.Type)? {
    functions.first { $0.signature.name == name }
  }

  /// An accumulator for a stored column's codec byte, or nil for an unknown one. It folds and encodes,
  /// and is not given events; its parameters are those of the first column that it folds.
  public static func accumulator(code: UInt8) -> Accumulator? {
    switch code {
    case 1: SumAccumulator(.one)
    case 2: PartialAccumulator(Extremum(.least))
    case 3: PartialAccumulator(Extremum(.greatest))
    case 4: PartialAccumulator(EdgeValue(.least))
    case 5: PartialAccumulator(EdgeValue(.greatest))
    case 6: PartialAccumulator(TextExtremum(.least))
    case 7: PartialAccumulator(TextExtremum(.greatest))
    case 8: PartialAccumulator(TextEdge(.least))
    case 9: PartialAccumulator(TextEdge(.greatest))
    case DistinctSet.columnCode: PartialAccumulator(DistinctSet())
    case PowerSums.columnCode: PartialAccumulator(PowerSums())
    case KeptWords.leastCode: PartialAccumulator(KeptWords(.least))
    case KeptWords.leastCode + 1: PartialAccumulator(KeptWords(.greatest))
    case KeptTexts.leastCode: PartialAccumulator(KeptTexts(.least))
    case KeptTexts.leastCode + 1: PartialAccumulator(KeptTexts(.greatest))
    case BucketCounts.columnCode: PartialAccumulator(BucketCounts())
    case TalliedWord.columnCode: PartialAccumulator(ValueTally<TalliedWord>())
    case TalliedText.columnCode: PartialAccumulator(ValueTally<TalliedText>())
    case CountedSet.columnCode: PartialAccumulator(CountedSet())
    case CategorySum.code: PartialAccumulator(CategoryMap<CategorySum>())
    case CategoryMean.code: PartialAccumulator(CategoryMap<CategoryMean>())
    case CategoryLeast.code: PartialAccumulator(CategoryMap<CategoryLeast>())
    case CategoryGreatest.code: PartialAccumulator(CategoryMap<CategoryGreatest>())
    default: nil
    }
  }

  /// True where accumulators of this codec take on parameters from what they fold, so that one made for
  /// one key cannot serve the next.
  public static func adoptsParameters(_ code: UInt8) -> Bool {
    code >= DistinctSet.columnCode && code != PowerSums.columnCode
  }
}
