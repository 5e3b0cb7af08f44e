// Row files into the store: workers pull chunks, parse them and add their events to a bulk loader; when
// memory is full all stop, and what they added is committed with the file's position in one atomic step.
import Dispatch
import FeatureModel
import RowFiles
import SliceStore
import Synchronization

/// How a file is taken in.
public struct IngestOptions: Sendable {
  /// Nil: the file's name says.
  public var format: RowFormat?
  /// The name under which the position is kept; nil: the file's own.
  public var source: String?
  /// Where refused rows go; nil: the first one ends the run, and nothing after the last commit is stored.
  public var rejects: String?
  /// How much is read at a time, and so the least between two commits; nil: what suits large files.
  package var chunkBytes: Int?
  /// What fills in fields that the file does not have.
  var deriver: RowDeriver?

  public init() {}
}

/// How far a run is.
public struct IngestProgress: Sendable {
  /// Rows read in this run, refused ones included.
  public var rows = 0
  public var rejected = 0
  /// Of the file's bytes; nil where its size is unknown.
  public var fraction: Double?
}

/// What a run did.
public struct IngestReport: Sendable {
  /// Rows read in this run.
  public var rows = 0
  /// Rows refused in this run.
  public var rejected = 0
  /// Events in slices below a view's retention floor, summed over the views.
  public var expired = 0
  /// The name under which the position is kept.
  public var source = ""
  /// Rows of the same source that earlier runs took in; the least of all views.
  public var rowsBefore = 0
  /// The views that took rows in.
  public var views: [String] = []
}

/// Those who stand at the same place of a source.
private struct PositionGroup {
  let record: SourceRecord?
  var views: [RegisteredView] = []
  /// Whether the stream's kept events are among them.
  var keeps = false
}

extension FeatureStore {
  /// Takes the rows of a file into all views of a stream. Rows that a view has had already are left out,
  /// so the same call after a crash, or on a file that has grown, goes on where the last one stood.
  /// - Parameter path: a CSV or JSON Lines file, gzip'd or not; `-` is standard input.
  /// - Throws: `HindcastError.row` for the first bad row unless rejects have a file.
  public func ingest(
    _ path: String, into stream: String, _ options: IngestOptions = IngestOptions(),
    progress: @escaping @Sendable (IngestProgress) -> Void = { _ in }
  ) throws(HindcastError) -> IngestReport {
    guard store.takesEvents(stream) else {
      _ = try HindcastError.store { () throws(StoreError) in try store.stream(stream) }
      throw .store(.noViews(stream: stream))
    }
    let finder = SourceFinder(store: store, takers: store.takers(of: stream))
    let name = try finder.name(path: path, format: options.format, explicit: options.source)
    try HindcastError.store { () throws(StoreError) in try store.claim(name, of: stream) }
    defer { store.release(name, of: stream) }
    let views = store.views(of: stream)
    let declaration = try HindcastError.store { () throws(StoreError) in
      try store.stream(stream).declaration
    }
    let groups = try positionGroups(name, stream, views)
    guard path != "-" || groups.count == 1 else {
      throw .refused(
        "the views of '\(stream)' stand at different places of source '\(name)', and standard input "
          + "can be read only once: ingest it from a file")
    }
    var report = IngestReport()
    report.source = name
    report.rowsBefore = groups.map { $0.record?.rows ?? 0 }.min() ?? 0
    let rejects = try options.rejects.map { path throws(HindcastError) in
      try HindcastError.file { () throws(RowFileError) in try RejectsWriter(path: path) }
    }
    var options = options
    options.chunkBytes = options.chunkBytes ?? chunkBytes(views, declaration)
    for (index, group) in groups.enumerated() {
      let run = IngestRun(
        store: store, stream: declaration, views: group.views, keeps: group.keeps, apart: views,
        reader: try SourceReader(
          path: path, name: name, options, continuing: group.record),
        // A row that two groups refuse is written once.
        rejects: index == 0 ? rejects : nil, skipsRefused: rejects != nil,
        deriver: options.deriver, progress: progress)
      let part = try run.run()
      report.rows = max(report.rows, part.rows)
      report.rejected = max(report.rejected, part.rejected)
      report.expired += part.expired
      if part.rows > 0 { report.views += group.views.map(\.declaration.name) }
    }
    try HindcastError.store { () throws(StoreError) in try store.settle() }
    return report
  }

  /// Memory is looked at after each chunk, which is to hold few rows where these may become long.
  private func chunkBytes(_ views: [RegisteredView], _ stream: StreamDeclaration) -> Int? {
    views.contains { $0.declaration.textsGrow(over: stream) } ? 256 << 10 : nil
  }

  /// Views that stand at the same place of a source go together; the one furthest behind is first.
  private func positionGroups(
    _ name: String, _ stream: String, _ views: [RegisteredView]
  ) throws(HindcastError) -> [PositionGroup] {
    var groups: [PositionGroup] = []
    // What is kept of the events themselves stands somewhere, too.
    for taker in views.map(Optional.some) + (store.keeps(stream) ? [nil] : []) {
      let bytes = try HindcastError.store { () throws(StoreError) in
        try store.position(of: name, in: taker, of: stream)
      }
      if let bytes, SourceRecord(bytes) == nil {
        throw .refused(
          "source '\(name)' belongs to a producer that is not a file; use --source with another name"
        )
      }
      let record = bytes.flatMap { SourceRecord($0) }
      let place = groups.firstIndex { $0.record == record } ?? groups.count
      if place == groups.count { groups.append(PositionGroup(record: record)) }
      if let taker { groups[place].views.append(taker) } else { groups[place].keeps = true }
    }
    return groups.sorted { ($0.record?.rows ?? 0) < ($1.record?.rows ?? 0) }
  }
}

extension IngestReport {
  /// What the command line prints of a file under `--json`.
  package func json(file: String) -> JSONValue {
    .object([
      ("file", .string(file)), ("source", .string(source)), ("rows", .int(Int64(rows))),
      ("rowsBefore", .int(Int64(rowsBefore))), ("rejected", .int(Int64(rejected))),
      ("expired", .int(Int64(expired))), ("views", .array(views.map { .string($0) })),
    ])
  }
}

extension FeatureStore {
  /// The rows of a file or table that a position covers; nil for positions of other producers.
  public static func rows(at position: SourcePosition) -> Int? {
    SourceRecord(position.position)?.rows ?? TableRecord(position.position)?.rows
  }
}
