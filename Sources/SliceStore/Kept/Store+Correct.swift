// Corrections: events that are taken back by their ids, and others that come in their place, in one step at one
// time. From that time on all modes answer as if the former had never been; before it nothing changes, since
// nothing can arrive before it any more: a correction seals.
import FeatureModel
import Rocks

/// What became of a correction.
public struct CorrectionReport: Hashable, Sendable {
  /// When it became known; the stream is sealed up to there.
  public internal(set) var time: Timestamp
  /// Events that were taken back.
  public internal(set) var retracted = 0
  /// Events that came in.
  public internal(set) var appended = 0
  /// Slices of entities that were made anew, over all views.
  public internal(set) var slices = 0
  /// Events that came in for slices which a view keeps no longer, summed over the views.
  public internal(set) var expired = 0
  /// Rows of the ids for which there is no event to take back. Where there are any, nothing was changed.
  public internal(set) var missing: [RefusedEvent] = []
  /// Rows of the batch that can't be stored. Where there are any, nothing was changed.
  public internal(set) var refused: [RefusedEvent] = []

  public var isRefused: Bool { !missing.isEmpty || !refused.isEmpty }
}

extension Store {
  /// Takes all events with some ids back and lets others come, atomically and durably. All of it becomes known
  /// at one time, up to which the stream is sealed. An id may have several events; what is taken back is gone
  /// once.
  /// - Parameters:
  ///   - ids: of the type of the stream's id; none is null or there twice.
  ///   - time: not before the stream's seal, and not before an event that is taken back arrived; nil for what
  ///     the clock says, or the seal where that lies ahead.
  /// - Throws: where the stream has no id, or does not keep all of its events.
  /// - Complexity: O(kept events), of most of which only id and time are read, and O(n log n) in the events of
  ///   the touched slices.
  public func correct(
    _ stream: String, retracting ids: EventColumn, appending batch: EventBatch? = nil,
    at time: Timestamp? = nil, positions: [SourcePosition] = [],
    clock: () -> Timestamp = { .now }
  ) throws(StoreError) -> CorrectionReport {
    try requireWritable()
    try requireSpace()
    let order = CorrectionOrder(
      stream: stream, ids: ids, batch: batch, time: time, positions: positions)
    for _ in 0..<2 {
      let end = try writer.withLock { _ throws(StoreError) in try chunkEnd(of: stream) }
      let work = try prepare(order, through: end, clock)
      if work.report.isRefused { return work.report }
      let done = try writer.withLock { _ throws(StoreError) in try commit(order, work) }
      if let done { return done }
    }
    // Others change the same things all the time: they wait.
    return try writer.withLock { _ throws(StoreError) in
      let work = try prepare(order, through: try chunkEnd(of: stream), clock)
      if work.report.isRefused { return work.report }
      guard let done = try commit(order, work) else {
        throw .invalid("stream '\(stream)' was changed while it was corrected; try again")
      }
      return done
    }
  }

  /// Finds the events and reads what stands beside them.
  private func prepare(
    _ order: CorrectionOrder, through end: UInt64, _ clock: () -> Timestamp
  ) throws(StoreError) -> PreparedCorrection {
    let forgets = self.forgets
    let (stream, views) = try together(order.stream, servingViews(of: order.stream))
    let (log, ids) = try order.require(stream)
    let time = try correctionTime(order, clock)
    var report = CorrectionReport(time: time)
    report.missing = ids.refused
    if let batch = order.batch {
      guard EventAdmission.fits(batch, stream.declaration) else {
        throw .invalid(
          "the batch does not have the columns of stream '\(order.stream)' as it is now")
      }
      report.refused = try refusals(of: batch, for: order.stream)
    }
    var retractions = try retractions(of: log)
    let found = try find(ids, in: 0..<end, of: stream, log, besides: retractions)
    report.missing += order.missing(ids, found, stream.declaration, at: time)
    report.missing.sort { $0.row < $1.row }
    retractions.add(found.places, at: time.milliseconds)
    let events = report.isRefused ? EventBatch(stream.declaration) : found.batch
    let work = try RemakingWork(
      stream, log, views, retractions, events: events,
      times: Array(repeating: time.milliseconds, count: events.count), forgets: forgets,
      workers: options.threads)
    try work.read(through: end, self)
    report.retracted = found.places.count
    report.slices = work.remaker.cellCount
    return PreparedCorrection(work: work, ids: ids, found: found, end: end, report: report)
  }

  /// When a correction arrives: not before anything that is sealed, here and where events are joined to these.
  private func correctionTime(
    _ order: CorrectionOrder, _ clock: () -> Timestamp
  ) throws(StoreError) -> Timestamp {
    var time = order.time ?? clock()
    for name in sealedStreams(order.stream) {
      guard let seal = try stream(name).seal, seal > time else { continue }
      guard order.time == nil else { throw .sealMovesBack(stream: name, from: seal, to: time) }
      time = seal
    }
    return time
  }

  /// The stream and those whose views join its events.
  private func sealedStreams(_ stream: String) -> Set<String> {
    Set(followers(of: stream).map(\.declaration.stream) + [stream])
  }

  /// The views of a stream that answer, without those that join others to it (`remakeJoined`); of those that
  /// are being built, all corrections are made at their end.
  private func servingViews(of stream: String) -> [RegisteredView] {
    views.filter { $0.declaration.stream == stream && $0.declaration.join == nil }
  }

