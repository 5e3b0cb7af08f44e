// Events, and rows of tables, out of Arrow batches: columns are found by the names of the declared fields, in
// any order, among others; a row with a value that its field cannot take is left out as a whole and said to
// be.
import CHindcast
import Hindcast

struct EventImport: Sendable {
  private struct Column: Sendable {
    let index: Int
    let field: ArrowField
    let type: FieldType
  }

  /// In the order of the declared fields.
  private let columns: [Column]

  init(_ fields: [ArrowField], into stream: StreamDeclaration) throws(Failure) {
    try self.init(fields, stream.fields, of: "stream '\(stream.name)'", called: "events")
  }

  init(_ fields: [ArrowField], into table: TableDeclaration) throws(Failure) {
    try self.init(fields, table.fileFields, of: "table '\(table.name)'", called: "rows")
  }

  /// - Parameters:
  ///   - owner: who declares the fields, and `rows` what is given, for messages.
  private init(
    _ fields: [ArrowField], _ wanted: [StreamDeclaration.Field], of owner: String,
    called rows: String
  ) throws(Failure) {
    let names = fields.map(\.name)
    columns = try wanted.map { declared throws(Failure) in
      guard let index = names.firstIndex(of: declared.name) else {
        throw Failure(
          .invalid,
          "the \(rows) have no column '\(declared.name)', which \(owner) declares"
            + Suggestion.phrase(for: declared.name, among: names), column: declared.name)
      }
      guard names[(index + 1)...].contains(declared.name) == false else {
        throw Failure(
          .invalid, "the \(rows) have two columns '\(declared.name)': which one is meant?",
          column: declared.name)
      }
      guard ArrowReader.reads(fields[index].type, as: declared.type) else {
        throw Failure(
          .invalid,
          "column '\(declared.name)' is \(fields[index].type.name), and \(declared.type.rawValue) is "
            + "needed there: cast it first", column: declared.name)
      }
      return Column(index: index, field: fields[index], type: declared.type)
    }
  }

  /// The batches of a stream one by one, as parts of one table; nil behind the last.
  func parts(of source: ArrowSource) -> () throws -> EventPart? {
    var row = 0
    return {
      guard let batch = try source.next(row: row) else { return nil }
      row += batch.rows
      return try part(batch)
    }
  }

  /// A batch as a part of the table.
  private func part(_ batch: ArrowBatch) throws(Failure) -> EventPart {
    let readers = try columns.map { column throws(Failure) in
      try ArrowReader(batch, column.index, column.field, as: column.type)
    }
    let events = ArrowEvents(batch: batch, readers: readers, names: columns.map(\.field.name))
    return EventPart(count: batch.rows) { events.read($0, into: &$1) }
  }
}

/// The rows of one batch, which is kept alive.
private struct ArrowEvents: @unchecked Sendable {
  // Unchecked: nobody writes to the batch's memory.
  let batch: ArrowBatch
  let readers: [ArrowReader]
  let names: [String]

  func read(_ rows: Range<Int>, into events: inout EventBatch) -> [RefusedEvent] {
    var refused: [RefusedEvent] = []
    append(rows, to: &events, &refused)
    if refused.isEmpty { return [] }
    // Once more without those rows, each of which is named for the first of its columns.
    events.removeAll()
    refused.sort { $0.row < $1.row }
    var first: [RefusedEvent] = []
    for refusal in refused where refusal.row != first.last?.row { first.append(refusal) }
    var start = rows.lowerBound
    for refusal in first {
      var none: [RefusedEvent] = []
      append(start..<refusal.row, to: &events, &none)
      start = refusal.row + 1
    }
    var none: [RefusedEvent] = []
    append(start..<rows.upperBound, to: &events, &none)
    return first
  }

  private func append(
    _ rows: Range<Int>, to events: inout EventBatch, _ refused: inout [RefusedEvent]
  ) {
    for (index, reader) in readers.enumerated() {
      var values: [RefusedValue] = []
      reader.append(rows, to: &events.columns[index], refused: &values)
      refused += values.map {
        RefusedEvent(row: $0.row, field: names[index], reason: $0.reason)
      }
    }
  }
}
