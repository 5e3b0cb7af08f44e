// Corrections by ids in text or from files: what the command line, the server and other languages hand to
// `Store.correct`. A correction is whole: every row has to be right, or nothing is changed.
import FeatureModel
import RowFiles
import SliceStore

extension FeatureStore {
  /// Takes the events with some ids back, in one atomic step.
  /// - Parameters:
  ///   - ids: as text, as the stream's files have them.
  ///   - time: from which on that is known; nil: at once, or at the stream's seal where that lies ahead.
  /// - Throws: `HindcastError.refused`, with a line for each id that names no event; nothing was changed then.
  public func retract(
    _ ids: [String], from stream: String, at time: Timestamp? = nil,
    clock: () -> Timestamp = { .now }
  ) throws(HindcastError) -> CorrectionReport {
    let (_, field) = try idField(of: stream)
    var column = EventColumn(type: field.type)
    for (index, id) in ids.enumerated() {
      let problem = id.utf8.withContiguousStorageIfAvailable {
        ValueParser.append(UnsafeRawBufferPointer($0), to: &column)
      }
      if let problem = problem ?? nil {
        throw .refused("id \(index + 1): field '\(field.name)': \(problem)")
      }
    }
    return try correct(stream, retracting: column, appending: nil, at: time, clock) {
      "id \($0 + 1)"
    }
  }

  /// The same of the ids in a file, whose other columns are passed over.
  public func retract(
    idsIn path: String, from stream: String, format: RowFormat? = nil, at time: Timestamp? = nil
  ) throws(HindcastError) -> CorrectionReport {
    let (_, field) = try idField(of: stream)
    let file = try WholeFile(path, format, RowSchema([field], required: [0]))
    return try correct(stream, retracting: file.rows.columns[0], appending: nil, at: time) {
      file.place(of: $0)
    }
  }

  /// Takes the events with the ids of a file's rows back and lets the rows come in their place, in one atomic
  /// step. Rows are whole events: a field that a row leaves out is null.
  public func amend(
    rowsIn path: String, of stream: String, format: RowFormat? = nil, at time: Timestamp? = nil
  ) throws(HindcastError) -> CorrectionReport {
    let (declaration, field) = try idField(of: stream)
    let file = try WholeFile(path, format, RowSchema(declaration))
    return try correct(
      stream, retracting: file.rows.columns[declaration.index(of: field.name)!],
      appending: file.rows, at: time
    ) { file.place(of: $0) }
  }

  /// The same of events in memory, with the stream's columns.
  public func amend(
    _ events: EventBatch, of stream: String, at time: Timestamp? = nil,
    clock: () -> Timestamp = { .now }
  ) throws(HindcastError) -> CorrectionReport {
    let (declaration, field) = try idField(of: stream)
    let index = declaration.index(of: field.name)!
    guard events.columns.map(\.type) == declaration.fields.map(\.type) else {
      throw .refused("the events do not have the columns of stream '\(stream)'")
    }
    return try correct(
      stream, retracting: events.columns[index], appending: events, at: time, clock
    ) { "row \($0)" }
  }

  private func idField(
    of stream: String
  ) throws(HindcastError) -> (StreamDeclaration, StreamDeclaration.Field) {
    let declaration = try HindcastError.store { () throws(StoreError) in
      try store.stream(stream).declaration
    }
    guard let id = declaration.id else {
      throw .refused(
        "stream '\(stream)' declares no \"id\", by which events are corrected; declare which field it is"
      )
    }
    return (declaration, declaration.fields[id])
  }

  private func correct(
    _ stream: String, retracting ids: EventColumn, appending events: EventBatch?,
    at time: Timestamp?, _ clock: () -> Timestamp = { .now }, place: (Int) -> String
  ) throws(HindcastError) -> CorrectionReport {
    let report = try HindcastError.store { () throws(StoreError) in
      try store.requireNoTable(stream, Store.loads)
      return try store.correct(stream, retracting: ids, appending: events, at: time, clock: clock)
    }
    let refused = (report.refused + report.missing).sorted { $0.row < $1.row }
    if refused.isEmpty { return report }
    let shown = refused.prefix(20).map {
      "\(place($0.row)): field '\($0.field)': \($0.reason)"
    }
    let more = refused.count > shown.count ? ["and \(refused.count - shown.count) more"] : []
    throw .refused((shown + more + ["nothing was changed"]).joined(separator: "\n"))
  }
}

/// The rows of a file, all of them right.
struct WholeFile {
  private(set) var rows: EventBatch
  private var lines: [Int] = []
  private let path: String

  /// - Throws: `HindcastError.row` for the first bad row.
  init(_ path: String, _ format: RowFormat?, _ schema: RowSchema) throws(HindcastError) {
    self.path = path
    rows = schema.makeBatch()
    var rejected: RowRejection?
    do throws(RowFileError) {
      let chunker = try RowChunker(path: path, format: format)
      let parser = try RowParser(for: chunker, schema: schema)
      while rejected == nil, let chunk = try chunker.next() {
        var spans: [RowSpan] = []
        parser.parse(chunk, into: &rows, rows: &spans) { rejected = rejected ?? $0 }
        lines += spans.map(\.line)
      }
    } catch { throw .file(error) }
    if let rejected {
      throw .row(
        path: path, rejected, remedy: "Mend it and run the same again; nothing was changed")
    }
  }

  /// Where a row stands, for people.
  func place(of row: Int) -> String { "\(path): line \(lines[row])" }
}

extension CorrectionReport {
  /// What tools print under `--json`, and other languages get.
  package var json: JSONValue {
    .object([
      ("knownFrom", .string(time.description)), ("retracted", .int(Int64(retracted))),
      ("appended", .int(Int64(appended))), ("slices", .int(Int64(slices))),
      ("expired", .int(Int64(expired))),
    ])
  }
}
