// A view's history out of kept events. From its registration on the view takes in what comes; the chunks that
// stood before then are replayed into it, with the arrivals that they had; then it takes its name over, in one
// step. Partials add up in any order, so nothing has to wait for anything, and a replay that is cut off goes on
// where its position stands.
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
  /// Of the chunks.
  public var fraction = 0.0
}

extension Store {
  /// The source under which a view's place in its stream's kept events stands.
  static let replaySource = "kept events"
  /// Chunks that are replayed between two looks at the memory in use.
  private static let chunksAtOnce = 64

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
    let building = BuildingView(view: registered, until: try nextChunkNumber(log))
    var changes = WriteBatch()
    put(
      [
        (
          "building/\(view.name)",
          RegistryCodec.buildingRecord(building, over: stream.declaration)
        ),
        ("next-view", String(id.number + 1)), self.audit(audit),
      ], into: &changes)
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
    }
    retention.set(registered)
    forgetPlans()
  }

  /// Makes the history of a view that is being built, and lets it take its name. Writes and reads go on
  /// meanwhile. Without effect where no view of the name is being built.
  /// - Parameters:
  ///   - threads: that read and aggregate; nil for the store's own number.
  ///   - isCancelled: looked at often; a build that was cancelled goes on with the next call.
  /// - Complexity: O(n log n) in the kept events.
  public func build(
    _ name: String, threads: Int? = nil, isCancelled: @escaping @Sendable () -> Bool = { false },
    progress: (BuildProgress) -> Void = { _ in }
  ) throws(StoreError) {
    guard let building = registry.withLock({ $0.building[name] }) else { return }
    let view = building.view
    let stream = try stream(view.declaration.stream)
    guard let log = stream.kept else {
      throw .invalid("the events of stream '\(stream.declaration.name)' are kept no longer")
    }
    let workers = threads ?? options.threads
    let loader = BulkLoader(
      self, stream.declaration, [view], log: nil, isReplay: true, workers: workers)
    var state = BuildProgress(view: name)
    var next = try replayPosition(of: view)
    var isCut = false
    while next < building.until, !isCut {
      let end = min(building.until, next + UInt64(Self.chunksAtOnce))
      state.events += try replay(next..<end, of: log, stream.declaration, loader, workers)
      next = end
      state.fraction = Double(next) / Double(building.until)
      isCut = isCancelled()
      if isCut || loader.bytesHeld > options.loadBytes || next == building.until {
        let position = withUnsafeBytes(of: next.littleEndian) { [UInt8]($0) }
        try loader.commit(
          positions: [SourcePosition(source: Self.replaySource, position: position)])
      }
      progress(state)
    }
    if next >= building.until { try finish(building) }
  }

  /// The first chunk that a view has not had yet.
  private func replayPosition(of view: RegisteredView) throws(StoreError) -> UInt64 {
    guard let bytes = try position(of: Self.replaySource, in: view.id) else { return 0 }
    guard bytes.count == 8 else {
      throw .invalid("the place of view '\(view.declaration.name)' in kept events is damaged")
    }
    return bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
  }

  /// Replays chunks on several threads.
  /// - Returns: how many events they had.
  private func replay(
    _ chunks: Range<UInt64>, of log: KeptLog, _ stream: StreamDeclaration, _ loader: BulkLoader,
    _ workers: Int
  ) throws(StoreError) -> Int {
    let found = Mutex<(events: Int, failure: StoreError?)>((0, nil))
    DispatchQueue.concurrentPerform(iterations: workers) { worker in
      let count = chunks.count
      let first = chunks.lowerBound + UInt64(count * worker / workers)
      let end = chunks.lowerBound + UInt64(count * (worker + 1) / workers)
      do throws(StoreError) {
        var events = 0
        try forEachChunk(of: log, first..<end) { _, bytes throws(CodecError) in
          // Chunks of streaming writes are short; each is a batch of its own all the same, for its seal.
          var batch = EventBatch(stream)
          let head = try KeptChunkReader(stream).read(bytes, into: &batch)
          _ = loader.replay(batch, sealedAt: head.seal, worker: worker)
          events += head.count
        }
        found.withLock { $0.events += events }
      } catch { found.withLock { $0.failure = $0.failure ?? error } }
    }
    return try found.withLock { found throws(StoreError) in
      if let failure = found.failure { throw failure }
      return found.events
    }
  }

  /// The view takes its name over; one that had it goes. What was corrected in its history is made anew first.
  private func finish(_ building: BuildingView) throws(StoreError) {
    let name = building.view.declaration.name
    let old = try withCorrections(of: building) { view, corrected throws(StoreError) in
      let stream = try stream(view.declaration.stream).declaration
      var changes = WriteBatch()
      try corrected?.write(into: &changes, in: slices)
      var records = [("view/\(name)", RegistryCodec.viewRecord(view, over: stream))]
      if let floor = view.floor { records.append(("floor/\(name)", String(floor.index))) }
      put(records, into: &changes)
      if view.floor == nil { changes.delete(key: Array("floor/\(name)".utf8), in: meta) }
      changes.delete(key: Array("building/\(name)".utf8), in: meta)
      changes.delete(
        key: SliceKey.position(view: view.id, source: Self.replaySource), in: slices)
      try StoreError.wrap { () throws(RocksError) in try database.write(changes, sync: true) }
      let old = registry.withLock { registry in
        registry.building[name] = nil
        return registry.views.updateValue(view, forKey: name)
      }
      forgetPlans()
      return old
    }
    if let old { try erase(old.id) }
    database.compactRange(
      in: slices, from: SliceKey.range(view: building.view.id).lower,
      to: SliceKey.range(view: building.view.id).upper)
  }

  /// Calls `body` with the writer's lock, with the view as it is declared by now and, where events of its
  /// stream were taken back, with what has to be made anew in it.
  /// - Returns: nil, without a call, where the view is not being built any more.
  private func withCorrections(
    of building: BuildingView,
    _ body: (RegisteredView, CellRemaker?) throws(StoreError) -> RegisteredView?
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
      let end = try chunkEnd(of: stream)
      if let early, try early.isCurrent(self, [current.view]) {
        try early.read(through: end, self)
        return try body(current.view, early.remaker)
      }
      return try body(current.view, try remaking(of: current.view, through: end)?.remaker)
    }
  }

  /// Gives the space of a view that nothing leads to any more back: whole files at once, the rest by a
  /// compaction.
  func erase(_ view: ViewID) throws(StoreError) {
    let range = SliceKey.range(view: view)
    let positions = SliceKey.position(view: view, source: "")
    try StoreError.wrap { () throws(RocksError) in
      try database.deleteFiles(in: slices, from: range.lower, through: range.upper)
      var changes = WriteBatch()
      changes.deleteRange(from: range.lower, to: range.upper, in: slices)
      changes.deleteRange(from: positions, to: positions + [0xFF], in: slices)
      try database.write(changes, sync: true)
    }
    compact(range)
  }
}
