// One pass over one file for the views that stand at the same place of it.
import Dispatch
import FeatureModel
import RowFiles
import SliceStore
import Synchronization

/// Shared by the workers of a pass.
final class IngestRun: Sendable {
  private let store: Store
  private let stream: StreamDeclaration
  private let views: [RegisteredView]
  private let keeps: Bool
  /// Views that stand at other places of the file.
  private let apart: [RegisteredView]
  private let reader: SourceReader
  private let rejects: RejectsWriter?
  private let skipsRefused: Bool
  private let deriver: RowDeriver?
  private let progress: @Sendable (IngestProgress) -> Void
  private let state = Mutex(State())

  private struct State {
    var progress = IngestProgress()
    var expired = 0
    var memoryIsFull = false
    var failure: HindcastError?
    /// The bad row with the lowest line, where rows are not to be refused.
    var firstBadRow: RowRejection?
  }

  init(
    store: Store, stream: StreamDeclaration, views: [RegisteredView], keeps: Bool,
    apart: [RegisteredView], reader: SourceReader,
    rejects: RejectsWriter?, skipsRefused: Bool, deriver: RowDeriver?,
    progress: @escaping @Sendable (IngestProgress) -> Void
  ) {
    self.store = store
    self.stream = stream
    self.views = views
    self.keeps = keeps
    self.apart = apart
    self.reader = reader
    self.rejects = rejects
    self.skipsRefused = skipsRefused
    self.deriver = deriver
    self.progress = progress
  }

  func run() throws(HindcastError) -> (rows: Int, rejected: Int, expired: Int) {
    let threads = store.options.threads
    let loader = try HindcastError.store { () throws(StoreError) in
      try store.bulkLoader(
        for: stream.name, views: views, keeps: keeps, apart: apart, workers: threads)
    }
    try HindcastError.store { () throws(StoreError) in try loader.requireSame(stream) }
    let workers = try makeWorkers(threads, loader)
    var isAtEnd = false
    while !isAtEnd {
      state.withLock { $0.memoryIsFull = false }
      DispatchQueue.concurrentPerform(iterations: threads) { workers.value[$0].work() }
      try checkFailure()
      isAtEnd = state.withLock { !$0.memoryIsFull }
      try commit(loader)
    }
    return state.withLock { ($0.progress.rows, $0.progress.rejected, $0.expired) }
  }

  private func makeWorkers(
    _ count: Int, _ loader: BulkLoader
  ) throws(HindcastError) -> Unchecked<[IngestWorker]> {
    var workers: [IngestWorker] = []
    for index in 0..<count {
      let parser = try HindcastError.file { () throws(RowFileError) in
        try RowParser(for: reader.chunker, schema: deriver?.schema ?? RowSchema(stream))
      }
      workers.append(
        IngestWorker(
          run: self, parser: parser, deriver: deriver.map { ($0, EventBatch(stream)) },
          loader: loader, index: index))
    }
    return Unchecked(workers)
  }

  private func checkFailure() throws(HindcastError) {
    if let row = state.withLock({ $0.firstBadRow }) {
      throw .row(
        path: reader.chunker.path, row,
        remedy: "Mend it and run the same again, or set bad rows aside with --rejects FILE")
    }
    if let failure = state.withLock({ $0.failure }) { throw failure }
  }

  private func commit(_ loader: BulkLoader) throws(HindcastError) {
    // Without new rows there is no new position either, and no file to write for it.
    guard let record = reader.record, record != reader.continued else { return }
    if let rejects {
      // What is refused must be on the disk before the position says that it was dealt with.
      try HindcastError.file { () throws(RowFileError) in try rejects.sync() }
    }
    let position = SourcePosition(source: reader.name, position: record.bytes)
    try HindcastError.store { () throws(StoreError) in
      try loader.commit(positions: [position])
    }
  }

  // MARK: for the workers

  var limit: Int { store.options.loadBytes / store.options.threads }

  /// Nil at the end, and when all workers are to stop.
  func nextChunk() -> RowChunk? {
    let mustStop = state.withLock {
      $0.memoryIsFull || $0.failure != nil || $0.firstBadRow != nil
    }
    if mustStop { return nil }
    do throws(HindcastError) { return try reader.next() } catch {
      state.withLock { $0.failure = $0.failure ?? error }
      return nil
    }
  }

  func memoryIsFull() { state.withLock { $0.memoryIsFull = true } }

  func finished(
    _ chunk: RowChunk, rows: Int, expired: Int, rejections: [RowRejection]
  ) {
    reader.count(rows: rows + rejections.count)
    let report = state.withLock { state -> IngestProgress in
      state.progress.rows += rows + rejections.count
      state.progress.rejected += rejections.count
      state.expired += expired
      if let size = reader.chunker.compressedSize, size > 0 {
        state.progress.fraction = Double(chunk.compressedPosition) / Double(size)
      }
      if !rejections.isEmpty { refuse(rejections, chunk, &state) }
      return state.progress
    }
    progress(report)
  }

  private func refuse(_ rejections: [RowRejection], _ chunk: RowChunk, _ state: inout State) {
    guard skipsRefused else {
      let first = rejections.min { $0.line < $1.line }!
      if first.line < state.firstBadRow?.line ?? .max { state.firstBadRow = first }
      return
    }
    guard let rejects else { return }
    do throws(RowFileError) {
      for rejection in rejections { try rejects.append(rejection, in: chunk) }
    } catch { state.failure = state.failure ?? .file(error) }
  }
}

/// One thread's parser and batch.
final class IngestWorker {
  private let run: IngestRun
  private let parser: RowParser
  private let loader: BulkLoader
  private let index: Int
  /// As the file has the rows.
  private var batch: EventBatch
  private let deriver: RowDeriver?
  /// The rows with what is derived of them.
  private var full: EventBatch?
  private var rows: [RowSpan] = []

  init(
    run: IngestRun, parser: RowParser, deriver: (RowDeriver, EventBatch)?, loader: BulkLoader,
    index: Int
  ) {
    self.run = run
    self.parser = parser
    self.deriver = deriver?.0
    full = deriver?.1
    self.loader = loader
    self.index = index
    batch = parser.schema.makeBatch()
  }

  func work() {
    while let chunk = run.nextChunk() {
      batch.removeAll()
      rows.removeAll(keepingCapacity: true)
      var rejections: [RowRejection] = []
      parser.parse(chunk, into: &batch, rows: &rows) { rejections.append($0) }
      derive(&rejections)
      let added = loader.add(full ?? batch, worker: index)
      for refused in added.refused {
        let span = rows[refused.row]
        rejections.append(
          RowRejection(
            line: span.line, field: refused.field, problem: .refused(refused.reason),
            range: span.range))
      }
      run.finished(chunk, rows: added.events, expired: added.expired, rejections: rejections)
      if loader.bytesHeld(byWorker: index) > run.limit { run.memoryIsFull() }
    }
  }

  /// Leaves out the rows that nothing can be derived of.
  private func derive(_ rejections: inout [RowRejection]) {
    guard let deriver else { return }
    full?.removeAll()
    let refused = deriver.derive(&batch, &full!)
    for event in refused {
      let span = rows[event.row]
      rejections.append(
        RowRejection(
          line: span.line, field: event.field, problem: .refused(event.reason), range: span.range))
    }
    for event in refused.reversed() { rows.remove(at: event.row) }
  }
}

/// Hands values to threads that share them by construction: each takes its own element.
struct Unchecked<Value>: @unchecked Sendable {
  let value: Value
  init(_ value: Value) { self.value = value }
}
