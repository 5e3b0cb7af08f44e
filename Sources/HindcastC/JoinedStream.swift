// The stream that a join gives out: it pulls batches of the spine as it is read, has them answered together,
// and hands out each with the features' columns behind its own.
import CHindcast
import Glibc
import Hindcast

/// Behind an `ArrowArrayStream` that was given away.
final class JoinedStream: @unchecked Sendable {
  // Unchecked: as Arrow has it, a stream is read by one call after the other.
  private let source: ArrowSource
  private let answers: [SpineField]
  private let isFeaturesOnly: Bool
  private let job: JobHandle
  private let queue: BatchQueue
  private let stream: JoinStream
  private var failure: Failure?
  private var failureText: UnsafeMutablePointer<CChar>?

  /// - Throws: what is wrong with the request or with the spine's columns; its rows are looked at later.
  init(
    _ handle: StoreHandle, _ source: ArrowSource, _ form: JoinForm, _ job: JobHandle
  ) throws {
    self.source = source
    self.job = job
    isFeaturesOnly = form.isFeaturesOnly
    let request = try form.request(handle.store)
    let names = source.fields.map(\.name)
    let columns = try handle.features.columns(of: request, spine: names)
    try columns.check(spine: names)
    let spine = try SpineImport(source.fields, reading: columns.reads)
    let join = try ColumnJoin(handle.features, spine: spine.fields, request)
    answers = join.columns
    let queue = BatchQueue(source)
    self.queue = queue
    var options = form.options
    options.cancellation = job.cancellation
    options.progress = { job.report(rows: $0) }
    stream = JoinStream(join, options, rowsTogether: form.rowsTogether) {
      if job.cancellation.isCancelled { throw HindcastError.cancelled }
      return try queue.pull().map { try spine.batch($0) }
    }
  }

  deinit { free(failureText) }

  func export(to out: UnsafeMutablePointer<ArrowArrayStream>) {
    var exported = ArrowArrayStream()
    exported.private_data = Unmanaged.passRetained(self).toOpaque()
    exported.get_schema = { stream, out in
      guard let joined = JoinedStream.behind(stream), let out else { return EINVAL }
      out.initialize(to: joined.schema)
      return 0
    }
    exported.get_next = { stream, out in
      guard let joined = JoinedStream.behind(stream), let out else { return EINVAL }
      return joined.next(out)
    }
    exported.get_last_error = { stream in
      JoinedStream.behind(stream)?.failureText.map { UnsafePointer($0) }
    }
    exported.release = { stream in
      guard let stream, let data = stream.pointee.private_data else { return }
      stream.pointee.release = nil
      stream.pointee.private_data = nil
      Unmanaged<JoinedStream>.fromOpaque(data).release()
    }
    out.initialize(to: exported)
  }

  private static func behind(_ stream: UnsafeMutablePointer<ArrowArrayStream>?) -> JoinedStream? {
    guard let data = stream?.pointee.private_data else { return nil }
    return Unmanaged<JoinedStream>.fromOpaque(data).takeUnretainedValue()
  }

  private var schema: ArrowSchema {
    .columns(spine: isFeaturesOnly ? nil : source.schema, answers: answers)
  }

  /// The next batch, or an array that is released at the end; after an error the same error again.
  private func next(_ out: UnsafeMutablePointer<ArrowArray>) -> Int32 {
    out.initialize(to: ArrowArray())
    if let failure { return Self.number(of: failure) }
    do {
      guard let chunk = try stream.next() else { return 0 }
      let batch = queue.take()
      out.initialize(to: .rows(chunk, spine: isFeaturesOnly ? nil : batch))
      job.report(rows: batch.firstRow + batch.rows)
      return 0
    } catch {
      let failure = Failure(error)
      self.failure = failure
      job.failure = failure
      failureText = CText.copy(failure.message)
      return Self.number(of: failure)
    }
  }

  private static func number(of failure: Failure) -> Int32 {
    switch failure.code {
    case .storage: EIO
    case .cancelled: ECANCELED
    default: EINVAL
    }
  }
}

/// Batches that were pulled and are not handed out yet, in their order.
private final class BatchQueue {
  private let source: ArrowSource
  private var waiting: [ArrowBatch] = []
  private var rows = 0

  init(_ source: ArrowSource) { self.source = source }

  func pull() throws(Failure) -> ArrowBatch? {
    guard let batch = try source.next(row: rows) else { return nil }
    rows += batch.rows
    waiting.append(batch)
    return batch
  }

  func take() -> ArrowBatch { waiting.removeFirst() }
}
