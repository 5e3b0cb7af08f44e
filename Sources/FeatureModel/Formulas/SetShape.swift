// A feature set understood: what is read for it, by type, and how its vector is made of that. A default and a
// derived member are both formulas over columns, so that the steps that compute fields of events and features
// of views compute vectors too, and there is one meaning of everything.

/// The views that a set may read, by name.
package struct SetScope {
  struct View {
    let entity: [String]
    let names: [String]
    let types: [String: FieldType]
  }

  let views: [String: View]

  /// - Parameter views: of each name one.
  package init(_ views: [ViewDeclaration]) {
    var known: [String: View] = [:]
    for view in views {
      var types: [String: FieldType] = [:]
      for feature in view.features { types[feature.name] = feature.type }
      known[view.name] = View(
        entity: view.entity, names: view.features.map(\.name), types: types)
    }
    self.views = known
  }

  func type(of feature: ViewFeature) -> FieldType? {
    views[feature.view]?.types[feature.feature]
  }

  /// Why there is no such feature.
  func missing(_ feature: ViewFeature) -> String {
    guard let view = views[feature.view] else {
      return "view '\(feature.view)' is neither registered nor declared beside the set"
        + Suggestion.phrase(for: feature.view, among: views.keys.sorted())
    }
    return "view '\(feature.view)' has no feature '\(feature.feature)'"
      + Suggestion.phrase(for: feature.feature, among: view.names)
  }
}

/// A feature set over views that have its features.
package struct SetShape: Sendable {
  /// What is wrong with a set.
  package struct Problem: Sendable {
    /// The place among the members; nil for what is beside them.
    package let member: Int?
    /// The part of the declaration, `derive`; nil for the whole.
    package let part: String?
    package let reason: String
  }

  package struct Problems: Error {
    /// At least one.
    package let list: [Problem]
  }

  /// The set with formulas and defaults as its canonical form has them.
  package let declaration: FeatureSet
  /// What is read, each feature once.
  package let reads: [ViewFeature]
  package let readTypes: [FieldType]
  /// Of the members, in their order.
  package let types: [FieldType]
  /// Key fields of all views as the spine calls them, each once.
  package let keyFields: [String]
  /// For each member its column: those of `reads`, then those that are computed.
  let places: [Int]
  let program: FormulaProgram
  /// The columns of `reads` that something is computed from.
  let used: [Int]

  /// - Throws: everything that is wrong.
  package init(_ set: FeatureSet, over scope: SetScope) throws(Problems) {
    var maker = SetShapeMaker(set, scope)
    maker.make()
    guard maker.problems.isEmpty else { throw Problems(list: maker.problems) }
    reads = maker.reads
    readTypes = maker.readTypes
    declaration = FeatureSet(set.name, maker.members, keys: set.keys)
    var fields: [String] = []
    for view in set.views {
      let names = scope.views[view]!.entity.map { set.spineName(of: $0, in: view) }
      for name in names where !fields.contains(name) { fields.append(name) }
    }
    keyFields = fields
    places = set.members.map { maker.columns[$0.key]! }
    program = FormulaProgram(inputs: maker.readTypes, results: maker.results)
    types = places.map { [types = program.types] in types[$0] }
    let count = reads.count
    used = Set(maker.results.flatMap(\.formula.fields)).filter { $0 < count }.sorted()
  }

  /// Whether members are computed, or have defaults.
  package var isComputed: Bool { program.resultCount > 0 }

  /// The places in `reads` of members that are there as they are read; nil for those that are computed.
  package func read(of member: Int) -> Int? {
    places[member] < reads.count ? places[member] : nil
  }
}

/// Computes vectors of a set; keeps its memory, so one per thread.
package final class SetDerivation {
  package let shape: SetShape
  @exclusivity(unchecked) private var columns: [EventColumn]

  package init(_ shape: SetShape) {
    self.shape = shape
    columns = shape.program.makeColumns()
  }

  /// Makes one vector.
  /// - Parameters:
  ///   - values: of the shape's `reads`.
  ///   - vector: gets the members' values.
  package func derive(_ values: AnswerValues, into vector: AnswerValues) {
    derive(rows: 1) { place, column in column.append(values[place]) }
    for member in shape.places.indices {
      let place = shape.places[member]
      vector[member] = place < shape.reads.count ? values[place] : columns[place].value(0)
    }
  }

  /// Computes some rows of all members that are computed.
  /// - Parameter load: appends the rows of one of the shape's `reads` to a column, which is empty.
  package func derive(rows: Int, load: (_ place: Int, _ column: inout EventColumn) -> Void) {
    for place in shape.used {
      columns[place].removeAll()
      load(place, &columns[place])
    }
    shape.program.run(&columns, rows: rows)
  }

  /// Lends the rows of a member that is computed.
  package func withColumn(of member: Int, _ body: (borrowing EventColumn) -> Void) {
    body(columns[shape.places[member]])
  }
}
