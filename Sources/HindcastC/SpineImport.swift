// The columns of Arrow batches that a join reads. Where Arrow's memory is a join's own form (64-bit numbers,
// milliseconds, flags, texts with offsets) it is read where it lies; all else is converted.
import CHindcast
import Hindcast

/// How the columns that are read are found in a stream's batches.
struct SpineImport: Sendable {
  struct Column: Sendable {
    let index: Int
    let field: ArrowField
    let type: FieldType
  }

  let columns: [Column]

  /// - Parameter wanted: the columns that are read and their types; each occurs once among the fields.
  init(_ fields: [ArrowField], reading wanted: [SpineField]) throws(Failure) {
    columns = try wanted.map { wanted throws(Failure) in
      let index = fields.firstIndex { $0.name == wanted.name }!
      let field = fields[index]
      // Another type of field is the join's to judge.
      guard let type = field.type == .null ? wanted.type : field.type.field else {
        throw Failure(
          .invalid,
          "column '\(wanted.name)' is \(field.type.name), and \(wanted.type.rawValue) is needed there: "
            + "cast it before the join", column: wanted.name)
      }
      return Column(index: index, field: field, type: type)
    }
  }

  /// As `batches` have them.
  var fields: [SpineField] { columns.map { SpineField(name: $0.field.name, type: $0.type) } }

  func batch(_ batch: ArrowBatch) throws(Failure) -> SpineBatch {
    let columns = try columns.map { column throws(Failure) in
      if let column = try lent(column, batch) { return column }
      return try converted(column, batch)
    }
    return SpineBatch(columns: columns, count: batch.rows)
  }

  /// The column where it lies; nil where its form is another.
  private func lent(_ column: Column, _ batch: ArrowBatch) throws(Failure) -> SpineColumn? {
    switch column.field.type {
    case .bool, .text32, .text64, .int(bytes: 8, signed: true), .timestamp(.milli), .date64: break
    default: return nil
    }
    let arrow = try ArrowColumn(batch, column.index, column.field)
    let alignment = column.field.type == .text32 ? 4 : column.field.type == .bool ? 1 : 8
    guard UInt(bitPattern: arrow.values) % UInt(alignment) == 0 else { return nil }
    let values: SpineColumn.Values =
      switch column.field.type {
      case .bool: .bits(arrow.values.assumingMemoryBound(to: UInt8.self))
      case .text32:
        .text32(
          offsets: arrow.values.assumingMemoryBound(to: Int32.self),
          bytes: arrow.bytes.assumingMemoryBound(to: UInt8.self))
      case .text64:
        .text64(
          offsets: arrow.values.assumingMemoryBound(to: Int64.self),
          bytes: arrow.bytes.assumingMemoryBound(to: UInt8.self))
      default: .int64(arrow.values.assumingMemoryBound(to: Int64.self))
      }
    return SpineColumn(
      name: column.field.name, type: column.type, values: values, validity: arrow.validity,
      offset: arrow.offset, owner: batch)
  }

  private func converted(_ column: Column, _ batch: ArrowBatch) throws(Failure) -> SpineColumn {
    let reader = try ArrowReader(batch, column.index, column.field, as: column.type)
    var events = EventColumn(type: column.type)
    var refused: [RefusedValue] = []
    reader.append(0..<batch.rows, to: &events, refused: &refused)
    if let first = refused.first {
      let row = batch.firstRow + first.row
      throw Failure(
        .row, "row \(row): column '\(column.field.name)' \(first.reason)", row: row,
        column: column.field.name)
    }
    return SpineBatch(EventBatch(columns: [events]), names: [column.field.name]).columns[0]
  }
}