  /// Called with the writer's lock.
  /// - Returns: nil, and nothing is changed, where what was prepared is out of date.
  private func commit(
    _ order: CorrectionOrder, _ prepared: PreparedCorrection
  ) throws(StoreError) -> CorrectionReport? {
    let work = prepared.work
    guard try work.isCurrent(self, servingViews(of: order.stream)) else { return nil }
    var stream = try self.stream(order.stream)
    var report = prepared.report
    // With the writer's lock no seal moves any more.
    if try correctionTime(order, { report.time }) != report.time { return nil }
    let end = try nextChunkNumber(work.log)
    let late = try find(
      prepared.ids, in: prepared.end..<end, of: stream, work.log, besides: work.retractions)
    guard late.places.isEmpty else { return nil }
    try work.read(through: end, self)

    var changes = WriteBatch()
    try work.remaker.write(into: &changes, in: slices)
    report.slices += try remakeJoined(
      correcting: order.stream, prepared.found, work.retractions, at: report.time, into: &changes)
    if !prepared.found.places.isEmpty {
      changes.put(
        key: KeptKey.key(work.log, .correction, work.retractions.next),
        value: Retractions.record(prepared.found.places, at: report.time.milliseconds), in: slices)
    }
    if let log = try letGo(of: stream, sealedAt: report.time, &changes) { stream.kept = log }
    stream.seal = report.time
    let batch = order.batch ?? EventBatch(stream.declaration)
    let views = views(of: order.stream)
    let writer = streamWriter(for: stream.declaration, views)
    EventAdmission.admit(batch, of: stream.declaration, into: &writer.admitted)
    report.appended = batch.count
    report.expired = try add(
      batch, to: stream, views, writer, order.positions, isAlone: false, into: &changes)
    let sealed = sealedStreams(order.stream)
    let joined = try sealJoined(of: sealed, at: report.time, into: &changes)
    put(
      sealed.map { ("seal/\($0)", String(report.time.milliseconds)) } + [
        audit(
          AuditEntry(
            "corrected", "stream '\(order.stream)'",
            lines: [
              "\(report.retracted) taken back and \(report.appended) come, known from \(report.time) on"
            ]))
      ], into: &changes)
    try StoreError.wrap { () throws(RocksError) in try database.write(changes, sync: true) }
    registry.withLock {
      for name in sealed.union(joined) { $0.streams[name]?.seal = report.time }
      $0.streams[order.stream]?.kept = stream.kept
    }
    noteHistory(of: views + followers(of: order.stream))
    return report
  }
}

/// What is asked for.
private struct CorrectionOrder {
  let stream: String
  let ids: EventColumn
  let batch: EventBatch?
  let time: Timestamp?
  let positions: [SourcePosition]

  /// The stream's log and the ids; throws where the stream can't be corrected.
  func require(
    _ stream: RegisteredStream
  ) throws(StoreError) -> (log: KeptLog, ids: EventIDs) {
    guard let id = stream.declaration.id else {
      throw .invalid(
        "stream '\(self.stream)' declares no \"id\", by which events are corrected; declare which field it is"
      )
    }
    guard let log = stream.kept else {
      throw .invalid(
        "stream '\(self.stream)' does not keep its events, of which corrected slices are made; "
          + "declare it with \"keep\": true before its events come")
    }
    guard log.isWhole else {
      throw .invalid(
        "stream '\(self.stream)' had events before it kept them, so its slices cannot be made anew; "
          + "ingest all of them into a stream that keeps its events from the first one on")
    }
    let field = stream.declaration.fields[id]
    guard ids.type == field.type else {
      throw .invalid("the ids are of type \(ids.type), field '\(field.name)' is of \(field.type)")
    }
    return (log, EventIDs(ids, field: field.name))
  }

  /// The ids whose events are not there, or come later than the correction.
  func missing(
    _ ids: EventIDs, _ found: FoundEvents, _ stream: StreamDeclaration, at time: Timestamp
  ) -> [RefusedEvent] {
    guard let id = stream.id else { return [] }
    let field = stream.fields[id].name
    var reasons: [Int: String] = [:]
    let bad = Set(ids.refused.map(\.row))
    let there = Set(found.ids)
    for row in 0..<ids.count where !there.contains(row) && !bad.contains(row) {
      reasons[row] =
        "no event of '\(self.stream)' has the id '\(ids.text(row))', or it was taken back already"
    }
    for (row, arrival) in zip(found.ids, found.arrivals) where arrival > time.milliseconds {
      reasons[row] =
        "the event '\(ids.text(row))' arrives at \(Timestamp(unchecked: arrival)), after the correction "
        + "at \(time); correct it from then on"
    }
    let longest = BlockView.lagMax * 60_000
    for (row, index) in zip(found.ids, found.ids.indices) {
      let event = Int64(bitPattern: found.batch.columns[stream.eventTime].words[index])
      if time.milliseconds - event > longest {
        reasons[row] =
          "the event '\(ids.text(row))' happened more than \(BlockView.lagMax) minutes before the correction"
      }
    }
    return reasons.map { RefusedEvent(row: $0.key, field: field, reason: $0.value) }
  }
}

/// What was found and read.
private struct PreparedCorrection {
  let work: RemakingWork
  let ids: EventIDs
  let found: FoundEvents
  /// Chunks before this one were searched.
  let end: UInt64
  let report: CorrectionReport
}
