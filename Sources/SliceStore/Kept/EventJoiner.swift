// Events of one stream beside those of another that they name by an id. Every event is taken with every other
// one that it meets, as soon as both are known, and until one of them is taken back: so what a view has does
// not depend on which of them came first.
import Aggregates
import FeatureModel
import Rocks

/// Kept events that are found by a field.
struct IndexedEvents {
  let stream: StreamDeclaration
  let log: KeptLog
  let field: Int
  /// The field's place among the log's indexes.
  let slot: Int
  let retractions: Retractions
}

/// Events of which some meet others.
struct MeetingEvents {
  let batch: EventBatch
  /// With the seal that they were stored under.
  let admitted: AdmittedEvents
  /// When each was taken back, in milliseconds; nil where none was.
  var gone: [Int64]?
}

/// Pairs of events as events of one: with the joined fields behind its own.
struct JoinedEvents {
  var batch: EventBatch
  var admitted = AdmittedEvents()
  /// When one of the two was taken back, in milliseconds; the greatest number where neither was.
  var gone: [Int64] = []
}

/// Which events met which.
struct Meetings {
  /// Rows of those who asked, one for each pair.
  var rows: [Int] = []
  /// The others, in the same order.
  var others: EventBatch
  var eventTimes: [Int64] = []
  var arrivals: [Int64] = []
  var gone: [Int64] = []
}

extension Store {
  /// The events of a stream by a field; nil where it has no such index.
  func indexed(
    _ name: String, by field: String?, retractions: Retractions? = nil
  ) throws(StoreError) -> IndexedEvents? {
    let stream = try stream(name)
    let field = field ?? stream.declaration.id.map { stream.declaration.fields[$0].name }
    guard let log = stream.kept, let field, let index = stream.declaration.index(of: field),
      let slot = log.indexes.firstIndex(of: field)
    else { return nil }
    let gone =
      if let retractions { retractions } else { try self.retractions(of: log) }
    return IndexedEvents(
      stream: stream.declaration, log: log, field: index, slot: slot, retractions: gone)
  }

  /// The kept events whose field has the values of a column.
  /// - Parameters:
  ///   - mask: 1 for the rows that ask.
  ///   - filter: of the index, where most rows meet nobody.
  ///   - end: events in chunks from there on are left out.
  /// - Complexity: a seek for each row, and a chunk's reading for each chunk that has one of the events.
  func meetings(
    of column: EventColumn, _ mask: [UInt8], with events: IndexedEvents,
    filter: HashFilter? = nil, before end: UInt64 = .max
  ) throws(StoreError) -> Meetings {
    var found = Meetings(others: EventBatch(events.stream))
    var asking: [(row: Int, hash: UInt64)] = []
    EventIndex.forEachHash(in: column) { row, hash in
      if mask[row] != 0, filter?.mayContain(hash) != false { asking.append((row, hash)) }
    }
    if asking.isEmpty { return found }
    var pairs: [(place: KeptPlace, row: Int)] = []
    let range = EventIndex.range(events.log, events.slot)
    var cursor = database.cursor(
      in: slices, options: ReadOptions(lowerBound: range.lower, upperBound: range.upper))
    for (row, hash) in asking.sorted(by: { $0.hash < $1.hash }) {
      cursor.seek(to: EventIndex.prefix(events.log, events.slot, hash))
      while cursor.isValid, EventIndex.hash(of: cursor.key) == hash {
        if let place = EventIndex.place(of: cursor.key), place.chunk < end {
          pairs.append((place, row))
        }
        cursor.next()
      }
    }
    try StoreError.wrap { () throws(RocksError) in try cursor.check() }
    try read(pairs.sorted { ($0.place, $0.row) < ($1.place, $1.row) }, column, events, &found)
    return found
  }

