// The as-of join of row files: every spine row as it stands, or as a row of the other format, with the chosen
// features appended, in the spine's order. Chunk by chunk, so that memory does not grow with the spine.
import AsOfJoin
import Dispatch
import FeatureModel
import RowFiles
import SliceStore

/// What a join did.
public struct JoinReport: Sendable {
  public var rows = 0
  /// Of the spine's header and rows, uncompressed.
  public var spineDigest = Digest(of: "")
  /// Of all uncompressed bytes written: what `xxhsum -H2` says of the output file.
  public var answerDigest = Digest(of: "")
  /// The latest time in the spine.
  public var latest: Timestamp?
  /// Rows that have a null in their key, and so the features of an unknown entity, by view.
  public var rowsWithoutKey: [String: Int] = [:]
}

/// A join over one snapshot of the store.
final class FileJoin {
  private let request: JoinRequest
  private let join: ColumnJoin
  private let schema: RowSchema
  private let chunker: RowChunker
  /// One per thread.
  private let parsers: [RowParser]
  /// The same; none where the spine brings all keys.
  private let derivers: [KeyDeriver]
  /// Where the output has another format than the spine.
  private let converter: RowConverter?

  /// Chunks that are joined together: the more, the fewer times a join moves through the store.
  private static let chunksTogether = 8

  init(_ store: Store, spine: String, _ request: JoinRequest) throws(HindcastError) {
    self.request = request
    let chunker = try HindcastError.file { () throws(RowFileError) in
      try RowChunker(path: spine, format: request.spineFormat)
    }
    self.chunker = chunker
    let plan = try JoinPlan(
      request, in: store, spine: chunker.header.map { SpineNames($0.names) } ?? .perRow)
    let schema = RowSchema(
      plan.reads.map { plan.fields[$0] },
      required: Set([plan.time] + (plan.known.map { [$0] } ?? [])), reserved: plan.names)
    self.schema = schema
    try Self.check(plan.names, against: chunker)
    let isConverted = (request.outputFormat ?? chunker.format) != chunker.format
    converter = try HindcastError.file { () throws(RowFileError) in
      isConverted ? try RowConverter(from: chunker) : nil
    }
    parsers = try HindcastError.file { () throws(RowFileError) in
      try (0..<JoinOptions().threads).map { _ throws(RowFileError) in
        try RowParser(for: chunker, schema: schema)
      }
    }
    derivers = plan.derivedKeys.isEmpty ? [] : parsers.map { _ in KeyDeriver(plan) }
    join = try ColumnJoin(
      store, spine: plan.fields.map { SpineField(name: $0.name, type: $0.type) }, plan)
  }

  /// A CSV spine shows in its header what JSON objects show row by row (`RowSchema.reserved`).
  private static func check(
    _ columns: [String], against chunker: RowChunker
  ) throws(HindcastError) {
    let taken = Set((chunker.header?.names ?? []).map { Array($0.utf8) })
    for column in columns where taken.contains(Array(column.utf8)) {
      throw .refused(
        "\(chunker.path): the spine has a column '\(column)' already, and the feature of that name "
          + "would be a second one: rename the column, or choose other features (--view VIEW:A,B)")
    }
  }

  /// Joins all rows and writes them; without an output it only reads them, and fails as it would with
  /// one. A row without a readable time ends the join with its line.
  func run(to output: String?, progress: (Int, Double?) -> Void) throws(HindcastError) -> JoinReport
  {
    var report = JoinReport()
    var writer: RowWriter?
    var digester = Digester()
    if let header = chunker.header { header.row.withUnsafeBytes { digester.update($0) } }
    while let parts = try nextParts() {
      for part in parts { digester.update(part.chunk.bytes) }
      count(parts, &report)
      if let output {
        let answers = try answer(parts)
        for (view, rows) in answers.rowsWithoutKey {
          report.rowsWithoutKey[view, default: 0] += rows
        }
        try write(parts, answers, to: output, &writer)
      } else {
        for part in parts { for row in part.rows { _ = try raw(row, of: part.chunk) } }
      }
      progress(
        report.rows,
        chunker.compressedSize.map {
          Double(parts.last!.chunk.compressedPosition) / Double(max($0, 1))
        })
    }
    report.spineDigest = digester.value
    if let output {
      let writer = if let writer { writer } else { try open(output) }
      report.answerDigest = try HindcastError.file { () throws(RowFileError) in
        try writer.finish()
      }
    }
    return report
  }

  /// The places of the first view's key in the batches that `read` gives.
  var keyPlaces: [Int] { join.plan.sources.first?.key ?? [] }

  /// Joins all rows and gives them to `body` with their answers: a batch, what was answered, and the place of
  /// the batch's first row among the answers.
  func read(
    progress: (Int, Double?) -> Void,
    _ body: (EventBatch, JoinAnswers, _ first: Int) -> Void
  ) throws(HindcastError) {
    var rows = 0
    while let parts = try nextParts() {
      let answers = try answer(parts)
      var first = 0
      for part in parts {
        body(part.batch, answers, first)
        first += part.rows.count
      }
      rows += first
      progress(
        rows,
        chunker.compressedSize.map {
          Double(parts.last!.chunk.compressedPosition) / Double(max($0, 1))
        })
    }
  }

