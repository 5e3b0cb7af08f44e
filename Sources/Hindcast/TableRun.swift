// One pass over a table. Rows are cut into ranges that lie wholly before or behind each place where views
// stand; threads read ranges side by side, and everything that depends on their order is done between two
// rounds.
import Dispatch
import FeatureModel
import SliceStore

final class TableRun {
  private let store: Store
  private let stream: StreamDeclaration
  private let groups: [TableGroup]
  private let options: TableOptions
  private let next: () throws -> EventPart?
  private let digester: TableDigester
  private let loaders: [BulkLoader]
  private let workers: Int
  private var batches: [EventBatch]
  private var report = TableReport()
  /// Where the next range starts.
  private var read = 0
  /// Rows that went through `account`.
  private var accounted = 0
  private var part: (part: EventPart, start: Int)?
  /// Rows that are in loaders and not committed.
  private var uncommitted = 0

  /// A range of the table's rows.
  private struct Piece {
    let part: EventPart
    /// Of the part's first row.
    let partStart: Int
    let rows: Range<Int>

    func read(into batch: inout EventBatch) -> [RefusedEvent] {
      part.read(rows.lowerBound - partStart..<rows.upperBound - partStart, &batch).map {
        RefusedEvent(row: $0.row + partStart, field: $0.field, reason: $0.reason)
      }
    }
  }

  /// What a thread makes of a piece.
  private struct Outcome: Sendable {
    /// By number in the table, in their order; those that cannot be read, and those that cannot be stored.
    var unread: [RefusedEvent] = []
    var refused: [RefusedEvent] = []
    var expired = 0
  }

  init(
    _ store: Store, _ stream: StreamDeclaration, _ groups: [TableGroup], _ options: TableOptions,
    _ next: @escaping () throws -> EventPart?
  ) throws(StoreError) {
    self.store = store
    self.stream = stream
    self.groups = groups
    self.options = options
    self.next = next
    workers = store.options.threads
    digester = TableDigester(columns: stream.fields.count)
    batches = (0..<workers).map { _ in EventBatch(stream) }
    loaders = try groups.map { group throws(StoreError) in
      try store.bulkLoader(
        for: stream.name, views: group.views, keeps: group.keeps,
        apart: groups.flatMap(\.views), workers: store.options.threads)
    }
    for loader in loaders { try loader.requireSame(stream) }
    report.rowsBefore = groups[0].start
  }

  func run() throws -> TableReport {
    while let pieces = try nextPieces() {
      if options.cancellation?.isCancelled ?? false { throw HindcastError.cancelled }
      let outcomes = take(pieces)
      for (index, piece) in pieces.enumerated() {
        try account(piece, outcomes[index], batches[index])
      }
      options.progress?(accounted)
      if loaders.contains(where: { $0.bytesHeld > store.options.loadBytes / loaders.count }) {
        try commit()
      }
    }
    try requireWhole()
    try commit()
    try store.settle()
    report.rowsBefore = min(report.rowsBefore, accounted)
    report.rows = accounted - report.rowsBefore
    report.views = groups.filter { $0.start < accounted }.flatMap(\.views).map(\.declaration.name)
    return report
  }

  // MARK: reading

  /// As many pieces as there are threads, or fewer at the end; nil behind it.
  private func nextPieces() throws -> [Piece]? {
    var pieces: [Piece] = []
    while pieces.count < workers {
      guard let open = part else {
        guard let fresh = try next() else { break }
        part = (fresh, read)
        continue
      }
      let end = open.start + open.part.count
      guard read < end else {
        part = nil
        continue
      }
      var upper = min(end, read + options.rowsTogether)
      for group in groups where group.start > read { upper = min(upper, group.start) }
      pieces.append(Piece(part: open.part, partStart: open.start, rows: read..<upper))
      read = upper
    }
    return pieces.isEmpty ? nil : pieces
  }

  /// Reads pieces, each on a thread, and adds their rows for the views that have not had them.
  private func take(_ pieces: [Piece]) -> [Outcome] {
    var outcomes = Array(repeating: Outcome(), count: pieces.count)
    let starts = groups.map(\.start)
    batches.withUnsafeMutableBufferPointer { batches in
      outcomes.withUnsafeMutableBufferPointer { outcomes in
        let shared = Unchecked((batches, outcomes, pieces, loaders))
        DispatchQueue.concurrentPerform(iterations: pieces.count) { worker in
          let (batches, outcomes, pieces, loaders) = shared.value
          let piece = pieces[worker]
          batches[worker].removeAll()
          outcomes[worker].unread = piece.read(into: &batches[worker])
          for (loader, start) in zip(loaders, starts) where start <= piece.rows.lowerBound {
            let added = loader.add(batches[worker], worker: worker)
            outcomes[worker].expired += added.expired
            outcomes[worker].refused = added.refused
          }
        }
      }
    }
    return outcomes
  }

  // MARK: in the rows' order

  private func account(_ piece: Piece, _ outcome: Outcome, _ batch: EventBatch) throws {
    digester.update(batch, refusedRows: outcome.unread.map { options.firstRow + $0.row })
    accounted = piece.rows.upperBound
    for group in groups where group.start == accounted { try requireSame(group) }
    guard piece.rows.lowerBound >= groups[0].start else { return }
    uncommitted += piece.rows.count
    report.expired += outcome.expired
    let refused = refusals(piece, outcome)
    if refused.isEmpty { return }
    guard options.skipsRefused else { throw HindcastError.eventRow(refused[0]) }
    report.rejectedCount += refused.count
    report.rejected += refused.prefix(TableReport.rejectedLimit - report.rejected.count)
  }

  /// All refused rows of a piece; the batch of it has no rows for those that could not be read.
  private func refusals(_ piece: Piece, _ outcome: Outcome) -> [RefusedEvent] {
    var all = outcome.unread
    var gaps = outcome.unread.map(\.row)[...]
    var shift = piece.rows.lowerBound
    for refused in outcome.refused {
      while let gap = gaps.first, gap <= refused.row + shift {
        gaps.removeFirst()
        shift += 1
      }
      all.append(
        RefusedEvent(row: refused.row + shift, field: refused.field, reason: refused.reason))
    }
    return all.sorted { $0.row < $1.row }
  }

  /// Rows that come once more are those that were taken in, where that can be told.
  private func requireSame(_ group: TableGroup) throws(HindcastError) {
    guard let record = group.record, record.first == options.firstRow,
      record.digest != digester.value
    else { return }
    throw .refused(
      "the first \(group.start) rows of the table were taken in under source '\(options.source)', and "
        + "are not what they were then. If this is other data, name another source")
  }

  private func requireWhole() throws(HindcastError) {
    for group in groups where group.start > accounted {
      guard let record = group.record, record.first == options.firstRow else { continue }
      throw .refused(
        "the table has \(accounted) rows, and \(group.start) of it were taken in under source "
          + "'\(options.source)'. If this is other data, name another source")
    }
  }

  private func commit() throws(StoreError) {
    if uncommitted == 0 { return }
    uncommitted = 0
    let record = TableRecord(
      rows: options.firstRow + accounted, first: options.firstRow, digest: digester.value)
    let position = SourcePosition(source: options.source, position: record.bytes)
    for (loader, group) in zip(loaders, groups) where group.start < accounted {
      try loader.commit(positions: [position])
    }
  }
}