  private func read(
    _ pairs: [(place: KeptPlace, row: Int)], _ column: EventColumn, _ events: IndexedEvents,
    _ found: inout Meetings
  ) throws(StoreError) {
    var start = 0
    while start < pairs.count {
      let number = pairs[start].place.chunk
      let end = pairs[start...].firstIndex { $0.place.chunk != number } ?? pairs.count
      let key = KeptKey.chunk(events.log, number)
      let bytes = try StoreError.wrap { () throws(RocksError) in
        try database.get(key: key, in: slices)
      }
      if let bytes {
        do throws(CodecError) {
          let (batch, admitted) = try bytes.withBytes { bytes throws(CodecError) in
            try KeptChunkReader(events.stream).admitted(bytes)
          }
          for (place, row) in pairs[start..<end] where place.row < batch.count {
            let other = Int(place.row)
            // Another text may have the same hash, and an erased event has none any more.
            guard admitted.mask[other] != 0,
              batch.columns[events.field].value(other) == column.value(row)
            else { continue }
            found.rows.append(row)
            found.others.append(batch, rows: other..<other + 1)
            found.eventTimes.append(admitted.eventTimes[other])
            found.arrivals.append(admitted.arrivalTimes[other])
            found.gone.append(events.retractions.time(of: place) ?? .max)
          }
        } catch { throw .corrupt(what: "chunk \(number) of kept events", error) }
      }
      start = end
    }
  }

  /// Events of a view's own stream with those of the other one that they name; pairs that were parted before
  /// they were known are left out, and those that were parted in that very instant unless they are asked for.
  /// - Parameter own: the view's own stream, as the events have its fields.
  func joined(
    _ events: MeetingEvents, of own: StreamDeclaration, in view: ViewDeclaration,
    to others: IndexedEvents, before end: UInt64 = .max, includesParted: Bool = false
  ) throws(StoreError) -> JoinedEvents {
    let found = try meetings(
      of: events.batch.columns[own.index(of: view.join!.by)!], events.admitted.mask, with: others,
      before: end)
    var joined = JoinedEvents(batch: EventBatch(view.joined(own)))
    for (index, row) in found.rows.enumerated() {
      let gone = min(events.gone?[row] ?? .max, found.gone[index])
      let arrival = max(events.admitted.arrivalTimes[row], found.arrivals[index])
      if gone < arrival || (gone == arrival && !includesParted) { continue }
      joined.append(
        events.batch, row, event: events.admitted.eventTimes[row], found.others, index, view.join!,
        others.stream, arrival: arrival, gone: gone)
    }
    return joined
  }

  /// Events of the stream that a view joins to, with those of the view's own that name them.
  func joined(
    _ events: MeetingEvents, from stream: StreamDeclaration, in view: ViewDeclaration,
    to owns: IndexedEvents, filter: HashFilter? = nil, includesParted: Bool = false
  ) throws(StoreError) -> JoinedEvents {
    let found = try meetings(
      of: events.batch.columns[stream.id!], events.admitted.mask, with: owns, filter: filter)
    var joined = JoinedEvents(batch: EventBatch(view.joined(owns.stream)))
    for (index, row) in found.rows.enumerated() {
      let gone = min(events.gone?[row] ?? .max, found.gone[index])
      let arrival = max(events.admitted.arrivalTimes[row], found.arrivals[index])
      if gone < arrival || (gone == arrival && !includesParted) { continue }
      joined.append(
        found.others, index, event: found.eventTimes[index], events.batch, row, view.join!, stream,
        arrival: arrival, gone: gone)
    }
    return joined
  }
}

extension JoinedEvents {
  /// Adds a pair.
  fileprivate mutating func append(
    _ own: EventBatch, _ row: Int, event: Int64, _ other: EventBatch, _ otherRow: Int,
    _ join: EventJoin, _ stream: StreamDeclaration, arrival: Int64, gone: Int64
  ) {
    let width = own.columns.count
    for index in 0..<width {
      batch.columns[index].append(own.columns[index], rows: row..<row + 1)
    }
    for (index, field) in join.fields.enumerated() {
      batch.columns[width + index].append(
        other.columns[stream.index(of: field.name)!], rows: otherRow..<otherRow + 1)
    }
    admitted.append(event: event, arrival: arrival)
    self.gone.append(gone)
  }
}
