// Ids that events are looked for by, and what is found of them among kept events.
import Aggregates
import FeatureModel

/// A column of ids, each of them once.
struct EventIDs: Sendable {
  private let texts: [[UInt8]]
  /// By hash of the text, rows of the column.
  private var rows: [UInt64: [Int]] = [:]
  /// Rows that name no event, or one that another row names already.
  private(set) var refused: [RefusedEvent] = []

  init(_ column: EventColumn, field: String) {
    let batch = EventBatch(columns: [column])
    var texts: [[UInt8]] = []
    for row in 0..<batch.count {
      var text: [UInt8] = []
      guard EntityKeyBuilder.build(batch, [0], row, into: &text) else {
        refused.append(RefusedEvent(row: row, field: field, reason: "the id is null"))
        texts.append([])
        continue
      }
      let hash = text.withUnsafeBytes { EntityHash.of($0) }
      if rows[hash]?.contains(where: { texts[$0] == text }) ?? false {
        refused.append(
          RefusedEvent(
            row: row, field: field,
            reason: "'\(String(decoding: text, as: UTF8.self))' is given twice"))
      } else {
        rows[hash, default: []].append(row)
      }
      texts.append(text)
    }
    self.texts = texts
  }

  var count: Int { texts.count }

  func text(_ row: Int) -> String { String(decoding: texts[row], as: UTF8.self) }

  /// Calls `body` with the rows of a column of events that have one of the ids, and with the id's own row.
  /// - Complexity: O(rows).
  func forEachMatch(in column: EventColumn, _ body: (_ row: Int, _ id: Int) -> Void) {
    let batch = EventBatch(columns: [column])
    var text: [UInt8] = []
    batch.withColumns { columns in
      for row in 0..<columns.count {
        guard EntityKeyBuilder.build(columns, [0], row, into: &text) else { continue }
        guard let candidates = rows[text.withUnsafeBytes { EntityHash.of($0) }] else { continue }
        for candidate in candidates where texts[candidate] == text { body(row, candidate) }
      }
    }
  }
}

/// Kept events with some ids.
struct FoundEvents: Sendable {
  var places: [KeptPlace] = []
  /// The row of the id of each.
  var ids: [Int] = []
  /// The events, whole, and when each of them arrived.
  var batch: EventBatch
  var arrivals: [Int64] = []

  mutating func append(_ other: FoundEvents) {
    places += other.places
    ids += other.ids
    batch.append(other.batch, rows: 0..<other.batch.count)
    arrivals += other.arrivals
  }
}

extension Store {
  /// The kept events in a range of chunks that have one of the ids and were not taken back.
  /// - Complexity: O(events in the chunks), of which only the ids are read, on all of the store's threads.
  func find(
    _ ids: EventIDs, in chunks: Range<UInt64>, of stream: RegisteredStream, _ log: KeptLog,
    besides retractions: Retractions
  ) throws(StoreError) -> FoundEvents {
    let declaration = stream.declaration
    guard let field = declaration.id else { return FoundEvents(batch: EventBatch(declaration)) }
    let reader = KeptChunkReader(declaration)
    let workers = options.threads
    let found = WorkerBoxes(
      (0..<workers).map { _ in FoundEvents(batch: EventBatch(declaration)) })
    try forEachChunk(of: log, chunks, workers: workers) {
      worker, number, bytes throws(CodecError) in
      var rows: [(row: Int, id: Int)] = []
      let column = try reader.column(field, of: bytes)
      let gone = retractions.times[number]
      ids.forEachMatch(in: column) { row, id in
        if gone?[UInt32(row)] == nil { rows.append((row, id)) }
      }
      if rows.isEmpty { return }
      let (batch, admitted) = try reader.admitted(bytes)
      for (row, id) in rows where admitted.mask[row] != 0 {
        found[worker].places.append(KeptPlace(chunk: number, row: UInt32(row)))
        found[worker].ids.append(id)
        found[worker].batch.append(batch, rows: row..<row + 1)
        found[worker].arrivals.append(admitted.arrivalTimes[row])
      }
    }
    var all = FoundEvents(batch: EventBatch(declaration))
    for worker in 0..<workers { all.append(found[worker]) }
    return all
  }
}

/// One value for each of several threads, which share nothing else.
final class WorkerBoxes<Value>: @unchecked Sendable {
  // Unchecked: each thread touches its own place only.
  private let values: UnsafeMutableBufferPointer<Value>

  init(_ initial: [Value]) {
    values = .allocate(capacity: initial.count)
    _ = values.initialize(from: initial)
  }

  deinit {
    values.deinitialize()
    values.deallocate()
  }

  subscript(worker: Int) -> Value {
    get { values[worker] }
    _modify { yield &values[worker] }
  }
}
