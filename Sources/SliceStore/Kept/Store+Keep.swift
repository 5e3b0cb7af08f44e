// Events into a stream's log, and out of it again once they are older than the stream keeps them.
import Aggregates
import Dispatch
import FeatureModel
import Rocks
import Synchronization

extension Store {
  /// Adds the admitted events of a batch to a log.
  func keep(
    _ batch: EventBatch, _ admitted: AdmittedEvents, of stream: RegisteredStream, in log: KeptLog,
    into changes: inout WriteBatch
  ) throws(StoreError) {
    var writer = KeptChunkWriter()
    var chunk: [UInt8] = []
    for start in stride(from: 0, to: batch.count, by: KeptChunkWriter.rowLimit) {
      let rows = start..<min(batch.count, start + KeptChunkWriter.rowLimit)
      chunk.removeAll(keepingCapacity: true)
      guard
        writer.append(
          batch, rows, admitted, stream.declaration, seal: stream.seal?.milliseconds, to: &chunk)
      else { continue }
      let number = try takeChunkNumbers(log, 1)
      changes.put(key: KeptKey.chunk(log, number), value: chunk, in: slices)
      if log.indexes.isEmpty { continue }
      do throws(CodecError) {
        let entries = try chunk.withBytes { chunk throws(CodecError) in
          try indexEntries(number, chunk, of: stream.declaration, in: log)
        }
        for entry in entries {
          let key = EventIndex.key(log, entry.slot, entry.hash, entry.place)
          changes.put(key: key, value: [], in: slices)
        }
      } catch { throw .corrupt(what: "events that are to be kept", error) }
    }
  }

  /// The first of so many numbers for new chunks; those of a write that fails are never given again.
  func takeChunkNumbers(_ log: KeptLog, _ count: Int) throws(StoreError) -> UInt64 {
    let first = try nextChunkNumber(log)
    chunkNumbers.withLock { $0[log.number] = first + UInt64(count) }
    return first
  }

  /// The number that the next chunk gets.
  func nextChunkNumber(_ log: KeptLog) throws(StoreError) -> UInt64 {
    if let known = chunkNumbers.withLock({ $0[log.number] }) { return known }
    let (lower, upper) = KeptKey.range(log)
    let last = try StoreError.wrap { () throws(RocksError) in
      var cursor = database.cursor(
        in: slices, options: ReadOptions(lowerBound: lower, upperBound: upper))
      cursor.seekToLast()
      try cursor.check()
      return cursor.isValid ? KeptKey.chunkNumber(cursor.key) : nil
    }
    // Corrections name chunks that may be gone, by numbers that mean no others.
    return max(last.map { $0 + 1 } ?? 0, log.next, buildingEnd(of: log))
  }

  /// The number of the first chunk that there is below `end`, which stands for none.
  func firstChunkNumber(_ log: KeptLog, before end: UInt64) throws(StoreError) -> UInt64 {
    try StoreError.wrap { () throws(RocksError) in
      var cursor = database.cursor(
        in: slices,
        options: ReadOptions(
          lowerBound: KeptKey.chunk(log, 0), upperBound: KeptKey.chunk(log, end)))
      cursor.seekToFirst()
      try cursor.check()
      return cursor.isValid ? KeptKey.chunkNumber(cursor.key) ?? end : end
    }
  }

  /// The number that the next chunk of a stream gets; 0 where it keeps nothing. With the writer's lock, all
  /// chunks before it are there.
  func chunkEnd(of stream: String) throws(StoreError) -> UInt64 {
    guard let log = try self.stream(stream).kept else { return 0 }
    return try nextChunkNumber(log)
  }

  private func buildingEnd(of log: KeptLog) -> UInt64 {
    registry.withLock { registry in
      registry.building.values.filter {
        registry.streams[$0.view.declaration.stream]?.kept?.number == log.number
      }.map(\.until).max() ?? 0
    }
  }

  /// Chunks that are looked at by one `letGo`.
  private static let chunksAtOnce = 1024

  /// Adds to `changes` the removal of chunks of a stream whose events have all been known for longer than it
  /// keeps them, and the log's new record. Called with the writer's lock.
  /// - Returns: the log from then on; nil where nothing was removed.
  func letGo(
    of stream: RegisteredStream, sealedAt seal: Timestamp, _ changes: inout WriteBatch
  ) throws(StoreError) -> KeptLog? {
    guard var log = stream.kept, case .milliseconds(let time) = stream.declaration.keep else {
      return nil
    }
    // Views that are being built of them were told that they would have them.
    if building.contains(where: { $0.view.declaration.stream == stream.declaration.name }) {
      return nil
    }
    let limit = seal.milliseconds - time
    var last: Int64?
    let (lower, upper) = KeptKey.range(log)
    var cursor = database.cursor(
      in: slices, options: ReadOptions(lowerBound: lower, upperBound: upper))
    cursor.seekToFirst()
    for _ in 0..<Self.chunksAtOnce where cursor.isValid {
      let head = try Self.chunkHead(cursor)
      if head.earliestArrival >= limit, last == nil { break }
      if head.latestArrival < limit {
        changes.delete(key: cursor.key, in: slices)
        last = max(last ?? .min, head.latestArrival)
      }
      cursor.next()
    }
    try StoreError.wrap { () throws(RocksError) in try cursor.check() }
    guard let last else { return nil }
    log.start = max(log.start ?? .earliest, Timestamp(unchecked: last + 1))
    log.next = try nextChunkNumber(log)
    changes.put(
      key: Array("kept/\(stream.declaration.name)".utf8), value: Array(log.record.utf8), in: meta)
    return log
  }

