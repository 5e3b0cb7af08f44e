// What has been read of kept events to make slices of some views anew, up to a chunk: the long part of a
// correction, done while writes go on. Whoever holds the writer's lock then asks whether it still is what it
// has to be, reads the chunks that came meanwhile, and writes.
import Aggregates
import FeatureModel
import Rocks

final class RemakingWork {
  let stream: RegisteredStream
  let log: KeptLog
  let views: [RegisteredView]
  /// All events that are taken back, new ones among them.
  let retractions: Retractions
  let remaker: CellRemaker
  /// The store's, before any of the events were read.
  private let forgets: UInt64
  /// Chunks before this one have been read.
  private var end: UInt64 = 0
  private let workers: Int

  /// - Parameters:
  ///   - events: those whose slices are made anew, and when each of them was taken back.
  ///   - forgets: the store's, before they were read.
  init(
    _ stream: RegisteredStream, _ log: KeptLog, _ views: [RegisteredView],
    _ retractions: Retractions, events: EventBatch, times: [Int64],
    forgets: UInt64, workers: Int
  ) throws(StoreError) {
    self.stream = stream
    self.log = log
    self.views = views
    self.retractions = retractions
    self.workers = workers
    self.forgets = forgets
    let targets = views.map { view in
      let cells = TouchedCells(view.declaration.slice)
      cells.add(events, times: times, of: view, stream.declaration)
      return (view: view, cells: cells)
    }
    for (view, cells) in targets { try Self.requireKept(view.declaration, cells, log) }
    remaker = CellRemaker(stream.declaration, targets, workers: workers)
  }

  /// Throws where events of a touched slice may be gone.
  private static func requireKept(
    _ view: ViewDeclaration, _ cells: TouchedCells, _ log: KeptLog
  ) throws(StoreError) {
    guard let start = log.start, let first = cells.firstSlice else { return }
    let begin = first * view.slice.milliseconds
    guard begin < start.milliseconds else { return }
    throw .invalid(
      "a slice of view '\(view.name)' that begins at "
        + "\(Timestamp(milliseconds: begin)?.description ?? "\(begin)") cannot be corrected: events are kept "
        + "from \(start) on only. Keep them longer, or expire the view up to there")
  }

  /// Whether nothing that was relied on has changed. Called with the writer's lock.
  func isCurrent(_ store: Store, _ views: [RegisteredView]) throws(StoreError) -> Bool {
    let now = try store.stream(stream.declaration.name)
    // An entity that was forgotten meanwhile would come back.
    guard store.forgets == forgets, try store.nextCorrection(of: log) == retractions.next else {
      return false
    }
    return now.declaration == stream.declaration && now.kept?.number == log.number
      && now.kept?.start == log.start
      && views.map(\.id) == self.views.map(\.id)
      && views.map(\.declaration) == self.views.map(\.declaration)
      && views.map(\.floor) == self.views.map(\.floor)
  }

  /// Reads the chunks that have not been read yet.
  func read(through end: UInt64, _ store: Store) throws(StoreError) {
    guard end > self.end, remaker.cellCount > 0 else { return }
    let remaker = remaker
    let retractions = retractions
    try store.forEachChunk(of: log, self.end..<end, workers: workers) {
      worker, number, chunk throws(CodecError) in
      try remaker.take(number, chunk, retractions, worker: worker)
    }
    self.end = end
  }
}

extension Store {
  /// All that corrections have to make anew in a view whose history was just replayed; nil where nothing was
  /// corrected.
  func remaking(
    of view: RegisteredView, through end: UInt64
  ) throws(StoreError) -> RemakingWork? {
    let forgets = self.forgets
    guard views(of: view.declaration.stream).contains(where: { $0.id == view.id }) else {
      return nil
    }
    let (stream, views) = try together(view.declaration.stream, [view])
    guard let log = stream.kept, view.declaration.join == nil else { return nil }
    let retractions = try retractions(of: log)
    if retractions.isEmpty { return nil }
    let events = try retracted(retractions, of: stream.declaration, log)
    let work = try RemakingWork(
      stream, log, views, retractions, events: events.batch, times: events.gone ?? [],
      forgets: forgets, workers: options.threads)
    try work.read(through: end, self)
    return work
  }

  /// All events of a log that were taken back and are still there.
  func retracted(
    _ retractions: Retractions, of stream: StreamDeclaration, _ log: KeptLog
  ) throws(StoreError) -> MeetingEvents {
    var events = EventBatch(stream)
    var found = AdmittedEvents()
    var times: [Int64] = []
    let reader = KeptChunkReader(stream)
    for (number, rows) in retractions.times {
      // A chunk that is gone lies below every floor of views that were made of it.
      try forEachChunk(of: log, number..<number + 1) { _, chunk throws(CodecError) in
        let (batch, admitted) = try reader.admitted(chunk)
        for (row, time) in rows {
          guard row < batch.count else { throw .malformed("no event \(row) to take back") }
          let row = Int(row)
          if admitted.mask[row] == 0 { continue }
          events.append(batch, rows: row..<row + 1)
          found.append(event: admitted.eventTimes[row], arrival: admitted.arrivalTimes[row])
          times.append(time)
        }
      }
    }
    return MeetingEvents(batch: events, admitted: found, gone: times)
  }
}
