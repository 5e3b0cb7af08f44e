// CSV rows to columns: one pass finds a row's cells, a second one over the declared fields reads them.
import FeatureModel

/// The parser of one CSV file's rows.
final class CSVRowParser {
  private let schema: RowSchema
  /// For each field of the schema, its cell's index.
  private let places: [Int]
  private let isRequired: [Bool]
  /// One per column of the file.
  private let cells: UnsafeMutableBufferPointer<CSVCell>
  private var unescaped: [UInt8] = []

  init(_ header: CSVHeader, _ schema: RowSchema, path: String) throws(RowFileError) {
    var places: [Int] = []
    for field in schema.fields { places.append(try header.index(of: field.name, path: path)) }
    self.schema = schema
    self.places = places
    isRequired = schema.fields.indices.map(schema.required.contains)
    cells = .allocate(capacity: header.names.count)
    cells.initialize(repeating: CSVCell(start: 0, end: 0, quoting: .none))
  }

  deinit { cells.deallocate() }

  func parse(
    _ bytes: UnsafeRawBufferPointer, line firstLine: Int, _ batch: inout EventBatch,
    _ rows: inout [RowSpan], _ rejects: (RowRejection) -> Void
  ) {
    var line = firstLine
    var position = 0
    var count = batch.count
    while position < bytes.count {
      let row = CSVScanner.row(bytes, at: position, into: cells)
      if row.end > position {
        let problem = problem(of: row)
        if problem == nil, let fault = append(bytes, to: &batch) {
          batch.takeBack(to: count)
          let name = schema.fields[fault.field].name
          rejects(
            RowRejection(line: line, field: name, problem: fault.problem, range: position..<row.end)
          )
        } else if let problem {
          rejects(RowRejection(line: line, field: nil, problem: problem, range: position..<row.end))
        } else {
          let start = UInt32(truncatingIfNeeded: position)
          let end = UInt32(truncatingIfNeeded: row.end)
          rows.append(RowSpan(start: start, end: end, line: line))
          count &+= 1
        }
      }
      line &+= 1 &+ row.innerLines
      position = row.next
    }
  }

  @inline(__always)
  private func problem(of row: CSVRow) -> RowProblem? {
    if row.fault == .none && row.cellCount == cells.count { return nil }
    return RowProblem(row.fault) ?? .cellCount(row.cellCount, expected: cells.count)
  }

  /// Appends the row in `cells`; at the first bad value it stops.
  @inline(__always)
  private func append(
    _ bytes: UnsafeRawBufferPointer, to batch: inout EventBatch
  ) -> (field: Int, problem: RowProblem)? {
    let base = bytes.baseAddress.unsafelyUnwrapped
    for field in 0..<places.count {
      let cell = cells[places[field]]
      if let problem = append(cell, base, isRequired[field], &batch.columns[field]) {
        return (field, problem)
      }
    }
    return nil
  }

  @inline(__always)
  private func append(
    _ cell: CSVCell, _ base: UnsafeRawPointer, _ isRequired: Bool, _ column: inout EventColumn
  ) -> RowProblem? {
    if cell.start == cell.end, cell.quoting == .none || column.type != .string {
      if isRequired { return .missing }
      column.appendNull()
      return nil
    }
    if cell.quoting == .escaped { return appendEscaped(cell, base, &column) }
    return ValueParser.append(cell.bytes(in: base), to: &column)
  }

  @inline(never)
  private func appendEscaped(
    _ cell: CSVCell, _ base: UnsafeRawPointer, _ column: inout EventColumn
  ) -> RowProblem? {
    unescaped.removeAll(keepingCapacity: true)
    cell.unescape(in: base, into: &unescaped)
    return unescaped.withUnsafeBytes { ValueParser.append($0, to: &column) }
  }
}
