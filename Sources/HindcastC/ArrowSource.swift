// A stream of Arrow batches that was given to the library: taken over, asked batch by batch, and released when
// nothing of it is used any more. What is malformed is an error; pointers that lie cannot be found out.
import CHindcast
import Hindcast

/// Anything of Arrow's that has to be released once. Moved here, which marks it released for whoever gave it.
final class Owned<Struct>: @unchecked Sendable {
  // Unchecked: only the owner of a stream calls it, and nobody writes to a schema or an array.
  let pointer: UnsafeMutablePointer<Struct>
  private let release: (UnsafeMutablePointer<Struct>) -> Void

  init(
    _ value: Struct, release: @escaping (UnsafeMutablePointer<Struct>) -> Void
  ) {
    pointer = .allocate(capacity: 1)
    pointer.initialize(to: value)
    self.release = release
  }

  deinit {
    release(pointer)
    pointer.deallocate()
  }

  var value: Struct { pointer.pointee }
}

/// One of a stream's columns.
struct ArrowField: Sendable {
  let name: String
  let type: ArrowType
}

final class ArrowSource: @unchecked Sendable {
  // Unchecked: batches are asked for by one call after the other.
  private let stream: Owned<ArrowArrayStream>
  let schema: Owned<ArrowSchema>
  let fields: [ArrowField]

  /// Takes a stream over, whatever happens next, and reads its schema.
  init(taking pointer: UnsafeMutablePointer<ArrowArrayStream>?) throws(Failure) {
    guard let pointer else { throw Failure(.stream, "the Arrow stream is NULL") }
    guard pointer.pointee.release != nil else {
      throw Failure(.stream, "the Arrow stream was released before, or is read already")
    }
    stream = Owned(pointer.pointee) { $0.pointee.release?($0) }
    pointer.pointee.release = nil
    schema = try Self.schema(of: stream)
    fields = try Self.fields(of: schema.value)
  }

  private static func schema(
    of stream: Owned<ArrowArrayStream>
  ) throws(Failure) -> Owned<ArrowSchema> {
    var schema = ArrowSchema()
    guard let getSchema = stream.value.get_schema, stream.value.get_next != nil else {
      throw Failure(.stream, "the Arrow stream has no functions")
    }
    let code = getSchema(stream.pointer, &schema)
    guard code == 0 else { throw failure(of: stream, code) }
    guard schema.release != nil else {
      throw Failure(.stream, "the Arrow stream gave a schema that is released")
    }
    return Owned(schema) { $0.pointee.release?($0) }
  }

  private static func fields(of schema: ArrowSchema) throws(Failure) -> [ArrowField] {
    guard let format = schema.format, String(cString: format) == "+s" else {
      throw Failure(.stream, "the Arrow stream has no columns: batches of a struct are needed")
    }
    guard schema.n_children == 0 || schema.children != nil, schema.n_children >= 0 else {
      throw Failure(.stream, "the Arrow stream's schema is malformed")
    }
    var fields: [ArrowField] = []
    for index in 0..<Int(schema.n_children) {
      guard let child = schema.children[index], child.pointee.format != nil else {
        throw Failure(.stream, "the Arrow stream's schema is malformed at column \(index)")
      }
      fields.append(
        ArrowField(
          name: child.pointee.name.map { String(cString: $0) } ?? "",
          type: ArrowType(child.pointee)))
    }
    return fields
  }

  /// The next batch; nil at the end.
  /// - Parameter row: how many rows came before, for messages.
  func next(row: Int) throws(Failure) -> ArrowBatch? {
    var array = ArrowArray()
    let code = stream.value.get_next(stream.pointer, &array)
    guard code == 0 else { throw Self.failure(of: stream, code) }
    guard array.release != nil else { return nil }
    return try ArrowBatch(
      Owned(array) { $0.pointee.release?($0) }, fields: fields, firstRow: row)
  }

  private static func failure(of stream: Owned<ArrowArrayStream>, _ code: Int32) -> Failure {
    let text = stream.value.get_last_error?(stream.pointer).map { String(cString: $0) }
    return Failure(.stream, "reading the Arrow stream failed: \(text ?? "error \(code)")")
  }
}

/// Some rows of a stream.
final class ArrowBatch: Sendable {
  let array: Owned<ArrowArray>
  let rows: Int
  /// Rows of the stream before these.
  let firstRow: Int
  private let fieldCount: Int

  init(
    _ array: Owned<ArrowArray>, fields: [ArrowField], firstRow: Int
  ) throws(Failure) {
    self.array = array
    self.firstRow = firstRow
    let root = array.value
    rows = Int(root.length)
    fieldCount = fields.count
    guard root.length >= 0, root.offset >= 0, root.n_children == Int64(fields.count),
      fields.isEmpty || root.children != nil,
      root.length.addingReportingOverflow(root.offset).overflow == false
    else { throw Failure(.stream, "an Arrow batch does not fit the stream's schema") }
    for (index, field) in fields.enumerated() {
      guard let child = root.children[index], child.pointee.release != nil,
        child.pointee.offset >= 0, child.pointee.length >= root.offset + root.length,
        !child.pointee.offset.addingReportingOverflow(child.pointee.length).overflow
      else {
        throw Failure(
          .stream, "an Arrow batch has no whole column '\(field.name)'", column: field.name)
      }
    }
    try Self.requireRows(root, firstRow)
  }

  /// A row is never null as a whole.
  private static func requireRows(_ root: ArrowArray, _ firstRow: Int) throws(Failure) {
    guard root.null_count != 0, root.n_buffers > 0, let validity = root.buffers?[0] else { return }
    let bits = validity.assumingMemoryBound(to: UInt8.self)
    for row in 0..<Int(root.length) {
      let bit = row + Int(root.offset)
      guard bits[bit >> 3] >> UInt8(bit & 7) & 1 == 0 else { continue }
      throw Failure(
        .stream, "row \(firstRow + row) of the Arrow stream is null as a whole",
        row: firstRow + row)
    }
  }

  /// The column's array; it is as long as the batch or longer.
  func column(_ index: Int) -> UnsafePointer<ArrowArray> {
    UnsafePointer(array.value.children[index]!)
  }

  /// Rows to skip in the buffers of a column.
  func offset(of index: Int) -> Int { Int(array.value.offset + column(index).pointee.offset) }
}
