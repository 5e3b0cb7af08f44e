// Streaming writes: a batch is aggregated first and merged as one delta per block, together with the
// position of its source, in one atomic write.
import Aggregates
import FeatureModel
import Rocks

/// How far a source has been taken in, in the source's own terms. Stored with the events it covers.
public struct SourcePosition: Hashable, Sendable {
  public let source: String
  /// Opaque to the store; at most 64 KiB.
  public let position: [UInt8]

  public init(source: String, position: [UInt8]) {
    self.source = source
    self.position = position
  }
}

/// What became of a batch.
public struct AppendReport: Hashable, Sendable {
  /// Events that were stored by at least the stream; refused ones are left out.
  public var events = 0
  /// Events in slices that a view keeps no longer, summed over the views.
  public var expired = 0
  /// Rows that can't be stored, in row order.
  public var refused: [RefusedEvent] = []
}

/// What to do with a batch that has rows which can't be stored.
public enum RefusalPolicy: Sendable {
  /// The whole batch is refused: nothing of it is stored, the report says why.
  case refuseBatch
  /// The other rows are stored.
  case skipRows
}

/// The buffers of streaming writes, one set per stream, guarded by the store's writer.
final class StreamWriter: @unchecked Sendable {
  let intakes: [EventIntake]
  let builders: [DeltaBuilder]
  let arena = RecordArena(partitionBits: 0, isLarge: false)
  let merger = BlockMerger()
  var admitted = AdmittedEvents()
  var counter = DeltaCounter()

  init(_ views: [RegisteredView], _ stream: StreamDeclaration) {
    intakes = views.map { EventIntake($0.plan, stream) }
    builders = views.map { DeltaBuilder($0.plan) }
  }
}

extension Store {
  /// Stores a batch of events in every view of the stream, and the position of its source, atomically.
  /// An answer that may know the batch shows it when this returns.
  /// - Complexity: O(n log n) in the events, per view.
  public func append(
    _ batch: EventBatch, to stream: String, position: SourcePosition? = nil,
    durability: Durability = .synced, refusals: RefusalPolicy = .refuseBatch
  ) throws(StoreError) -> AppendReport {
    try append(
      batch, to: stream, positions: position.map { [$0] } ?? [], durability: durability,
      refusals: refusals)
  }

  /// The same for a batch that comes from several sources.
  public func append(
    _ batch: EventBatch, to stream: String, positions: [SourcePosition],
    durability: Durability = .synced, refusals: RefusalPolicy = .refuseBatch
  ) throws(StoreError) -> AppendReport {
    try requireNoTable(stream, Self.loads)
    return try append(batch, to: stream, of: nil, positions, durability, refusals)
  }

  /// The same for a batch that was filled by a declaration that may have changed meanwhile: other fields in
  /// its columns' places would take its values in silence.
  /// - Throws: where the stream is declared otherwise by now; nothing is stored then.
  public func append(
    _ batch: EventBatch, to stream: StreamDeclaration, positions: [SourcePosition],
    durability: Durability = .synced, refusals: RefusalPolicy = .refuseBatch
  ) throws(StoreError) -> AppendReport {
    try requireNoTable(stream.name, Self.loads)
    return try append(batch, to: stream.name, of: stream, positions, durability, refusals)
  }

  /// What to do instead of adding rows to a table.
  package static let loads = "its rows are loaded as a whole, with 'hindcast load' or FS.LOAD"

  func append(
    _ batch: EventBatch, to stream: String, of declaration: StreamDeclaration?,
    _ positions: [SourcePosition], _ durability: Durability, _ refusals: RefusalPolicy
  ) throws(StoreError) -> AppendReport {
    try requireWritable()
    try requireSpace()
    for position in positions { try requireFree(position.source) }
    return try writer.withLock { _ throws(StoreError) in
      let registered = try self.stream(stream)
      guard declaration == nil || declaration == registered.declaration,
        EventAdmission.fits(batch, registered.declaration)
      else {
        throw .invalid("the batch does not have the columns of stream '\(stream)' as it is now")
      }
      let views = views(of: stream)
      guard !views.isEmpty || registered.kept != nil else { throw .noViews(stream: stream) }
      let writer = streamWriter(for: registered.declaration, views)
      EventAdmission.admit(batch, of: registered.declaration, into: &writer.admitted)
      var report = AppendReport(refused: writer.admitted.refused)
      if refusals == .refuseBatch, !report.refused.isEmpty { return report }
      report.events = batch.count - report.refused.count
      var deltas = WriteBatch()
      report.expired = try add(batch, to: registered, views, writer, positions, into: &deltas)
      try StoreError.wrap { () throws(RocksError) in
        try database.write(deltas, sync: durability == .synced)
      }
      return report
    }
  }

  /// Adds the admitted events of a batch to the views of a stream and to what it keeps, with the positions of
  /// their sources. Called with the writer's lock.
  /// - Parameter isAlone: false where `deltas` holds changes of blocks already, which what stands does not
  ///   show.
  /// - Returns: how many events fell below the views' floors.
  func add(
    _ batch: EventBatch, to stream: RegisteredStream, _ views: [RegisteredView],
    _ writer: StreamWriter, _ positions: [SourcePosition], isAlone: Bool = true,
    into deltas: inout WriteBatch
  ) throws(StoreError) -> Int {
    var expired = 0
    for (index, view) in views.enumerated() where view.declaration.join == nil {
      expired += try add(batch, view, stream.seal, writer, index, isAlone, into: &deltas)
    }
    expired += try addJoined(batch, writer.admitted, of: stream, into: &deltas)
    if let log = stream.kept {
      try keep(batch, writer.admitted, of: stream, in: log, into: &deltas)
    }
    for taker in views.map(\.id) + (stream.kept.map { [$0.taker] } ?? []) {
      for position in positions {
        deltas.put(
          key: SliceKey.position(view: taker, source: position.source),
          value: position.position, in: slices)
      }
    }
    return expired
  }

