// The file of refused rows that `--rejects` asks for: enough to see why, mend the rows and load them.

/// Writes refused rows as CSV with the columns line, field, reason, row.
public final class RejectsWriter {
  private let writer: RowWriter

  /// `.gz` at the end of the name asks for gzip; the file appears at `finish`. Throws `cannotOpen`.
  public init(path: String) throws(RowFileError) {
    writer = try RowWriter(path: path, format: .csv, columns: ["line", "field", "reason", "row"])
  }

  public var count: Int { writer.rowCount }

  /// Adds a row that `chunk` holds; its bytes are written as they are, also where they are no UTF-8.
  /// Throws `cannotWrite`.
  public func append(_ rejection: RowRejection, in chunk: RowChunk) throws(RowFileError) {
    writer.beginRow()
    writer.append(Int64(rejection.line))
    if let field = rejection.field { writer.append(.string(field)) } else { writer.appendNull() }
    writer.append(.string(rejection.problem.description))
    writer.append(utf8: UnsafeRawBufferPointer(rebasing: chunk.bytes[rejection.range]))
    try writer.endRow()
  }

  /// Throws `cannotWrite` or `cannotRename`.
  public func finish() throws(RowFileError) { _ = try writer.finish() }
}
