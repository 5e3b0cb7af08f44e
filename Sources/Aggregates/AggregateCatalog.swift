// The one table of aggregate functions and stored partials: adding either is a file and a line here.
import FeatureModel

public enum AggregateCatalog {
  /// Every function a declaration can name.
  public static let functions: [any AggregateFunction.Type] = [
    Count.self, Sum.self, Mean.self, Minimum.self, Maximum.self, Variance.self, Stddev.self,
    First.self, Last.self, Distinct.self,
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
    case SumPartial.code: SumAccumulator(.one)
    case Extremum<Least>.code: PartialAccumulator(Extremum<Least>())
    case Extremum<Greatest>.code: PartialAccumulator(Extremum<Greatest>())
    case EdgeValue<Least>.code: PartialAccumulator(EdgeValue<Least>())
    case EdgeValue<Greatest>.code: PartialAccumulator(EdgeValue<Greatest>())
    case TextExtremum<Least>.code: PartialAccumulator(TextExtremum<Least>())
    case TextExtremum<Greatest>.code: PartialAccumulator(TextExtremum<Greatest>())
    case TextEdge<Least>.code: PartialAccumulator(TextEdge<Least>())
    case TextEdge<Greatest>.code: PartialAccumulator(TextEdge<Greatest>())
    case DistinctSet.code: PartialAccumulator(DistinctSet())
    default: nil
    }
  }

  /// True where accumulators of this codec take on parameters from what they fold, so that one made for
  /// one key cannot serve the next.
  public static func adoptsParameters(_ code: UInt8) -> Bool { code == DistinctSet.code }
}
