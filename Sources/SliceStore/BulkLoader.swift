// Bulk loads: events gather as records in memory, and a commit turns them into sorted files that RocksDB
// takes in whole, with the positions of the sources in the same atomic step. What is committed is durable;
// what is not yet committed leaves no trace.
import Aggregates
import Dispatch
import FeatureModel
import Glibc
import Rocks
import Synchronization

/// Loads events of one stream into some of its views. `add` may run on `workers` threads at once, one per
/// worker index; `commit` runs alone.
public final class BulkLoader: @unchecked Sendable {
  // Unchecked: each worker touches its own arenas only, and commit has them all for itself.
  private static let partitionBits = 8
  /// Parts of the hash space in which records lie apart.
  static let allPartitions = 0..<1 << partitionBits

  /// Those that records are taken in of.
  var partitions = allPartitions

  public let store: Store
  public let stream: StreamDeclaration
  /// The views that take events in as they are added; behind them, while a commit runs, those that take them
  /// from what is kept.
  var targets: [RegisteredView]
  /// How many there are of the former.
  let addedCount: Int
  /// Views that stand at other places of the sources.
  let apart: Set<ViewID>
  /// Where the events themselves are kept, too; nil where they are not, or stand there already.
  let log: KeptLog?
  /// What is loaded was stored before, with the arrivals that it had then.
  let isReplay: Bool
  /// True once blocks were stored that are merged when they are read.
  var hasDeltas = false
  let workers: [Worker]
  var builders: [[DeltaBuilder]]
  /// A commit that fails has given up a part of the records already, so nothing may follow it.
  private var hasFailed = false

  final class Worker {
    private(set) var intakes: [EventIntake] = []
    private(set) var arenas: [RecordArena] = []
    private(set) var floors: [Int64] = []
    var admitted = AdmittedEvents()
    var chunks: [[UInt8]] = []
    private var writer = KeptChunkWriter()
    private(set) var chunkBytes = 0

    /// Takes the admitted events of a batch to be kept.
    func keep(_ batch: EventBatch, _ stream: StreamDeclaration) {
      for start in stride(from: 0, to: batch.count, by: KeptChunkWriter.rowLimit) {
        let rows = start..<min(batch.count, start + KeptChunkWriter.rowLimit)
        var chunk: [UInt8] = []
        if writer.append(batch, rows, admitted, stream, seal: nil, to: &chunk) {
          chunkBytes += chunk.count
          chunks.append(chunk)
        }
      }
    }

    func raiseChunks(to seal: Int64) {
      for index in chunks.indices { KeptChunkWriter.raise(&chunks[index], to: seal) }
    }

    func forgetChunks() {
      chunks.removeAll()
      chunkBytes = 0
    }

    init(_ views: [(view: RegisteredView, stream: StreamDeclaration)]) {
      for (view, stream) in views { add(view, stream) }
    }

    func add(_ view: RegisteredView, _ stream: StreamDeclaration) {
      intakes.append(EventIntake(view.plan, stream))
      arenas.append(RecordArena(partitionBits: BulkLoader.partitionBits, isLarge: true))
      floors.append(view.floor?.index ?? .min)
    }

    func removeViews(from first: Int) {
      intakes.removeSubrange(first...)
      arenas.removeSubrange(first...)
      floors.removeSubrange(first...)
    }
  }

  init(
    _ store: Store, _ stream: StreamDeclaration, _ views: [RegisteredView], log: KeptLog?,
    isReplay: Bool = false, apart: Set<ViewID> = [], workers: Int
  ) throws(StoreError) {
    let targets = views.filter { isReplay || $0.declaration.join == nil }.map {
      (view: $0, stream: stream)
    }
    if log == nil, !isReplay, let view = views.first(where: { $0.declaration.join != nil }) {
      throw .invalid(
        "view '\(view.declaration.name)' joins kept events; its history is made of them, not of files"
      )
    }
    self.targets = targets.map(\.view)
    addedCount = targets.count
    self.store = store
    self.stream = stream
    self.log = log
    self.isReplay = isReplay
    self.apart = apart
    self.workers = (0..<workers).map { _ in Worker(targets) }
    // A replay goes on beside other work, with the threads that it was given and no more.
    builders = (0..<(isReplay ? workers : store.options.threads)).map { _ in
      targets.map { DeltaBuilder($0.view.plan) }
    }
  }

  /// Throws where batches were begun for another declaration of the stream.
  public func requireSame(_ declaration: StreamDeclaration) throws(StoreError) {
    guard declaration == stream else {
      throw .invalid("stream '\(stream.name)' was declared anew just now; try again")
    }
  }

  /// Memory held in records, in bytes.
  public var bytesHeld: Int {
    workers.indices.reduce(0) { $0 + bytesHeld(byWorker: $1) }
  }

  /// Memory held by one worker, for that worker to look at while others are adding.
  public func bytesHeld(byWorker worker: Int) -> Int {
    workers[worker].arenas.reduce(0) { $0 + $1.bytesHeld } + workers[worker].chunkBytes
  }

