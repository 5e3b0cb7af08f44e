// A view's history out of kept events. From its registration on the view takes in what comes; the chunks that
// stood before then are replayed into it (`HistoryReplay`), with the arrivals that they had; then it takes its
// name over, in one step. Partials add up in any order, so nothing has to wait for anything.
import Aggregates
import Dispatch
import FeatureModel
import Glibc
import Rocks
import Synchronization

/// How far the history of a view is.
public struct BuildProgress: Hashable, Sendable {
  public let view: String
  /// Events replayed so far in this run.
  public var events = 0
  /// Of the replay.
  public var fraction = 0.0
  /// True once the view answers. What its history left for a compaction is compacted after that.
  public var isLive = false
}

extension Store {
  /// Parts of the hash space, a power of two, that are compacted one after the other.
  private static let compactedPieces = 8
  /// For look-ups that were under way when a view was replaced.
  private static let graceMicroseconds: UInt32 = 100_000

  /// Registers a view whose history is made of kept events. Called with the writer's lock.
  func registerBuilding(
    _ view: ViewDeclaration, of stream: RegisteredStream, _ log: KeptLog, audit: AuditEntry
  ) throws(StoreError) {
    let id = ViewID(number: registry.withLock { $0.nextView })
    var registered = try RegistryCodec.makeView(
      id: id, view, layout: view, of: stream.declaration)
    // Of older slices some events are gone.
    registered.floor = log.start.map { start in
      let length = view.slice
      let slice = length.slice(of: start)
      return length.start(of: slice) == start ? slice : Slice(index: slice.index + 1)
    }
    let joined = try view.join.map { join throws(StoreError) in try chunkEnd(of: join.stream) }
    let standing = newStanding(of: view.name)
    let building = BuildingView(
      view: registered, until: try nextChunkNumber(log), joinedUntil: joined ?? 0,
      version: standing.version)
    // One that replaces another stands as that does, until it takes its place.
    let standingRecords =
      standing.isSilent
      ? records(of: standing, view.name)
      : records(of: standing, view.name).filter { $0.key.hasPrefix("versions/") }
    var changes = WriteBatch()
    put(
      [
        (
          "building/\(view.name)",
          RegistryCodec.buildingRecord(building, over: stream.declaration)
        ),
        ("next-view", String(id.number + 1)), self.audit(audit),
      ] + standingRecords, into: &changes)
    // What the stream has had, the view will have: sources that are replayed are not taken in twice.
    for position in try positions(in: log.taker) {
      changes.put(
        key: SliceKey.position(view: id, source: position.source), value: position.position,
        in: slices)
    }
    try StoreError.wrap { () throws(RocksError) in try database.write(changes, sync: true) }
    registry.withLock {
      $0.building[view.name] = building
      $0.nextView = id.number + 1
      if standing.isSilent {
        $0.note(standing, of: view.name)
      } else if !standing.isPlain {
        $0.latestVersions[view.name] = standing.version
      }
    }
    retention.set(registered)
    forgetPlans()
  }

  /// Makes the history of a view that is being built, and lets it take its name. Writes and reads go on
  /// meanwhile; one view at a time is built. Without effect where no view of the name is being built.
  /// - Parameters:
  ///   - threads: that read and aggregate; nil for the store's own number.
  ///   - isCancelled: looked at often; a build that was cancelled goes on with the next call.
  ///   - progress: told now and then, and once more when the view is live.
  /// - Complexity: O(n log n) in the kept events, which are read up to eight times where memory does not hold
  ///   what the view takes of them.
  public func build(
    _ name: String, threads: Int? = nil, isCancelled: @escaping @Sendable () -> Bool = { false },
    progress: (BuildProgress) -> Void = { _ in }
  ) throws(StoreError) {
    try builds.withLock { _ throws(StoreError) in
      guard let building = registry.withLock({ $0.building[name] }) else { return }
      guard
        let replayed = try replay(
          building, workers: threads ?? options.threads, isCancelled: isCancelled,
          progress: progress)
      else { return }
      try finish(building)
      var state = replayed.state
      state.isLive = true
      progress(state)
      if replayed.hasDeltas { compact(building.view, isCancelled: isCancelled) }
    }
  }

  /// - Returns: how far it got, and whether something is left for a compaction; nil where it was cancelled.
  private func replay(
    _ building: BuildingView, workers: Int, isCancelled: @escaping @Sendable () -> Bool,
    progress: (BuildProgress) -> Void
  ) throws(StoreError) -> (state: BuildProgress, hasDeltas: Bool)? {
    let replay = try HistoryReplay(self, building, workers: workers)
    guard try replay.run(isCancelled: isCancelled, progress: progress) else { return nil }
    return (replay.state, replay.hasDeltas)
  }

