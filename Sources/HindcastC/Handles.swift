// The objects behind the pointers that C holds. A call keeps its object alive by itself, so that a store may be
// closed while joins of it are still read.
import CHindcast
import Hindcast
import Synchronization

/// Behind a `hindcast_store`.
final class StoreHandle: Sendable {
  let features: FeatureStore
  /// Loads take turns: two of the same source at once would both go on from the same place.
  private let loading = Mutex<Void>(())

  init(_ features: FeatureStore) { self.features = features }

  var store: Store { features.store }

  func ingest(
    _ events: ArrowSource, into stream: String, _ options: TableOptions
  ) throws -> JSONValue {
    let columns = try EventImport(events.fields, into: try store.stream(stream).declaration)
    let report = try loading.withLock { _ in
      try features.ingest(into: stream, options, next: columns.parts(of: events))
    }
    return Answers.report(report)
  }

  /// Puts events in the place of those with their ids.
  func amend(
    _ events: ArrowSource, of stream: String, at time: Timestamp?, _ job: JobHandle
  ) throws -> JSONValue {
    try store.requireNoTable(stream, Store.loads)
    let columns = try EventImport(events.fields, into: try store.stream(stream).declaration)
    let report = try features.amend(
      stream, at: time, cancellation: job.cancellation, progress: { job.report(rows: $0) },
      next: columns.parts(of: events))
    return Answers.correction(report)
  }

  /// Makes rows all that a table has.
  func load(
    _ rows: ArrowSource, into table: String, _ options: LoadOptions
  ) throws -> JSONValue {
    let columns = try EventImport(rows.fields, into: try store.table(table).declaration)
    return Answers.load(
      try features.load(into: table, options, next: columns.parts(of: rows)))
  }

  static func of(_ pointer: OpaquePointer?) throws(Failure) -> StoreHandle {
    guard let pointer else { throw Failure(.invalid, "the store is NULL") }
    return Unmanaged<StoreHandle>.fromOpaque(UnsafeRawPointer(pointer)).takeUnretainedValue()
  }
}

/// Behind a `hindcast_job`: how far one call is, whether it is to end, and what it failed with.
final class JobHandle: Sendable {
  let cancellation = JoinCancellation()
  private let done = Atomic<Int>(0)
  private let failed = Mutex<Failure?>(nil)

  static func of(_ pointer: OpaquePointer?) -> JobHandle? {
    pointer.map {
      Unmanaged<JobHandle>.fromOpaque(UnsafeRawPointer($0)).takeUnretainedValue()
    }
  }

  /// Of the whole call.
  var rows: Int { done.load(ordering: .relaxed) }

  /// Reports come from several threads, and a lesser one may come later.
  func report(rows: Int) { _ = done.max(rows, ordering: .relaxed) }

  var failure: Failure? {
    get { failed.withLock { $0 } }
    set { failed.withLock { $0 = newValue } }
  }
}

/// A pointer for C that keeps an object alive until it is given back.
func retained(_ object: AnyObject) -> OpaquePointer {
  OpaquePointer(Unmanaged.passRetained(object).toOpaque())
}

/// Takes back what `retained` gave.
func release(_ pointer: OpaquePointer?) {
  guard let pointer else { return }
  Unmanaged<AnyObject>.fromOpaque(UnsafeRawPointer(pointer)).release()
}