  /// Takes a batch in. Rows that can't be stored are left out and reported.
  /// - Complexity: O(rows) per view; nothing is allocated per row.
  public func add(_ batch: EventBatch, worker index: Int) -> AppendReport {
    let worker = workers[index]
    EventAdmission.admit(batch, of: stream, into: &worker.admitted)
    if log != nil { worker.keep(batch, stream) }
    return take(batch, worker)
  }

  /// Takes kept events in, with the arrivals that they had, for the one view that is loaded; where that joins
  /// others to them, with the joined fields.
  func replay(_ batch: EventBatch, _ admitted: AdmittedEvents, worker index: Int) {
    let worker = workers[index]
    _ = worker.intakes[0].take(
      batch, admitted, floor: worker.floors[0], into: worker.arenas[0])
  }

  private func take(_ batch: EventBatch, _ worker: Worker) -> AppendReport {
    var report = AppendReport(refused: worker.admitted.refused)
    report.events = batch.count - report.refused.count
    for view in 0..<addedCount {
      report.expired +=
        worker.intakes[view].take(
          batch, worker.admitted, floor: worker.floors[view], into: worker.arenas[view]
        ).expired
    }
    return report
  }

  /// Forgets all that was added since the last commit.
  public func discard() {
    for worker in workers {
      for arena in worker.arenas { arena.removeAll() }
      worker.forgetChunks()
    }
  }

  /// Stores all that was added and the positions, in one atomic and durable step. After an error nothing
  /// of it is stored, and the loader is of no use any more.
  /// - Complexity: O(n log n) in the events since the last commit, spread over the store's threads.
  public func commit(positions: [SourcePosition]) throws(StoreError) {
    for position in positions { try store.requireFree(position.source) }
    _ = try commit(positions, unlessForgottenSince: store.forgets)
  }

  /// The same for kept events, unless an entity was forgotten that may be among them.
  /// - Parameter forgets: the store's, before the first of them was read.
  /// - Returns: false, and nothing is stored of all that was added, where that is so.
  func commit(
    _ positions: [SourcePosition], unlessForgottenSince forgets: UInt64
  ) throws(StoreError) -> Bool {
    try store.requireWritable()
    try store.requireSpace()
    if hasFailed {
      throw .invalid(
        "an earlier commit of this load failed: begin a new one where the source's position stands")
    }
    hasFailed = true
    var isUpToDate = true
    if isReplay {
      isUpToDate = try storeReplayed(positions, forgets)
    } else {
      try store.writer.withLock { _ throws(StoreError) in try takeIn(try writeFiles(positions)) }
    }
    hasFailed = false
    discard()
    // History may have come under what answers were kept for; a view that is being built gives none.
    if !isReplay { store.noteHistory(of: targets) }
    removeTakers()
    return isUpToDate
  }

  func takeIn(_ files: [String]) throws(StoreError) {
    do throws(StoreError) {
      try StoreError.wrap { () throws(RocksError) in
        try store.database.ingest(files: files, into: store.slices, move: true)
      }
    } catch {
      for file in files { unlink(file) }
      throw error
    }
  }

  private func writeFiles(_ positions: [SourcePosition]) throws(StoreError) -> [String] {
    let prefix = try store.newLoadFiles()
    var files: [String] = []
    // They go into the first file that there is, so that a commit adds no more files than it must.
    var records: [PositionRecord] = []
    do throws(StoreError) {
      try raiseChunks()
      try takeKept()
      records = positionRecords(positions)
      for view in targets.indices {
        let written = try writeBlocks(ofView: view, prefix, records, replacing: nil)
        if !written.isEmpty { records = [] }
        files += written
      }
      if !records.isEmpty { files.append(try writeAlone(records, prefix)) }
      try writeChunks(prefix, into: &files)
    } catch {
      for file in files { unlink(file) }
      throw error
    }
    return files
  }

  /// The records of positions in key order.
  func positionRecords(_ positions: [SourcePosition]) -> [PositionRecord] {
    let views = targets.filter { $0.declaration.stream == stream.name }.map(\.id)
    let takers = views + (log.map { [$0.taker] } ?? [])
    let records = takers.flatMap { view in
      positions.map {
        PositionRecord(
          key: SliceKey.position(view: view, source: $0.source), value: $0.position)
      }
    }
    return records.sorted { $0.key.lexicographicallyPrecedes($1.key) }
  }

  /// Lets the events that are to be kept arrive no earlier than the seal.
  private func raiseChunks() throws(StoreError) {
    guard log != nil, let seal = try store.stream(stream.name).seal else { return }
    for worker in workers { worker.raiseChunks(to: seal.milliseconds) }
  }

