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
  /// - Throws: `HindcastError.rows`, with a line for each id that names no event; nothing was changed then.
  /// - Complexity: O(kept events), of most of which only id and time are read.
  public func retract(
    _ ids: [String], from stream: String, at time: Timestamp? = nil,
    clock: () -> Timestamp = { .now }
  ) throws(HindcastError) -> CorrectionReport {
    let (_, field) = try idField(of: stream)
    var column = EventColumn(type: field.type)
    for (index, id) in ids.enumerated() {
      var id = id
      id.makeContiguousUTF8()
      let problem = id.utf8.withContiguousStorageIfAvailable {
        ValueParser.append(UnsafeRawBufferPointer($0), to: &column)
      }
      if let problem = problem ?? nil {
        throw Self.refusal([.init(row: index, field: field.name, reason: "\(problem)")]) {
          "id \($0 + 1)"
        }
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
  /// - Throws: `HindcastError.rows` with the rows at fault.
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

  /// The same of events that come in parts, as `ingest` takes them. All are read before anything is changed.
  /// - Parameters:
  ///   - cancellation: ends the reading; what has been read by then is not needed any more.
  ///   - progress: called with the number of rows read so far.
  ///   - next: the next part; nil at the end.
  /// - Throws: also what `next` throws.
  public func amend(
    _ stream: String, at time: Timestamp? = nil, cancellation: JoinCancellation? = nil,
    progress: (@Sendable (_ rows: Int) -> Void)? = nil, next: () throws -> EventPart?
  ) throws -> CorrectionReport {
    let (declaration, _) = try idField(of: stream)
    let whole = try WholeTable(EventBatch(declaration), cancellation, progress, next)
    if !whole.refused.isEmpty { throw Self.refusal(whole.refused) { "row \($0)" } }
    return try amend(whole.rows, of: stream, at: time)
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
    try HindcastError.store { () throws(StoreError) in
      try store.requireNoTable(stream, Store.loads)
    }
    // It would seal the stream, and do nothing else.
    guard ids.words.count > 0 else {
      throw .refused(
        "there is nothing to correct in stream '\(stream)': no \(events == nil ? "ids" : "events") were given"
      )
    }
    let report = try HindcastError.store { () throws(StoreError) in
      try store.correct(stream, retracting: ids, appending: events, at: time, clock: clock)
    }
    let refused = (report.refused + report.missing).sorted { $0.row < $1.row }
    if refused.isEmpty { return report }
    throw Self.refusal(refused, place: place)
  }

  /// - Parameter place: of a row, for people.
  private static func refusal(
    _ refused: [RefusedEvent], place: (Int) -> String
  ) -> HindcastError {
    let shown = refused.prefix(20).map {
      "\(place($0.row)): field '\($0.field)': \($0.reason)"
    }
    let more = refused.count > shown.count ? ["and \(refused.count - shown.count) more"] : []
    let text = (shown + more + ["nothing was changed"]).joined(separator: "\n")
    return .rows(refused, text: text)
  }
}

extension CorrectionReport {
  /// What tools print under `--json`.
  package var json: JSONValue {
    .object([
      ("knownFrom", .string(time.description)), ("retracted", .int(Int64(retracted))),
      ("appended", .int(Int64(appended))), ("slices", .int(Int64(slices))),
      ("expired", .int(Int64(expired))),
    ])
  }
}
