// A table's rows, replaced as a whole: what is to stand is held against what stands, and the difference is one
// correction. Rows that stay cost nothing; whoever knows no more than before sees the rows as they were.
import Aggregates
import FeatureModel
import Rocks

/// When the rows of a load become known.
public enum RowsKnown: Hashable, Sendable {
  /// All at one instant, which is not before the stream's seal.
  case at(Timestamp)
  /// The same, at the seal where the instant lies before it.
  case from(Timestamp)
  /// Each when it becomes valid, as history of a table that has no rows yet. None may be valid later than
  /// this.
  case fromValid(until: Timestamp)
}

/// What a load did to a table.
public struct TableReplacement: Hashable, Sendable {
  /// When the change became known; nil where there was none, or each row has its own time.
  public internal(set) var time: Timestamp?
  public internal(set) var added = 0
  /// Rows of a known key and valid-from time with other attributes.
  public internal(set) var changed = 0
  public internal(set) var removed = 0
  public internal(set) var unchanged = 0
  /// Rows that can't be stored. Where there are any, nothing was changed.
  public internal(set) var refused: [RefusedEvent] = []

  /// Whether the table is another than before.
  public var isChange: Bool { added + changed + removed > 0 }
}

extension Store {
  /// Makes `rows` all that a table has, atomically and durably.
  /// - Parameter rows: events of the table's stream (`TableDeclaration.events`), no two with one id.
  /// - Throws: `sealMovesBack` for a time before the stream's seal.
  /// - Complexity: O(rows that the table has and ever had).
  public func replaceRows(
    of name: String, by rows: EventBatch, known: RowsKnown
  ) throws(StoreError) -> TableReplacement {
    try requireWritable()
    return try tableLoads.withLock { _ throws(StoreError) in
      let table = try table(name).declaration
      let stream = try self.stream(name)
      guard stream.declaration == table.stream else {
        throw .invalid("table '\(name)' was not registered to its end: register it again")
      }
      guard EventAdmission.fits(rows, table.stream) else {
        throw .invalid("the batch does not have the columns of table '\(name)' as it is now")
      }
      var difference = RowDifference(table, from: try standingRows(of: stream), to: rows)
      let (time, bound) = try instant(known, of: stream)
      difference.report.refused =
        try refusals(of: rows, for: name) + Self.ahead(rows, table, of: bound)
      guard difference.report.isChange, difference.report.refused.isEmpty else {
        return difference.report
      }
      if let time {
        // At the seal where the clock moves that meanwhile, unless one instant is meant.
        var isFixed = false
        if case .at = known { isFixed = true }
        let done = try correct(
          name, retracting: difference.retracted, appending: difference.appended,
          at: isFixed ? time : nil, clock: { time })
        if let missing = (done.missing + done.refused).first { throw .invalid(missing.reason) }
        difference.report.time = done.time
      } else {
        guard difference.report.added == rows.count, difference.report.removed == 0 else {
          throw .invalid(
            "table '\(name)' has rows already, which were known when they were: "
              + "only its first rows can be known from when on they are valid")
        }
        let stored = try append(
          rows, to: name, of: table.stream, [], .synced, .refuseBatch)
        difference.report.refused = stored.refused
      }
      return difference.report
    }
  }

  /// How many rows a table has.
  /// - Complexity: O(rows that it has and ever had).
  public func rowCount(of name: String) throws(StoreError) -> Int {
    _ = try table(name)
    return try standingRows(of: try stream(name)).count
  }

  /// When rows become known, nil where each has its own time, and the instant that none may lie behind.
  private func instant(
    _ known: RowsKnown, of stream: RegisteredStream
  ) throws(StoreError) -> (time: Timestamp?, bound: Timestamp) {
    let name = stream.declaration.name
    switch known {
    case .from(let time):
      let time = max(time, stream.seal ?? .earliest)
      return (time, time)
    case .at(let time):
      if let seal = stream.seal, time < seal {
        throw .sealMovesBack(stream: name, from: seal, to: time)
      }
      return (time, time)
    case .fromValid(let bound):
      guard let seal = stream.seal else { return (nil, bound) }
      throw .invalid(
        "table '\(name)' is sealed up to \(seal): nothing can become known before that any more. "
          + "Load its history before anything is answered from it, or let the rows be known from now on"
      )
    }
  }

  /// Rows that become valid only after they are to be known.
  private static func ahead(
    _ rows: EventBatch, _ table: TableDeclaration, of bound: Timestamp
  ) -> [RefusedEvent] {
    let times = rows.columns[table.stream.eventTime].words
    return times.indices.compactMap { row in
      let time = Int64(bitPattern: times[row])
      guard time > bound.milliseconds else { return nil }
      return RefusedEvent(
        row: row, field: table.validFromName,
        reason: "\(Timestamp(unchecked: time)) lies ahead of \(bound), when the rows become known: "
          + "load the row when it is valid")
    }
  }

  /// All rows of a table that were not taken back.
  private func standingRows(of stream: RegisteredStream) throws(StoreError) -> EventBatch {
    var rows = EventBatch(stream.declaration)
    guard let log = stream.kept else { return rows }
    let reader = KeptChunkReader(stream.declaration)
    let retractions = try retractions(of: log)
    try forEachChunk(of: log, 0..<(try nextChunkNumber(log))) { number, bytes throws(CodecError) in
      let (batch, admitted) = try reader.admitted(bytes)
      for row in 0..<batch.count
      where admitted.mask[row] != 0
        && retractions.time(of: KeptPlace(chunk: number, row: UInt32(row))) == nil
      {
        rows.append(batch, rows: row..<row + 1)
      }
    }
    return rows
  }
}

/// What has to go and what has to come, so that some rows become others.
private struct RowDifference {
  var report = TableReplacement()
  /// Ids.
  private(set) var retracted = EventColumn(type: .string)
  private(set) var appended: EventBatch

  init(_ table: TableDeclaration, from standing: EventBatch, to rows: EventBatch) {
    appended = EventBatch(table.stream)
    let id = table.key.count + 1
    let attributes = (id + 1)..<rows.columns.count
    var places: [ArraySlice<UInt8>: Int] = [:]
    for row in 0..<standing.count { places[Self.text(standing.columns[id], row)] = row }
    for row in 0..<rows.count {
      guard let old = places.removeValue(forKey: Self.text(rows.columns[id], row)) else {
        report.added += 1
        appended.append(rows, rows: row..<row + 1)
        continue
      }
      let isSame = attributes.allSatisfy {
        Self.isSame(standing.columns[$0], old, rows.columns[$0], row)
      }
      if isSame {
        report.unchanged += 1
        continue
      }
      report.changed += 1
      retracted.append(standing.columns[id], rows: old..<old + 1)
      appended.append(rows, rows: row..<row + 1)
    }
    report.removed = places.count
    for row in places.values.sorted() {
      retracted.append(standing.columns[id], rows: row..<row + 1)
    }
  }

  private static func text(_ column: EventColumn, _ row: Int) -> ArraySlice<UInt8> {
    column.text[column.textRange(row)]
  }

  private static func isSame(
    _ left: EventColumn, _ leftRow: Int, _ right: EventColumn, _ rightRow: Int
  ) -> Bool {
    guard left.valid[leftRow] != 0, right.valid[rightRow] != 0 else {
      return left.valid[leftRow] == right.valid[rightRow]
    }
    return left.type == .string
      ? text(left, leftRow) == text(right, rightRow) : left.words[leftRow] == right.words[rightRow]
  }
}
