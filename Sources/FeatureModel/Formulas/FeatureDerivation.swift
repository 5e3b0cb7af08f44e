// Derived features: after a reader has found the features that they stand on, they are computed from these, by
// the same steps that compute fields of events, over a batch of one row.

/// Computes derived features in place; keeps its memory, so one per thread.
package final class FeatureDerivation {
  private let program: FormulaProgram
  private let inputs: [Int]
  /// Which result goes to which place; a feature that is asked for twice has two.
  private let outputs: [(result: Int, place: Int)]
  @exclusivity(unchecked) private var columns: [EventColumn]

  /// - Parameters:
  ///   - features: all features of a view.
  ///   - places: for each place in the values, which feature stands there; whatever a derived feature stands
  ///     on has one, and before it where that is derived too.
  /// - Returns: nil where none of them is derived.
  package init?(_ features: [FeatureDeclaration], places: [Int]) {
    var placeOf: [Int: Int] = [:]
    for (place, feature) in places.enumerated() where placeOf[feature] == nil {
      placeOf[feature] = place
    }
    let derived = placeOf.keys.filter { features[$0].derivation != nil }.sorted()
    if derived.isEmpty { return nil }
    let stored = placeOf.keys.filter { features[$0].derivation == nil }.sorted()
    var columnOf: [Int: Int] = [:]
    for (column, feature) in (stored + derived).enumerated() { columnOf[feature] = column }
    program = FormulaProgram(
      inputs: stored.map { features[$0].type },
      results: derived.map { feature in
        (features[feature].derivation!.mapFields { columnOf[$0]! }, features[feature].type)
      })
    inputs = stored.map { placeOf[$0]! }
    outputs = places.enumerated().compactMap { place, feature in
      derived.firstIndex(of: feature).map { ($0, place) }
    }
    columns = program.makeColumns()
  }

  /// All features that some features need: themselves first, then what they stand on, each once.
  package static func closure(of wanted: [Int], _ features: [FeatureDeclaration]) -> [Int] {
    var all = wanted
    var index = 0
    while index < all.count {
      for field in features[all[index]].derivation?.fields ?? [] where !all.contains(field) {
        all.append(field)
      }
      index += 1
    }
    return all
  }

  /// Fills in the derived features.
  package func derive(_ values: AnswerValues) {
    for (column, place) in inputs.enumerated() {
      columns[column].removeAll()
      columns[column].append(values[place])
    }
    program.run(&columns, rows: 1)
    for (result, place) in outputs {
      values[place] = columns[inputs.count + result].value(0)
    }
  }
}