  /// The files with the kept events and their indexes; none where there are no events.
  private func writeChunks(
    _ prefix: String, into files: inout [String]
  ) throws(StoreError) {
    let count = workers.reduce(0) { $0 + $1.chunks.count }
    guard let log, count > 0 else { return }
    let registered = try store.stream(stream.name)
    guard let current = registered.kept, current.number == log.number else {
      throw .invalid("stream '\(stream.name)' was declared anew while events were loaded into it")
    }
    let first = try store.takeChunkNumbers(log, count)
    let chunks = workers.flatMap(\.chunks)
    let path = prefix + "kept.sst"
    var entries: [IndexEntry] = []
    do throws(CodecError) {
      if !current.indexes.isEmpty {
        for (index, chunk) in chunks.enumerated() {
          entries += try chunk.withBytes { chunk throws(CodecError) in
            try store.indexEntries(first + UInt64(index), chunk, of: stream, in: current)
          }
        }
      }
    } catch { throw .corrupt(what: "events that are loaded", error) }
    try StoreLayout.writeLoad(path) { writer throws(RocksError) in
      for (index, chunk) in chunks.enumerated() {
        try writer.put(key: KeptKey.chunk(log, first + UInt64(index)), value: chunk)
      }
    }
    files.append(path)
    if !entries.isEmpty { files.append(try store.writeIndex(&entries, in: log)) }
  }

  func writeAlone(
    _ records: [PositionRecord], _ prefix: String
  ) throws(StoreError) -> String {
    let path = prefix + "positions.sst"
    try StoreLayout.writeLoad(path) { writer throws(RocksError) in
      for record in records { try writer.put(key: record.key, value: record.value) }
    }
    return path
  }

  /// Builds one view's blocks on all threads, each with its own range of the hash space.
  /// - Parameter replacing: by group, true where blocks are all that there is; nil: to be looked up.
  func writeBlocks(
    ofView view: Int, _ prefix: String, _ positions: [PositionRecord], replacing: [Bool]?
  ) throws(StoreError) -> [String] {
    let arenas = workers.map { $0.arenas[view] }
    guard arenas.contains(where: { $0.recordCount > 0 }) else { return [] }
    let name = targets[view].declaration.stream
    let current = store.views(of: name)
    guard let registered = current.first(where: { $0.id == targets[view].id }) else {
      throw .invalid("a view was dropped while events were loaded into it")
    }
    var replaces = replacing ?? []
    if replacing == nil { replaces = try emptyGroups(of: registered) }
    let seal = isReplay ? nil : try store.stream(name).seal
    let job = LoadJob(
      plan: registered.plan,
      sealSlice: seal.map { registered.declaration.slice.slice(of: $0).index },
      replaces: replaces, isSettled: replacing != nil,
      prefix: "\(prefix)view\(registered.id.number)", positions: positions)
    let threads = builders.count
    let partitions = partitions
    let results = Mutex<[Result<[String], StoreError>]>([])
    let shared = UncheckedBox((arenas, builders))
    DispatchQueue.concurrentPerform(iterations: threads) { thread in
      let (arenas, builders) = shared.value
      let bound = { partitions.lowerBound + partitions.count * $0 / threads }
      let range = bound(thread)..<bound(thread + 1)
      let result = Result { () throws(StoreError) in
        try job.run(builders[thread][view], arenas, range, thread: thread)
      }
      results.withLock { $0.append(result) }
    }
    return try LoadJob.collect(results.withLock { $0 })
  }

  /// By group: true where the store has nothing yet with a hash that is taken in.
  func emptyGroups(of view: RegisteredView) throws(StoreError) -> [Bool] {
    let hashes = workers[0].arenas[0].hashes
    return try view.plan.groups.map { group throws(StoreError) in
      try store.isEmpty(SliceKey.range(view: view.id, group: group.number, hashes: hashes))
    }
  }
}

/// Hands values to threads that share them by construction.
struct UncheckedBox<Value>: @unchecked Sendable {
  let value: Value
  init(_ value: Value) { self.value = value }
}

extension Store {
  /// A loader for all views of a stream, or for the given ones. Where it keeps events, views that are
  /// registered while it is at work are given them, too.
  /// - Parameters:
  ///   - keeps: false for events that the stream keeps already; nil: with all views alone.
  ///   - apart: views that are not to have what is kept, since they take it from the sources themselves; nil
  ///     for all that there are by now besides `views`.
  public func bulkLoader(
    for stream: String, views: [RegisteredView]? = nil, keeps: Bool? = nil,
    apart: [RegisteredView]? = nil, workers: Int
  ) throws(StoreError) -> BulkLoader {
    try requireWritable()
    try requireNoTable(stream, Self.loads)
    let all = self.views(of: stream)
    let (registered, taking) = try together(stream, views ?? all)
    let log = keeps ?? (views == nil) ? registered.kept : nil
    guard !taking.isEmpty || log != nil else { throw .noViews(stream: stream) }
    let others = Set((apart ?? all).filter { $0.declaration.join == nil }.map(\.id))
    return try BulkLoader(
      self, registered.declaration, taking, log: log, apart: others.subtracting(taking.map(\.id)),
      workers: workers)
  }

  /// True where no key lies in a range.
  func isEmpty(_ range: (lower: [UInt8], upper: [UInt8])) throws(StoreError) -> Bool {
    try StoreError.wrap { () throws(RocksError) in
      var cursor = database.cursor(
        in: slices, options: ReadOptions(lowerBound: range.lower, upperBound: range.upper))
      cursor.seekToFirst()
      try cursor.check()
      return !cursor.isValid
    }
  }
}