  /// Replays chunks on several threads.
  /// - Returns: how many events they had.
  func replay(
    _ chunks: Range<UInt64>, of log: KeptLog, _ stream: StreamDeclaration,
    _ building: BuildingView, _ loader: BulkLoader, _ workers: Int
  ) throws(StoreError) -> Int {
    let view = building.view.declaration
    let others = try view.join.flatMap { join throws(StoreError) in
      try indexed(join.stream, by: nil)
    }
    let retractions = others == nil ? Retractions() : try retractions(of: log)
    let found = WorkerBoxes(
      Array(repeating: (events: 0, failure: StoreError?.none), count: workers))
    try forEachChunk(of: log, chunks, workers: workers) {
      worker, number, bytes throws(CodecError) in
      // Chunks of streaming writes are short; each is a batch of its own all the same, for its seal.
      let (batch, admitted) = try KeptChunkReader(stream).admitted(bytes)
      found[worker].events += batch.count
      guard let others else { return loader.replay(batch, admitted, worker: worker) }
      do throws(StoreError) {
        let events = MeetingEvents(
          batch: batch, admitted: admitted, gone: retractions.times(of: number, batch.count))
        let pairs = try self.joined(
          events, of: stream, in: view, to: others, before: building.joinedUntil)
        loader.replay(pairs.batch, pairs.admitted, worker: worker)
      } catch { found[worker].failure = found[worker].failure ?? error }
    }
    for worker in 0..<workers {
      if let failure = found[worker].failure { throw failure }
    }
    return (0..<workers).reduce(0) { $0 + found[$1].events }
  }

  /// The view takes its name over; one that had it goes. What was corrected in its history is made anew first.
  private func finish(_ building: BuildingView) throws(StoreError) {
    let name = building.view.declaration.name
    let old = try withCorrections(of: building) { view, changes throws(StoreError) in
      let stream = try stream(view.declaration.stream).declaration
      var records = [("view/\(name)", RegistryCodec.viewRecord(view, over: stream))]
      if let floor = view.floor { records.append(("floor/\(name)", String(floor.index))) }
      put(records, into: &changes)
      if view.floor == nil { changes.delete(key: Array("floor/\(name)".utf8), in: meta) }
      changes.delete(key: Array("building/\(name)".utf8), in: meta)
      let standing = finished(building)
      record(standing, of: name, into: &changes)
      changes.delete(
        key: SliceKey.position(view: view.id, source: ReplayPlace.source), in: slices)
      if let old = self.view(goingBy: name) { noteGone(old.id, in: &changes) }
      try StoreError.wrap { () throws(RocksError) in try database.write(changes, sync: true) }
      let old = registry.withLock { registry in
        registry.building[name] = nil
        registry.standings[name] = standing.isPlain ? nil : standing
        return registry.views.updateValue(view, forKey: name)
      }
      forgetPlans()
      return old
    }
    if let old {
      // Who looks up has heard of the new one until then.
      usleep(Self.graceMicroseconds)
      try erase(old.id)
    }
  }

  /// Puts together what was stored of a view in several parts. A compaction cannot be called back, and a server
  /// that is stopped would wait for all of it; so it is done in pieces.
  private func compact(_ view: RegisteredView, isCancelled: () -> Bool) {
    let width = UInt64.max / UInt64(Self.compactedPieces) + 1
    for group in view.plan.groups {
      for piece in 0..<UInt64(Self.compactedPieces) where !isCancelled() {
        let first = piece * width
        let keys = SliceKey.range(
          view: view.id, group: group.number, hashes: first...first + (width - 1))
        database.compactRange(
          in: slices, from: keys.lower, to: keys.upper, bottommost: .forceOptimized)
      }
    }
  }

  /// Calls `body` with the writer's lock, with the view as it is declared by now and with the changes that make
  /// anew what was corrected in its history.
  /// - Returns: nil, without a call, where the view is not being built any more.
  private func withCorrections(
    of building: BuildingView,
    _ body: (RegisteredView, inout WriteBatch) throws(StoreError) -> RegisteredView?
  ) throws(StoreError) -> RegisteredView? {
    let name = building.view.declaration.name
    // Most of the reading is done while writes go on; what came meanwhile is read under their lock.
    let stream = building.view.declaration.stream
    let read = try writer.withLock { _ throws(StoreError) in try chunkEnd(of: stream) }
    let early = try remaking(of: building.view, through: read)
    return try writer.withLock { _ throws(StoreError) -> RegisteredView? in
      guard let current = registry.withLock({ $0.building[name] }),
        current.view.id == building.view.id
      else { return nil }
      var changes = WriteBatch()
      let end = try chunkEnd(of: stream)
      if current.view.declaration.join != nil {
        try remakeJoined(current.view, into: &changes)
      } else if let early, try early.isCurrent(self, [current.view]) {
        try early.read(through: end, self)
        try early.remaker.write(into: &changes, in: slices)
      } else {
        try remaking(of: current.view, through: end)?.remaker.write(into: &changes, in: slices)
      }
      return try body(current.view, &changes)
    }
  }
}
