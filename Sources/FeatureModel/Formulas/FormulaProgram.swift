// Formulas made ready to run over columns: each step fills one column from columns that stand before it, for
// all rows at once. A batch of events and the features of one answer (a batch of one row) run through the
// same steps, so that there is one meaning of every function.

/// Steps that compute columns. The columns are the inputs, then the results, then what lies between.
struct FormulaProgram: Sendable {
  struct Step: Sendable {
    var out: Int
    let type: FieldType
    let operation: Operation
    /// The texts among the inputs that a text is made of, each once.
    let sources: [Int]
  }

  indirect enum Operation: Sendable {
    case constant(Value)
    case copy(Int)
    /// Whole numbers as doubles.
    case widen(Int)
    case call(FormulaFunction, [Int])
    case choose(condition: Int, Int, Int)
    case compare(Filter.Comparison, Int, Int)
    case filter(FilterPlan)
  }

  private(set) var steps: [Step] = []
  /// Of all columns, in order.
  private(set) var types: [FieldType]
  /// Of all columns, as `Step.sources`.
  private var sources: [[Int]]
  let inputCount: Int
  let resultCount: Int

  /// - Parameter results: formulas over the inputs and the results before them, with their types.
  init(inputs: [FieldType], results: [(formula: Formula, type: FieldType)]) {
    inputCount = inputs.count
    resultCount = results.count
    let own = inputs + results.map(\.type)
    types = own
    sources = own.indices.map { $0 < inputs.count && own[$0] == .string ? [$0] : [] }
    for (index, result) in results.enumerated() {
      put(result.formula, result.type, into: inputs.count + index)
    }
  }

  private mutating func put(_ formula: Formula, _ type: FieldType, into out: Int) {
    let column = compile(formula, as: type)
    if column == types.count - 1, column >= inputCount + resultCount,
      steps.last?.out == column
    {
      steps[steps.count - 1].out = out
      types.removeLast()
      sources.removeLast()
    } else {
      steps.append(
        Step(out: out, type: type, operation: .copy(column), sources: sources[column]))
    }
    sources[out] = steps[steps.count - 1].sources
  }

  private mutating func add(_ type: FieldType, _ operation: Operation) -> Int {
    let own = type == .string ? sources(of: operation) : []
    types.append(type)
    sources.append(own)
    steps.append(Step(out: types.count - 1, type: type, operation: operation, sources: own))
    return types.count - 1
  }

  private func sources(of operation: Operation) -> [Int] {
    switch operation {
    case .copy(let column): sources[column]
    case .choose(_, let first, let second): Set(sources[first] + sources[second]).sorted()
    case .call(_, let columns): Set(columns.flatMap { sources[$0] }).sorted()
    default: []
    }
  }

  /// The column of a formula's values; whole numbers become doubles where these are wanted.
  private mutating func compile(_ formula: Formula, as wanted: FieldType?) -> Int {
    let column = compile(formula, wanted)
    guard wanted == .double, types[column] == .int else { return column }
    return add(.double, .widen(column))
  }

  private mutating func compile(_ formula: Formula, _ wanted: FieldType?) -> Int {
    switch formula {
    case .field(let field): return field
    case .value(let value): return add(value.type ?? wanted ?? .int, .constant(value))
    case .condition(let filter): return add(.bool, .filter(plan(filter)))
    case .choose(let condition, let first, let second):
      let type = formula.type(types) ?? wanted ?? .int
      let chosen = add(.bool, .filter(plan(condition)))
      let one = compile(first, as: type)
      let other = compile(second, as: type)
      return add(type, .choose(condition: chosen, one, other))
    case .call(let function, let arguments):
      let type = formula.type(types) ?? wanted ?? .int
      let input = inputType(function, arguments, type)
      let columns = arguments.map { compile($0, as: input) }
      return add(type, .call(function, columns))
    }
  }

