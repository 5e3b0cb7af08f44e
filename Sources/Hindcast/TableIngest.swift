// Events that come in columns, from a program and not from a file: the same promise holds. A source has a name,
// its rows are counted, and how many were taken in is stored in the same atomic step as their events.
import FeatureModel
import SliceStore

/// Some rows of a table, of which any range can be read, more than once and by any thread.
public struct EventPart: Sendable {
  public let count: Int
  /// Fills an empty batch of the stream's columns with a range of rows. Rows that cannot be read are left out,
  /// and named from the part's first row on, in their order.
  public let read: @Sendable (Range<Int>, inout EventBatch) -> [RefusedEvent]

  public init(
    count: Int, read: @escaping @Sendable (Range<Int>, inout EventBatch) -> [RefusedEvent]
  ) {
    self.count = count
    self.read = read
  }
}

/// How a table is taken in.
public struct TableOptions: Sendable {
  /// The name under which rows are counted.
  public var source: String
  /// The number of the table's first row in its source: 0 for a table that is the whole source so far.
  public var firstRow = 0
  /// Whether refused rows are set aside and reported; else the first one ends the call, and nothing after the
  /// last commit is stored.
  public var skipsRefused = false
  public var cancellation: JoinCancellation?
  /// Called with the number of rows read so far.
  public var progress: (@Sendable (_ rows: Int) -> Void)?
  /// Rows that are read at a time by one thread.
  package var rowsTogether = 1 << 16

  public init(source: String) { self.source = source }
}

/// What a call did.
public struct TableReport: Sendable {
  /// Rows that were new to at least one view.
  public var rows = 0
  /// Rows of the table that earlier calls took in; the least of all views.
  public var rowsBefore = 0
  /// New rows that were refused: how many, and the first of them; rows are counted in the table.
  public var rejectedCount = 0
  public var rejected: [RefusedEvent] = []
  /// Events in slices below a view's retention floor, summed over the views.
  public var expired = 0
  /// The views that took rows in.
  public var views: [String] = []

  /// As many refused rows are reported one by one.
  public static let rejectedLimit = 10_000
}

/// Views that stand at the same place of a source.
struct TableGroup {
  let views: [RegisteredView]
  /// Whether the stream's kept events stand there, too.
  let keeps: Bool
  let record: TableRecord?
  /// The first row of the table that is new to them.
  let start: Int
}

extension FeatureStore {
  /// Takes the rows of a table into all views of a stream. Rows that a view has had already are left out, so
  /// the same call after a crash, or with a table that has grown, goes on where the last one stood.
  /// - Parameter next: the next part of the table; nil at its end.
  /// - Throws: `HindcastError.eventRow` for the first bad row unless such rows are skipped; what `next` throws.
  public func ingest(
    into stream: String, _ options: TableOptions, next: @escaping () throws -> EventPart?
  ) throws -> TableReport {
    let declaration = try store.stream(stream).declaration
    guard store.takesEvents(stream) else { throw HindcastError.store(.noViews(stream: stream)) }
    guard !options.source.isEmpty, options.source.utf8.count <= 1024 else {
      throw HindcastError.refused("a source has a name of 1 to 1024 bytes")
    }
    try store.claim(options.source, of: stream)
    defer { store.release(options.source, of: stream) }
    let groups = try tableGroups(stream, store.views(of: stream), options)
    let run = try TableRun(store, declaration, groups, options, next)
    return try run.run()
  }

  /// The views by where they stand, the ones furthest behind first.
  private func tableGroups(
    _ stream: String, _ views: [RegisteredView], _ options: TableOptions
  ) throws(HindcastError) -> [TableGroup] {
    var groups: [(record: TableRecord?, views: [RegisteredView], keeps: Bool)] = []
    for taker in views.map(Optional.some) + (store.keeps(stream) ? [nil] : []) {
      let bytes = try HindcastError.store { () throws(StoreError) in
        try store.position(of: options.source, in: taker, of: stream)
      }
      let record = bytes.flatMap { TableRecord($0) }
      guard bytes == nil || record != nil else {
        throw .refused(
          "source '\(options.source)' belongs to a file or another producer: name another source")
      }
      let rows = record?.rows ?? 0
      guard options.firstRow <= rows else {
        throw .refused(
          "the table begins at row \(options.firstRow) of source '\(options.source)', and "
            + (taker.map { "view '\($0.declaration.name)'" } ?? "what is kept of it")
            + " has its first \(rows) rows: the rows between would be lost. "
            + "Give them first, or name another source")
      }
      let place = groups.firstIndex { $0.record == record } ?? groups.count
      if place == groups.count { groups.append((record, [], false)) }
      if let taker { groups[place].views.append(taker) } else { groups[place].keeps = true }
    }
    return groups.map {
      TableGroup(
        views: $0.views, keeps: $0.keeps, record: $0.record,
        start: ($0.record?.rows ?? 0) - options.firstRow)
    }.sorted { $0.start < $1.start }
  }
}