  /// Calls `body` with the numbers and bytes, borrowed, of the chunks in a range of numbers.
  func forEachChunk(
    of log: KeptLog, _ numbers: Range<UInt64>,
    _ body: (_ number: UInt64, _ chunk: UnsafeRawBufferPointer) throws(CodecError) -> Void
  ) throws(StoreError) {
    if numbers.isEmpty { return }
    var cursor = database.cursor(
      in: slices,
      options: ReadOptions(
        lowerBound: KeptKey.chunk(log, numbers.lowerBound),
        upperBound: KeptKey.chunk(log, numbers.upperBound), fillCache: false))
    cursor.seekToFirst()
    while cursor.isValid {
      do throws(CodecError) {
        if let number = KeptKey.chunkNumber(cursor.key) { try body(number, cursor.value) }
      } catch {
        throw .corrupt(what: "kept events with key \(SliceKey.hex(cursor.key))", error)
      }
      cursor.next()
    }
    try StoreError.wrap { () throws(RocksError) in try cursor.check() }
  }

  /// The same on several threads, each with a part of the numbers.
  func forEachChunk(
    of log: KeptLog, _ numbers: Range<UInt64>, workers: Int,
    _ body:
      @Sendable (_ worker: Int, _ number: UInt64, _ chunk: UnsafeRawBufferPointer)
      throws(CodecError) -> Void
  ) throws(StoreError) {
    let failure = Mutex<StoreError?>(nil)
    DispatchQueue.concurrentPerform(iterations: workers) { worker in
      let first = numbers.lowerBound + UInt64(numbers.count * worker / workers)
      let end = numbers.lowerBound + UInt64(numbers.count * (worker + 1) / workers)
      do throws(StoreError) {
        try forEachChunk(of: log, first..<end) { number, chunk throws(CodecError) in
          try body(worker, number, chunk)
        }
      } catch { failure.withLock { $0 = $0 ?? error } }
    }
    if let failure = failure.withLock({ $0 }) { throw failure }
  }

  static func chunkHead(_ cursor: borrowing Cursor) throws(StoreError) -> KeptChunkHead {
    do { return try KeptChunkReader.head(cursor.value) } catch {
      throw .corrupt(what: "kept events with key \(SliceKey.hex(cursor.key))", error)
    }
  }

  /// How many events a stream keeps, and from when on; nil where it keeps none.
  /// - Complexity: O(chunks): some 16,000 events each after a bulk load, fewer after streaming writes.
  public func keptEvents(of stream: String) throws(StoreError) -> KeptEvents? {
    let registered = try self.stream(stream)
    guard let log = registered.kept else { return nil }
    let reader = KeptChunkReader(registered.declaration)
    var found = KeptEvents(isWhole: log.isWhole, start: log.start)
    let (lower, upper) = KeptKey.range(log)
    var cursor = database.cursor(
      in: slices, options: ReadOptions(lowerBound: lower, upperBound: upper, fillCache: false))
    cursor.seekToFirst()
    while cursor.isValid {
      let count = try Self.chunkHead(cursor).count
      do throws(CodecError) { found.events += count - (try reader.erasedCount(cursor.value)) } catch
      {
        throw .corrupt(what: "kept events with key \(SliceKey.hex(cursor.key))", error)
      }
      found.chunks += 1
      cursor.next()
    }
    try StoreError.wrap { () throws(RocksError) in try cursor.check() }
    found.bytes = try StoreError.wrap { () throws(RocksError) in
      try database.approximateSize(of: slices, from: lower, to: upper)
    }
    return found
  }
}

/// What a stream keeps of its events.
public struct KeptEvents: Hashable, Sendable {
  /// False where the stream had events before they were kept.
  public let isWhole: Bool
  /// All events that arrive from here on are there; nil where none were let go.
  public let start: Timestamp?
  public internal(set) var events = 0
  public internal(set) var chunks = 0
  /// On the disk, estimated by RocksDB.
  public internal(set) var bytes: UInt64 = 0
}