  private func add(
    _ batch: EventBatch, _ view: RegisteredView, _ seal: Timestamp?, _ writer: StreamWriter,
    _ index: Int, _ isAlone: Bool, into deltas: inout WriteBatch
  ) throws(StoreError) -> Int {
    writer.arena.removeAll()
    let taken = writer.intakes[index].take(
      batch, writer.admitted, floor: view.floor?.index ?? .min, into: writer.arena)
    let sealSlice = seal.map { view.declaration.slice.slice(of: $0).index }
    try writer.builders[index].build(
      partition: 0, of: [writer.arena], sealSlice: sealSlice
    ) { _, key, block throws(StoreError) in
      if isAlone, writer.counter.isDue(key) {
        let whole = try merged(key, block, writer.merger)
        whole.withUnsafeBytes { deltas.put(key: key, value: $0, in: slices) }
      } else {
        deltas.merge(key: key, value: block, in: slices)
      }
    }
    return taken.expired
  }

  /// What stands at a key together with a delta. Nobody else writes, so it may take the place of both.
  private func merged(
    _ key: UnsafeRawBufferPointer, _ delta: UnsafeRawBufferPointer, _ merger: BlockMerger
  ) throws(StoreError) -> [UInt8] {
    let standing = try StoreError.wrap { () throws(RocksError) in
      try database.get(key: key, in: slices)
    }
    guard let standing else { return Array(delta) }
    do throws(CodecError) {
      return try merger.merge([standing.bytes, delta]) ?? Array(delta)
    } catch {
      throw .corrupt(what: "block with key \(SliceKey.hex(key))", error)
    }
  }

  func streamWriter(
    for stream: StreamDeclaration, _ views: [RegisteredView]
  ) -> StreamWriter {
    streamWriters.withLock { writers in
      // Registrations throw the buffers away, so what is there fits.
      if let known = writers[stream.name] { return known }
      let made = StreamWriter(views, stream)
      writers[stream.name] = made
      return made
    }
  }

  /// The rows of a batch that `append` would refuse, in row order; stores nothing.
  /// - Complexity: O(rows).
  public func refusals(
    of batch: EventBatch, for stream: String
  ) throws(StoreError) -> [RefusedEvent] {
    let declaration = try self.stream(stream).declaration
    guard EventAdmission.fits(batch, declaration) else {
      throw .invalid("the batch does not have the columns of stream '\(stream)' as it is now")
    }
    var admitted = AdmittedEvents()
    EventAdmission.admit(batch, of: declaration, into: &admitted)
    return admitted.refused
  }

  /// Takes a source for the caller alone, until `release`: two who began where it stands would store the same
  /// rows.
  /// - Throws: where somebody has it.
  package func claim(_ source: String, of stream: String) throws(StoreError) {
    try requireFree(source)
    guard sources.withLock({ $0.insert([stream, source]).inserted }) else {
      throw .invalid(
        "source '\(source)' is being taken into stream '\(stream)' already; call again when that has ended, and "
          + "it goes on where the source stands")
    }
  }

  /// Throws where the store itself has the name.
  func requireFree(_ source: String) throws(StoreError) {
    guard source != ReplayPlace.source else {
      throw .invalid(
        "a source cannot be called '\(source)', which the store calls its own; name it otherwise")
    }
  }

  package func release(_ source: String, of stream: String) {
    sources.withLock { _ = $0.remove([stream, source]) }
  }

  /// Where a source stands for a view; nil where it was never taken in.
  public func position(of source: String, in view: ViewID) throws(StoreError) -> [UInt8]? {
    let key = SliceKey.position(view: view, source: source)
    return try StoreError.wrap { () throws(RocksError) in try database.get(key: key, in: slices) }
  }

  /// Whether a stream keeps its events.
  public func keeps(_ stream: String) -> Bool {
    registry.withLock { $0.streams[stream]?.kept != nil }
  }

  /// Where a source stands for a view of a stream, or, nil, for the events that the stream keeps.
  public func position(
    of source: String, in view: RegisteredView?, of stream: String
  ) throws(StoreError) -> [UInt8]? {
    if let view { return try position(of: source, in: view.id) }
    guard let log = try self.stream(stream).kept else { return nil }
    return try position(of: source, in: log.taker)
  }

  /// All sources that a view has taken in, by name.
  public func positions(in view: ViewID) throws(StoreError) -> [SourcePosition] {
    let prefix = SliceKey.position(view: view, source: "")
    return try StoreError.wrap { () throws(RocksError) in
      var found: [SourcePosition] = []
      var cursor = database.cursor(in: slices)
      cursor.seek(to: prefix)
      while cursor.isValid, cursor.key.starts(with: prefix) {
        let source = String(decoding: cursor.key.dropFirst(prefix.count), as: UTF8.self)
        found.append(SourcePosition(source: source, position: Array(cursor.value)))
        cursor.next()
      }
      try cursor.check()
      return found
    }
  }
}