  /// What the arguments become first; nil where they stay what they are.
  private func inputType(
    _ function: FormulaFunction, _ arguments: [Formula], _ type: FieldType
  ) -> FieldType? {
    switch function {
    case .divide, .sqrt: return .double
    case .add, .subtract:
      let isTime = arguments.contains { $0.type(types) == .timestamp }
      return isTime ? nil : type
    case .multiply, .remainder, .negate, .abs, .min, .max, .coalesce: return type
    default: return nil
    }
  }

  /// The filter over columns alone: what it computes becomes columns.
  mutating func lowered(_ filter: Filter) -> Filter {
    switch filter {
    case .compare, .contained, .isNull: return filter
    case .not(let inner): return .not(lowered(inner))
    case .and(let parts): return .and(parts.map { lowered($0) })
    case .or(let parts): return .or(loweredAlternatives(parts))
    case .unknown(let formula): return .isNull(field: compile(formula, as: nil))
    case .holds(let formula):
      return .compare(field: compile(formula, as: .bool), .equal, .bool(true))
    case .compared(let left, let comparison, .value(let value)):
      return .compare(field: compile(left, as: nil), comparison, value)
    case .compared(let left, let comparison, let right):
      let one = compile(left, as: nil)
      let other = compile(right, as: nil)
      return .compare(
        field: add(.bool, .compare(comparison, one, other)), .equal, .bool(true))
    }
  }

  /// Tests of one value for equality with literals are a list, as the one that they may come from: the value is
  /// computed once, and looked for.
  private mutating func loweredAlternatives(_ parts: [Filter]) -> [Filter] {
    var alternatives: [Filter] = []
    var index = 0
    while index < parts.count {
      let first = parts[index]
      let alike = parts[index...].prefix { $0.isAnotherValue(than: first) }
      if case .compared(let left, _, _) = first, alike.count > 1 {
        let values = alike.compactMap(\.comparedValue)
        alternatives.append(.contained(field: compile(left, as: nil), in: values))
        index += alike.count
      } else {
        alternatives.append(lowered(first))
        index += 1
      }
    }
    return alternatives
  }

  private mutating func plan(_ filter: Filter) -> FilterPlan {
    let columns = lowered(filter)
    return FilterPlan(columns, types: types)
  }

  /// Makes room for the columns behind the inputs.
  func makeColumns() -> [EventColumn] { types.map { EventColumn(type: $0) } }

  /// Fills all columns behind the inputs, whose memory is kept.
  func run(_ columns: inout [EventColumn], rows: Int) {
    for step in steps {
      var out = EventColumn(type: step.type)
      swap(&out, &columns[step.out])
      out.removeAll()
      perform(step, columns, rows, &out)
      swap(&out, &columns[step.out])
    }
  }

  private func perform(
    _ step: Step, _ columns: [EventColumn], _ rows: Int, _ out: inout EventColumn
  ) {
    switch step.operation {
    case .constant(let value): for _ in 0..<rows { out.append(value) }
    case .copy(let column): out.append(columns[column], rows: 0..<rows)
    case .widen(let column):
      FormulaColumns.map(columns[column], rows, &out) {
        Double(Int64(bitPattern: $0)).bitPattern
      }
    case .call(let function, let arguments):
      FormulaColumns.call(function, arguments, step.sources, columns, rows, &out)
    case .choose(let condition, let first, let second):
      for row in 0..<rows {
        let holds = columns[condition].valid[row] & UInt8(columns[condition].words[row])
        let source = holds != 0 ? first : second
        FormulaColumns.copy(columns[source], row, &out)
      }
    case .compare(let comparison, let left, let right):
      FormulaColumns.compare(comparison, columns[left], columns[right], rows, &out)
    case .filter(let plan):
      withUnsafeTemporaryAllocation(of: UInt8.self, capacity: rows) { truths in
        FilterEvaluator.run(plan, columns, into: truths)
        for truth in truths {
          if truth == 1 { out.appendNull() } else { out.append(word: UInt64(truth >> 1)) }
        }
      }
    }
  }
}
