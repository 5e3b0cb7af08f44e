// The one table of aggregate functions and stored partials: adding either is a file and a line here.
import FeatureModel

public enum AggregateCatalog {
  /// Every function a declaration can name.
  public static let functions: [any AggregateFunction.Type] = []

  /// The signatures for the declaration reader.
  public static var signatures: [AggregateSignature] { functions.map { $0.signature } }

  public static func function(named name: String) -> (any AggregateFunction.Type)? {
    functions.first { $0.signature.name == name }
  }

  /// An accumulator for a stored column's codec byte, or nil for an unknown one. Its parameters are
  /// those of the first column that it folds.
  public static func accumulator(code: UInt8) -> Accumulator? { nil }
}
