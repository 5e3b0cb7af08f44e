// The store: one RocksDB with the families `meta` (registry) and `slices` (blocks and positions). Reads
// run beside each other and beside writes; writes, registrations and seals take turns.
import Aggregates
import FeatureModel
import Glibc
import Rocks
import Synchronization

/// How a store is opened.
public enum StoreMode: Sendable {
  /// Made where there is none.
  case create
  /// An error where there is none.
  case existing
  /// Beside a running writer's checkpoint, or any store at rest; refuses writes.
  case readOnly
}

/// Sizes that a caller may set; the defaults suit a machine with a few GB.
public struct StoreOptions: Sendable {
  /// Memory for uncompressed blocks of RocksDB, shared by all readers.
  public var cacheBytes = 192 << 20
  /// Memory that a bulk load may hold in records before it writes them.
  public var loadBytes = 640 << 20
  /// Threads of a bulk load.
  public var threads = 2
  /// Bytes of kept events that are written in one step while an entity is forgotten.
  package var forgetStepBytes = 8 << 20
  /// Off where tests look for bytes in table files.
  package var compressesTables = true
  /// What is left of the disk, which tests make small.
  package var diskSpace: @Sendable (_ path: String) -> DiskSpace? = { DiskSpace(of: $0) }

  public init() {}
}

/// When an acknowledged streaming write is on the disk.
public enum Durability: Sendable {
  /// Before the call returns (fsync): survives a power cut.
  case synced
  /// In the operating system when the call returns: survives the end of the process, not of the machine.
  case written
}

public final class Store: Sendable {
  public let path: String
  public let options: StoreOptions
  package let database: Database
  package let meta: ColumnFamily
  package let slices: ColumnFamily
  let isReadOnly: Bool
  let retention: RetentionFilter
  let registry: Mutex<Registry>
  /// Buffers of streaming writes by stream.
  let streamWriters = Mutex<[String: StreamWriter]>([:])
  /// What the readers of each view look at.
  let marks = Mutex<[ViewID: ViewMark]>([:])
  /// The next number of a chunk by the number of its log, as far as they were needed.
  let chunkNumbers = Mutex<[UInt32: UInt64]>([:])
  /// The hashes of indexes of kept events, as far as they were needed.
  let hashFilters = Mutex<[UInt64: HashFilter]>([:])
  /// Held by whoever writes, registers, seals or expires.
  let writer = Mutex<Void>(())
  /// Held by whoever replaces the rows of a table: they are read before they are changed.
  let tableLoads = Mutex<Void>(())
  /// Sources that are being taken in, each with its stream.
  let sources = Mutex<Set<[String]>>([])
  /// Held by whoever makes the history of a view: two would replay the same events.
  let builds = Mutex<Void>(())
  /// Held by whoever forgets an entity: kept events are rewritten from what was read of them.
  let forgetting = Mutex<Void>(())
  private let loadFiles = Atomic<UInt64>(0)
  private let changes = Atomic<UInt64>(1)
  private let forgotten = Atomic<UInt64>(0)

  private init(
    path: String, options: StoreOptions, database: Database, isReadOnly: Bool,
    retention: RetentionFilter, registry: Registry
  ) throws(StoreError) {
    self.path = path
    self.options = options
    self.database = database
    self.isReadOnly = isReadOnly
    self.retention = retention
    self.registry = Mutex(registry)
    meta = try StoreError.wrap { () throws(RocksError) in try database.family("meta") }
    slices = try StoreError.wrap { () throws(RocksError) in try database.family("slices") }
    for view in registry.views.values { retention.set(view) }
    for building in registry.building.values { retention.set(building.view) }
  }

  /// Whether a folder has a store, or what is left of one.
  public static func exists(at path: String) -> Bool { StoreLayout.exists(at: path) }

  public static func open(
    at path: String, _ mode: StoreMode = .create, options: StoreOptions = StoreOptions()
  ) throws(StoreError) -> Store {
    var options = options
    options.threads = max(1, options.threads)
    let retention = RetentionFilter()
    let database = try StoreError.wrap { () throws(RocksError) in
      try StoreLayout.open(path, mode, options, retention)
    }
    let meta = try StoreError.wrap { () throws(RocksError) in try database.family("meta") }
    let records = try readRecords(database, meta)
    if let found = records.first(where: { $0.key == "format" }) {
      guard found.value == Registry.format else {
        throw .unknownFormat(found: found.value, supported: Registry.format)
      }
    } else if mode != .readOnly, records.isEmpty {
      try StoreError.wrap { () throws(RocksError) in
        var batch = WriteBatch()
        batch.put(
          key: Array("format".utf8), value: Array(Registry.format.utf8), in: meta)
        try database.write(batch, sync: true)
      }
    } else {
      throw .unknownFormat(found: "none", supported: Registry.format)
    }
    let registry = try RegistryCodec.read(records)
    let store = try Store(
      path: path, options: options, database: database, isReadOnly: mode == .readOnly,
      retention: retention, registry: registry)
    if mode != .readOnly { try store.eraseGone(records) }
    return store
  }

