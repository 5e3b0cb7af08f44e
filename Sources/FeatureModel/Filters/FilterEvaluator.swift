// Runs a filter over a batch, one node at a time over all rows. A row's truth is one byte, 0 false,
// 1 unknown, 2 true, so that `and` is the minimum, `or` the maximum and `not` is 2 - x (Kleene's
// logic, which is SQL's), and every loop is one that the compiler turns into vectors.

/// A filter compiled for columns that stand already (what it computes itself is `RowDerivation`'s). May be
/// shared between threads.
public struct FilterEvaluator: Sendable {
  private let plan: FilterPlan
  private let types: [FieldType]

  /// - Parameter stream: the declaration against which the filter was read; batches have its columns.
  public init(_ filter: Filter, stream: StreamDeclaration) {
    types = stream.fields.map(\.type)
    plan = FilterPlan(filter, types: types)
  }

  /// Over columns of these types.
  init(_ filter: Filter, types: [FieldType]) {
    self.types = types
    plan = FilterPlan(filter, types: types)
  }

  /// Whether the filter is true for a row; false and unknown are not. No allocation.
  public func matches(_ batch: EventBatch, row: Int) -> Bool {
    Self.truth(plan, batch.columns, row) == 2
  }

  /// One byte per row of the batch: 1 where the filter is true, otherwise 0. What was in `selected`
  /// is replaced. Linear in rows and nodes.
  public func select(_ batch: EventBatch, into selected: inout [UInt8]) {
    let rows = batch.count
    selected.removeAll(keepingCapacity: true)
    selected.append(contentsOf: repeatElement(0, count: rows))
    selected.withUnsafeMutableBufferPointer { select(batch, into: $0) }
  }

  /// As `select` on an array, for memory that has one byte for each row.
  package func select(_ batch: EventBatch, into out: UnsafeMutableBufferPointer<UInt8>) {
    precondition(out.count == batch.count, "a byte for each row")
    Self.run(plan, batch.columns, into: out)
    for row in out.indices { out[row] >>= 1 }
  }

  /// 0, 1 or 2 for each row.
  static func run(
    _ plan: FilterPlan, _ columns: [EventColumn], into out: UnsafeMutableBufferPointer<UInt8>
  ) {
    switch plan {
    case .not(let inner):
      run(inner, columns, into: out)
      for row in out.indices { out[row] = 2 &- out[row] }
    case .and(let parts): runAll(parts, columns, neutral: 2, into: out) { min($0, $1) }
    case .or(let parts): runAll(parts, columns, neutral: 0, into: out) { max($0, $1) }
    case .isNull(let column):
      columns[column].valid.withUnsafeBufferPointer { valid in
        for row in out.indices { out[row] = (1 &- valid[row]) << 1 }
      }
    case .integers(let column, let low, let span, let negated):
      FilterColumns.integers(columns[column], low, span, negated, into: out)
    case .doubles(let column, let low, let high, let negated):
      FilterColumns.doubles(columns[column], low, high, negated, into: out)
    case .unknown: out.update(repeating: 1)
    case .constant(let column, let value):
      FilterColumns.each(columns[column], into: out) { _ in value }
    case .integerList(let column, let list):
      FilterColumns.integers(columns[column], in: list, into: out)
    case .doubleList(let column, let list):
      FilterColumns.doubles(columns[column], in: list, into: out)
    case .texts(let column, let test): FilterColumns.texts(columns[column], test, into: out)
    case .textList(let column, let list): FilterColumns.texts(columns[column], in: list, into: out)
    }
  }

  @inline(__always)
  private static func runAll(
    _ parts: [FilterPlan], _ columns: [EventColumn], neutral: UInt8,
    into out: UnsafeMutableBufferPointer<UInt8>, _ combine: (UInt8, UInt8) -> UInt8
  ) {
    guard let first = parts.first else { return out.update(repeating: neutral) }
    run(first, columns, into: out)
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: out.count) { scratch in
      for part in parts.dropFirst() {
        run(part, columns, into: scratch)
        for row in out.indices { out[row] = combine(out[row], scratch[row]) }
      }
    }
  }

  /// 0, 1 or 2 for one row.
  private static func truth(_ plan: FilterPlan, _ columns: [EventColumn], _ row: Int) -> UInt8 {
    switch plan {
    case .not(let inner): return 2 - truth(inner, columns, row)
    case .and(let parts):
      var result: UInt8 = 2
      for part in parts where result > 0 { result = min(result, truth(part, columns, row)) }
      return result
    case .or(let parts):
      var result: UInt8 = 0
      for part in parts where result < 2 { result = max(result, truth(part, columns, row)) }
      return result
    case .unknown: return 1
    case .isNull(let column): return columns[column].valid[row] == 0 ? 2 : 0
    case .constant(let column, let value): return known(columns[column], row, value)
    case .integers(let column, let low, let span, let negated):
      let distance = columns[column].words[row] &- UInt64(bitPattern: low)
      return known(columns[column], row, (distance <= span) != negated)
    case .doubles(let column, let low, let high, let negated):
      let value = Double(bitPattern: columns[column].words[row])
      return known(columns[column], row, (low <= value && value <= high) != negated)
    case .integerList(let column, let list):
      let value = Int64(bitPattern: columns[column].words[row])
      return known(columns[column], row, FilterColumns.contains(value, in: list))
    case .doubleList(let column, let list):
      let value = Double(bitPattern: columns[column].words[row])
      return known(columns[column], row, FilterColumns.contains(value, in: list))
    case .texts(let column, let test):
      return known(
        columns[column], row, withText(columns[column], row) { FilterColumns.passes($0, test) })
    case .textList(let column, let list):
      return known(
        columns[column], row,
        withText(columns[column], row) { FilterColumns.contains($0, in: list) })
    }
  }

  @inline(__always)
  private static func withText(
    _ column: EventColumn, _ row: Int, _ passes: (UnsafeRawBufferPointer) -> Bool
  ) -> Bool {
    column.text.withUnsafeBytes { bytes in
      passes(UnsafeRawBufferPointer(rebasing: bytes[column.textRange(row)]))
    }
  }

  @inline(__always)
  private static func known(_ column: EventColumn, _ row: Int, _ value: Bool) -> UInt8 {
    column.valid[row] == 0 ? 1 : value ? 2 : 0
  }
}