  /// The latest knowledge that goes into an answer, and the number of rows.
  private func count(_ parts: [ParsedChunk], _ report: inout JoinReport) {
    for part in parts {
      report.rows += part.rows.count
      for word in part.batch.columns[join.plan.known ?? join.plan.time].words {
        let time = Timestamp(milliseconds: Int64(bitPattern: word))!
        report.latest = max(report.latest ?? .earliest, time)
      }
    }
  }

  private func answer(_ parts: [ParsedChunk]) throws(HindcastError) -> JoinAnswers {
    let names = join.plan.fields.map(\.name)
    let batches = parts.map { SpineBatch($0.batch, names: names) }
    do { return try join.answer(batches) } catch {
      guard case .storeAtRow(var row, let column, let refusal, _) = error else { throw error }
      for part in parts {
        if row < part.rows.count {
          let place = "\(chunker.path): line \(part.rows[row].line)"
          throw .storeAtRow(row, column: column, refusal, place: place)
        }
        row -= part.rows.count
      }
      throw error
    }
  }

  private func write(
    _ parts: [ParsedChunk], _ answers: JoinAnswers, to output: String, _ writer: inout RowWriter?
  ) throws(HindcastError) {
    var index = 0
    for part in parts {
      for row in part.rows {
        let raw = try raw(row, of: part.chunk)
        let open = if let writer { writer } else { try open(output) }
        writer = open
        open.beginRow(raw: raw)
        for column in answers.columns { open.append(column, index) }
        try HindcastError.file { () throws(RowFileError) in try open.endRow() }
        index += 1
      }
    }
  }

  /// A row as it stands, or in the output's format.
  private func raw(
    _ row: RowSpan, of chunk: RowChunk
  ) throws(HindcastError) -> UnsafeRawBufferPointer {
    guard let converter else { return UnsafeRawBufferPointer(rebasing: chunk.bytes[row.range]) }
    do throws(RowRejection) { return try converter.convert(row, of: chunk) } catch {
      throw .row(path: chunker.path, error, remedy: "")
    }
  }

  /// Opened with the first row, which may have to name the columns.
  private func open(_ output: String) throws(HindcastError) -> RowWriter {
    try HindcastError.file { () throws(RowFileError) in
      try RowWriter(
        path: output, format: request.outputFormat ?? chunker.format, columns: join.plan.names,
        after: converter == nil ? chunker.header : converter?.header)
    }
  }
}

/// Some rows of the spine, as text and as columns.
private struct ParsedChunk: @unchecked Sendable {
  // Unchecked: nothing is written once the threads have parsed.
  let chunk: RowChunk
  var batch: EventBatch
  var rows: [RowSpan] = []
  var firstBad: RowRejection?
}

extension FileJoin {
  /// The next chunks of the file, parsed on all cores; nil at the end.
  private func nextParts() throws(HindcastError) -> [ParsedChunk]? {
    var parts: [ParsedChunk] = []
    while parts.count < Self.chunksTogether {
      let chunk = try HindcastError.file { () throws(RowFileError) in try chunker.next() }
      guard let chunk else { break }
      parts.append(ParsedChunk(chunk: chunk, batch: schema.makeBatch()))
    }
    if parts.isEmpty { return nil }
    parse(&parts)
    for part in parts {
      if let bad = part.firstBad { throw .row(path: chunker.path, bad, remedy: "") }
    }
    return parts
  }

  private func parse(_ parts: inout [ParsedChunk]) {
    let count = parts.count
    let plan = join.plan
    parts.withUnsafeMutableBufferPointer { parts in
      let shared = ParserShare(parts: parts, parsers: parsers, derivers: derivers, plan: plan)
      DispatchQueue.concurrentPerform(iterations: parsers.count) { thread in
        for index in stride(from: thread, to: count, by: shared.parsers.count) {
          shared.parse(index, on: thread)
        }
      }
    }
  }
}

/// Chunks and parsers of several threads: each thread has its own of both.
private struct ParserShare: @unchecked Sendable {
  let parts: UnsafeMutableBufferPointer<ParsedChunk>
  let parsers: [RowParser]
  let derivers: [KeyDeriver]
  let plan: JoinPlan

  func parse(_ index: Int, on thread: Int) {
    let chunk = parts[index].chunk
    var firstBad: RowRejection?
    parsers[thread].parse(chunk, into: &parts[index].batch, rows: &parts[index].rows) {
      firstBad = firstBad ?? $0
    }
    parts[index].firstBad = firstBad
    if derivers.isEmpty { return }
    let batch = parts[index].batch
    var columns = plan.fields.map { EventColumn(type: $0.type) }
    for (column, field) in zip(batch.columns, plan.reads) { columns[field] = column }
    derivers[thread].fill(&columns, rows: batch.count)
    parts[index].batch = EventBatch(columns: columns)
  }
}

extension RowWriter {
  /// The answer of a row, as it lies in the column.
  fileprivate func append(_ column: FeatureColumn, _ row: Int) {
    if column.isNull(row) { return appendNull() }
    if column.type == .string { append(utf8: column.utf8(row)) } else { append(column.value(row)) }
  }
}

extension FeatureStore {
  /// Joins the features of some views to the rows of a spine file.
  /// - Parameter output: a file, or `-` for standard output; written whole or not at all.
  public func join(
    _ spine: String, to output: String, _ request: JoinRequest,
    progress: (_ rows: Int, _ fraction: Double?) -> Void = { _, _ in }
  ) throws(HindcastError) -> JoinReport {
    try FileJoin(store, spine: spine, request).run(to: output, progress: progress)
  }
}
