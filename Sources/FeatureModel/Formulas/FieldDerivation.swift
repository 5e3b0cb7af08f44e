// One derived field of a view, away from the view's events: over the fields that it stands on, and them
// alone. So that rows which are no events, those of a join, get the value that an event with the same fields
// has.

/// How a derived field comes from fields of its stream. Two are equal that compute the same from fields of the
/// same names and types, whatever else their views derive.
package struct FieldDerivation: Hashable, Sendable {
  /// Of the result.
  package let type: FieldType
  /// What it is computed from, by name.
  package let inputs: [StreamDeclaration.Field]
  /// The derived fields that it stands on, in their order, and at last itself.
  private let steps: [Step]

  private struct Step: Hashable {
    /// Over the inputs, and the steps before.
    let formula: Formula
    let type: FieldType
  }

  /// Nil where the view derives no field of the name.
  package init?(_ name: String, of view: ViewDeclaration, over stream: StreamDeclaration) {
    guard let last = view.derived.firstIndex(where: { $0.name == name }) else { return nil }
    let fields = view.joined(stream).fields
    var used = Set(view.derived[last].formula.fields)
    for index in (0..<last).reversed() where used.contains(fields.count + index) {
      used.formUnion(view.derived[index].formula.fields)
    }
    let own = used.filter { $0 < fields.count }.sorted { fields[$0].name < fields[$1].name }
    let derived = used.filter { $0 >= fields.count }.sorted()
    let places = own + derived
    type = view.derived[last].type
    inputs = own.map { fields[$0] }
    steps = (derived + [fields.count + last]).map { place in
      let field = view.derived[place - fields.count]
      return Step(
        formula: field.formula.mapFields { places.firstIndex(of: $0)! }, type: field.type)
    }
  }

  /// Makes what computes it.
  package func compiled() -> FieldProgram {
    FieldProgram(
      FormulaProgram(
        inputs: inputs.map(\.type), results: steps.map { ($0.formula, $0.type) }),
      result: inputs.count + steps.count - 1)
  }
}

/// Computes a derived field; keeps its memory from batch to batch, so one per thread.
package final class FieldProgram {
  private let program: FormulaProgram
  private let growth: TextGrowth
  private let result: Int
  private var columns: [EventColumn]

  fileprivate init(_ program: FormulaProgram, result: Int) {
    self.program = program
    self.result = result
    growth = TextGrowth(program)
    columns = program.makeColumns()
  }

  /// The field's column. Where texts grow, some rows are computed at a time, so that what lies between takes no
  /// more than it does for events.
  /// - Parameter inputs: columns of the inputs, in their order, with so many rows.
  package func run(_ inputs: [EventColumn], rows: Int) -> EventColumn {
    let batch = EventBatch(columns: inputs)
    let pieces = inputs.isEmpty ? [0..<rows] : growth.pieces(of: batch)
    if pieces.count == 1 { return runAtOnce(inputs, rows: rows) }
    var all = EventColumn(type: program.types[result])
    for piece in pieces {
      let part = runAtOnce(batch.part(piece).columns, rows: piece.count)
      all.append(part, rows: 0..<piece.count)
    }
    return all
  }

  private func runAtOnce(_ inputs: [EventColumn], rows: Int) -> EventColumn {
    for index in inputs.indices { columns[index] = inputs[index] }
    program.run(&columns, rows: rows)
    let computed = columns[result]
    // The inputs are lent, and the result is the caller's.
    for index in inputs.indices { columns[index] = EventColumn(type: columns[index].type) }
    columns[result] = EventColumn(type: computed.type)
    return computed
  }
}
