// What a view computes from each event before it looks at it: its derived fields, and what its filter compares
// that is no plain field. Events are stored and read as they are; these columns live while a batch is taken in.

/// A computed field of a view, `"domain": "lower(after(sender, '@'))"`.
public struct DerivedField: Hashable, Sendable {
  public let name: String
  public let type: FieldType
  /// Over the stream's fields, and the derived ones that are declared before.
  public let formula: Formula

  public init(name: String, type: FieldType, formula: Formula) {
    self.name = name
    self.type = type
    self.formula = formula
  }
}

extension ViewDeclaration {
  /// The stream as the view sees it: with the joined and the derived fields behind its own.
  public func scope(of stream: StreamDeclaration) -> StreamDeclaration {
    Self.scope(of: joined(stream), derived)
  }

  /// Whether an event may get much more text here than it has.
  package func textsGrow(over stream: StreamDeclaration) -> Bool {
    RowDerivation(self, of: stream).textsGrow
  }

  /// Names of all fields that decide what the view holds, those among them that it derives.
  package func fieldNames(over stream: StreamDeclaration) -> Set<String> {
    let scope = scope(of: stream)
    var names = Set(entity + features.flatMap(\.aggregation.fields))
    var places = filter?.fields ?? []
    for field in derived { places += field.formula.fields }
    for feature in features {
      // A filter that cannot be read is told elsewhere.
      if let filter = try? feature.aggregation.filter(over: scope) { places += filter.fields }
    }
    names.formUnion(places.map { scope.fields[$0].name })
    return names
  }

  /// A stream with derived fields behind its own.
  package static func scope(
    of stream: StreamDeclaration, _ derived: [DerivedField]
  ) -> StreamDeclaration {
    guard !derived.isEmpty else { return stream }
    return StreamDeclaration(
      name: stream.name,
      fields: stream.fields + derived.map { .init(name: $0.name, type: $0.type) },
      eventTime: stream.eventTime, arrivalTime: stream.arrivalTime, id: stream.id)
  }
}

/// Computes a view's columns; keeps its memory from batch to batch, so one per thread.
public final class RowDerivation {
  private let program: FormulaProgram
  private let growth: TextGrowth
  /// The view's filter over the columns of an extended batch.
  public let filter: FilterEvaluator?
  /// Further filters over the same columns, in their order.
  package let others: [FilterEvaluator]
  private var columns: [EventColumn]

  /// - Parameter stream: the view's stream, as it is declared; batches have its columns and the joined ones.
  public convenience init(_ view: ViewDeclaration, of stream: StreamDeclaration) {
    self.init(view, of: stream, filters: [])
  }

  /// - Parameter filters: further ones, over the stream as the view sees it.
  package init(
    _ view: ViewDeclaration, of stream: StreamDeclaration, filters: [Filter]
  ) {
    var program = FormulaProgram(
      inputs: view.joined(stream).fields.map(\.type),
      results: view.derived.map { ($0.formula, $0.type) })
    let lowered = view.filter.map { program.lowered($0) }
    let further = filters.map { program.lowered($0) }
    filter = lowered.map { FilterEvaluator($0, types: program.types) }
    others = further.map { FilterEvaluator($0, types: program.types) }
    columns = program.makeColumns()
    growth = TextGrowth(program)
    self.program = program
  }

  /// Runs of rows, together all of a batch, each of which is extended at once, so that the texts that are
  /// computed fit into memory.
  /// - Parameter bytes: what these may take; nil: 64 MiB.
  public func pieces(of batch: EventBatch, bytes: Int? = nil) -> [Range<Int>] {
    growth.pieces(of: batch, bytes: bytes ?? TextGrowth.limit)
  }

  /// Whether a row may get much more text than it has.
  fileprivate var textsGrow: Bool { growth.grows }

  /// The batch with the derived columns behind its own; the batch itself where nothing is computed.
  public func extend(_ batch: EventBatch) -> EventBatch {
    guard !program.steps.isEmpty else { return batch }
    for index in 0..<program.inputCount { columns[index] = batch.columns[index] }
    program.run(&columns, rows: batch.count)
    let extended = EventBatch(columns: columns)
    // The batch's own columns are lent, not kept.
    for index in 0..<program.inputCount { columns[index] = EventColumn(type: columns[index].type) }
    return extended
  }
}