  private static func readRecords(
    _ database: Database, _ meta: ColumnFamily
  ) throws(StoreError) -> [(key: String, value: String)] {
    try StoreError.wrap { () throws(RocksError) in
      var records: [(key: String, value: String)] = []
      var cursor = database.cursor(in: meta)
      cursor.seekToFirst()
      while cursor.isValid {
        records.append(
          (
            String(decoding: cursor.key, as: UTF8.self),
            String(decoding: cursor.value, as: UTF8.self)
          ))
        cursor.next()
      }
      try cursor.check()
      return records
    }
  }

  /// The streams by name.
  public var streams: [RegisteredStream] {
    registry.withLock { $0.streams.values.sorted { $0.declaration.name < $1.declaration.name } }
  }

  /// The views in the order of their registration.
  public var views: [RegisteredView] {
    registry.withLock { $0.views.values.sorted { $0.id < $1.id } }
  }

  /// The feature sets by name.
  public var sets: [RegisteredSet] {
    registry.withLock { $0.sets.values.sorted { $0.declaration.name < $1.declaration.name } }
  }

  public func stream(_ name: String) throws(StoreError) -> RegisteredStream {
    try registry.withLock { registry throws(StoreError) in try registry.stream(name) }
  }

  public func view(_ name: String) throws(StoreError) -> RegisteredView {
    try registry.withLock { registry throws(StoreError) in try registry.view(name) }
  }

  /// Throws `unknownSet`, with all that there are.
  public func set(_ name: String) throws(StoreError) -> RegisteredSet {
    try registry.withLock { registry throws(StoreError) in try registry.set(name) }
  }

  /// The views that are being built, by name.
  public var building: [BuildingView] {
    registry.withLock { registry in
      registry.building.values.sorted { $0.view.declaration.name < $1.view.declaration.name }
    }
  }

  /// Whether events of a stream go anywhere: into a view, or into what is kept.
  public func takesEvents(_ stream: String) -> Bool {
    registry.withLock { !$0.views(of: stream).isEmpty || $0.streams[stream]?.kept != nil }
  }

  /// Under which positions of a stream's sources stand: its views, and what it keeps.
  public func takers(of stream: String) -> [ViewID] {
    registry.withLock {
      $0.views(of: stream).map(\.id) + ($0.streams[stream]?.kept.map { [$0.taker] } ?? [])
    }
  }

  /// The views that take a stream's events in, those that are being built among them.
  public func views(of stream: String) -> [RegisteredView] {
    registry.withLock { $0.views(of: stream) }
  }

  /// A stream and views over it as they are in one moment: where a view has a column depends on what the stream
  /// is declared to have. Throws where a view was dropped.
  func together(
    _ stream: String, _ views: [RegisteredView]
  ) throws(StoreError) -> (stream: RegisteredStream, views: [RegisteredView]) {
    try registry.withLock { registry throws(StoreError) in
      let all = registry.views(of: stream)
      let current = try views.map { view throws(StoreError) in
        guard let found = all.first(where: { $0.id == view.id }) else {
          throw .invalid("view '\(view.declaration.name)' was dropped just now")
        }
        return found
      }
      return (try registry.stream(stream), current)
    }
  }

  /// Grows whenever something else than streaming writes has changed what is answered, or how: declarations,
  /// floors, bulk loads. Whoever keeps answers looks at it before giving one away.
  public var generation: UInt64 { changes.load(ordering: .acquiring) }

  /// How the names of files begin that are written for RocksDB to take in, another each time: loads write
  /// theirs side by side.
  func newLoadFiles() throws(StoreError) -> String {
    let number = loadFiles.add(1, ordering: .relaxed).newValue
    return try StoreLayout.makeLoadFolder(path) + "/\(number)-"
  }

  /// To be called once the change can be seen.
  func noteChange() { changes.add(1, ordering: .releasing) }

  /// Grows whenever an entity was forgotten, before `generation` does. Whoever holds what was read before lets
  /// go of it, and of the memory that it lies in.
  public var forgets: UInt64 { forgotten.load(ordering: .acquiring) }

  /// To be called with the writer's lock, once nothing of the entity can be read any more.
  func noteForgotten() { forgotten.add(1, ordering: .releasing) }

  func requireWritable() throws(StoreError) {
    if isReadOnly { throw .readOnly }
  }
}

extension StoreError {
  /// Runs storage calls and says of their errors that they are the storage's.
  static func wrap<Result: ~Copyable>(
    _ body: () throws(RocksError) -> Result
  ) throws(StoreError) -> Result {
    do { return try body() } catch { throw .storage(error) }
  }
}
