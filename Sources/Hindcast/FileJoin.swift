// The as-of join of row files: every spine row as it stands, or as a row of the other format, with the chosen
// features appended, in the spine's order. Chunk by chunk, so that memory does not grow with the spine.
import AsOfJoin
import FeatureModel
import RowFiles
import SliceStore

/// What is joined to which columns.
public struct JoinRequest: Sendable {
  /// Views with the features wanted of each (nil: all), in the order of the output columns.
  public var views: [(name: String, features: [String]?)]
  /// The spine's column with the time of each row.
  public var time: String
  /// For key fields whose column in the spine has another name: field to column.
  public var keys: [String: String] = [:]
  public var mode: ReadMode = .asServed
  public var spineFormat: RowFormat?
  public var outputFormat: RowFormat?

  public init(views: [(name: String, features: [String]?)], time: String) {
    self.views = views
    self.time = time
  }
}

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

extension FeatureReader: PointInTimeReader {}

/// A join over one snapshot of the store.
final class FileJoin {
  private let request: JoinRequest
  private let readers: [FeatureReader]
  /// What is appended to each row.
  private let columns: [String]
  private let schema: RowSchema
  private let chunker: RowChunker
  private let parser: RowParser
  /// Where the output has another format than the spine.
  private let converter: RowConverter?
  /// For each view, the schema's columns that make up its entity.
  private let keyFields: [[Int]]
  private let timeField: Int

  init(_ store: Store, spine: String, _ request: JoinRequest) throws(HindcastError) {
    self.request = request
    let snapshot = store.snapshot()
    var readers: [FeatureReader] = []
    var fields: [StreamDeclaration.Field] = [.init(name: request.time, type: .timestamp)]
    var keyFields: [[Int]] = []
    for (name, features) in request.views {
      let reader = try HindcastError.store { () throws(StoreError) in
        try store.reader(of: name, features: features, snapshot: snapshot)
      }
      let stream = try HindcastError.store { () throws(StoreError) in
        try store.stream(reader.plan.declaration.stream).declaration
      }
      keyFields.append(try Self.addKeys(of: reader.plan, stream, request.keys, &fields))
      readers.append(reader)
    }
    guard !readers.isEmpty else { throw .refused("name at least one view to join: --view NAME") }
    self.readers = readers
    self.keyFields = keyFields
    timeField = 0
    columns = Self.columns(of: readers)
    try Self.checkUnique(columns)
    let schema = RowSchema(fields, required: [0], reserved: columns)
    self.schema = schema
    let chunker = try HindcastError.file { () throws(RowFileError) in
      try RowChunker(path: spine, format: request.spineFormat)
    }
    self.chunker = chunker
    try Self.check(columns, against: chunker)
    let isConverted = (request.outputFormat ?? chunker.format) != chunker.format
    converter = try HindcastError.file { () throws(RowFileError) in
      isConverted ? try RowConverter(from: chunker) : nil
    }
    parser = try HindcastError.file { () throws(RowFileError) in
      try RowParser(for: chunker, schema: schema)
    }
  }

  /// The places of a view's key columns, added to `fields` where they are new.
  private static func addKeys(
    of plan: ViewPlan, _ stream: StreamDeclaration, _ names: [String: String],
    _ fields: inout [StreamDeclaration.Field]
  ) throws(HindcastError) -> [Int] {
    var places: [Int] = []
    for field in plan.declaration.entity {
      let column = names[field] ?? field
      let type = stream.fields[stream.index(of: field)!].type
      if let known = fields.firstIndex(where: { $0.name == column }) {
        guard fields[known].type == type else {
          throw .refused(
            "column '\(column)' would have to be \(fields[known].type.rawValue) for one view and "
              + "\(type.rawValue) for '\(plan.declaration.name)': join them one after the other")
        }
        places.append(known)
      } else {
        places.append(fields.count)
        fields.append(.init(name: column, type: type))
      }
    }
    return places
  }

  /// The features' output columns: their names, with the view's where two views have the same.
  private static func columns(of readers: [FeatureReader]) -> [String] {
    let names = readers.flatMap { reader in
      reader.features.map {
        (reader.plan.declaration.name, reader.plan.features[$0].declaration.name)
      }
    }
    return names.map { view, feature in
      names.count { $0.1 == feature } == 1 ? feature : "\(view).\(feature)"
    }
  }

  private static func checkUnique(_ columns: [String]) throws(HindcastError) {
    var seen: Set<String> = []
    for column in columns where !seen.insert(column).inserted {
      throw .refused("the feature '\(column)' is asked for twice: name it once")
    }
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
    try forEachChunk { chunk, batch, rows throws(HindcastError) in
      digester.update(chunk.bytes)
      let times = batch.columns[timeField].words.map {
        Timestamp(milliseconds: Int64(bitPattern: $0))!
      }
      report.rows += times.count
      report.latest = max(report.latest ?? .earliest, times.max() ?? .earliest)
      let answers = output == nil ? nil : try answers(batch, times, &report)
      for (index, row) in rows.enumerated() {
        let raw = try raw(row, of: chunk)
        guard let output, let answers else { continue }
        let open = if let writer { writer } else { try open(output) }
        writer = open
        open.beginRow(raw: raw)
        for answer in answers { open.append(answer[index]) }
        try HindcastError.file { () throws(RowFileError) in try open.endRow() }
      }
      progress(
        report.rows,
        chunker.compressedSize.map { Double(chunk.compressedPosition) / Double(max($0, 1)) })
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
        path: output, format: request.outputFormat ?? chunker.format, columns: columns,
        after: converter == nil ? chunker.header : converter?.header)
    }
  }

  private func forEachChunk(
    _ body: (RowChunk, EventBatch, [RowSpan]) throws(HindcastError) -> Void
  ) throws(HindcastError) {
    var batch = schema.makeBatch()
    var rows: [RowSpan] = []
    while true {
      let chunk = try HindcastError.file { () throws(RowFileError) in try chunker.next() }
      guard let chunk else { return }
      batch.removeAll()
      rows.removeAll(keepingCapacity: true)
      var firstBad: RowRejection?
      parser.parse(chunk, into: &batch, rows: &rows) { firstBad = firstBad ?? $0 }
      if let firstBad { throw .row(path: chunker.path, firstBad, remedy: "") }
      try body(chunk, batch, rows)
    }
  }

  /// One column of values per feature.
  private func answers(
    _ batch: EventBatch, _ times: [Timestamp], _ report: inout JoinReport
  ) throws(HindcastError) -> [[Value]] {
    var answers: [[Value]] = []
    for (index, reader) in readers.enumerated() {
      let keys = SpineKeys(batch, fields: keyFields[index])
      let without = keys.present.count { !$0 }
      if without > 0 { report.rowsWithoutKey[reader.plan.declaration.name, default: 0] += without }
      var columns: [[Value]] = Array(repeating: [], count: reader.features.count)
      try HindcastError.store { () throws(StoreError) in
        try AsOfJoin.join(keys, at: times, .all(request.mode), with: reader, into: &columns)
      }
      answers += columns
    }
    return answers
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
