// An open RocksDB: opening, closing, and the one place that owns the C handles.
//
// The class exists so that a database can be shared between threads and kept in other objects.
// Everything that points into it (cursors, snapshots, pinned values) keeps it alive, so the handles
// are released when the last user is gone, whatever order that happens in.

internal import CRocksDB
internal import Synchronization

/// An open database. All operations may be called from any number of threads at once, except
/// `close()`.
public final class Database: @unchecked Sendable {
  // Unchecked: the stored pointers never change, RocksDB does its own locking, and the rest is
  // atomic or immutable.

  /// How to open.
  public enum Mode: Sendable {
    /// Makes the database and any missing family.
    case create
    /// The database and the families must be there.
    case existing
    /// As `existing`, for reading only. Takes no lock, so it works beside a writer, and shows the
    /// state at the time of opening.
    case readOnly
  }

  /// The directory.
  public let path: String
  /// How it was opened.
  public let mode: Mode

  private let handle: OpaquePointer
  private let families: [String: ColumnFamily]
  private let isClosed = Atomic<Bool>(false)
  /// Cursors, snapshots and pinned values that are alive.
  private let views = Atomic<Int>(0)

  /// Kept because the statistics are reached through the options they were switched on in.
  let options: OptionsHandle
  let defaultReadOptions = ReadOptions()
  let writeOptions = WriteOptionsSet()

  /// Opens the database in the directory `path`.
  ///
  /// `columnFamilies` must name every family that the database has, `default` excepted (read-only
  /// opening may leave some out); `families(at:)` lists them.
  ///
  /// Throws `databaseMissing` when there is none and the mode does not make one, `locked` when
  /// another process or another `Database` has it open for writing, `invalidArgument` for families
  /// that do not match, `corruption`, `ioError`.
  public static func open(
    _ path: String, options: DatabaseOptions = DatabaseOptions(),
    columnFamilies: [ColumnFamilyOptions], mode: Mode
  ) throws(RocksError) -> Database {
    try Database(path: path, options: options, columnFamilies: columnFamilies, mode: mode)
  }

  private init(
    path: String, options: DatabaseOptions, columnFamilies: [ColumnFamilyOptions], mode: Mode
  ) throws(RocksError) {
    var described = columnFamilies
    if !described.contains(where: { $0.name == Self.defaultFamilyName }) {
      described.append(ColumnFamilyOptions(Self.defaultFamilyName))
    }
    let names = described.map(\.name)
    guard Set(names).count == names.count else {
      throw RocksError(
        code: .invalidArgument, message: "a column family is named twice",
        operation: "open \(path)")
    }
    self.options = try options.makeOptions(mode: mode)
    var lowered: [OptionsHandle] = []
    for family in described { lowered.append(try family.makeOptions()) }
    let opened = try openHandles(path, self.options, names: names, lowered, mode: mode)
    self.path = path
    self.mode = mode
    handle = opened.database
    families = Dictionary(uniqueKeysWithValues: zip(names, opened.families))
  }

  deinit { release() }

  /// Closes the database now, rather than when its last user lets go of it, so that it can be
  /// opened again at once. Waits for the background work that is under way, and flushes what was
  /// written without a log. Calling it twice does nothing.
  ///
  /// No other thread may be using the database, and no cursor, snapshot or pinned value of it may
  /// be alive (checked). Any later operation on it is a programmer error (checked).
  public func close() { release() }

  private func release() {
    guard !isClosed.exchange(true, ordering: .acquiringAndReleasing) else { return }
    precondition(
      views.load(ordering: .acquiring) == 0,
      "A cursor, a snapshot or a pinned value is still open while its database is closed.")
    for family in families.values { rocksdb_column_family_handle_destroy(family.pointer) }
    rocksdb_close(handle)
  }
}

extension Database {
  /// The name of the family that every database has.
  public static var defaultFamilyName: String { "default" }

  /// The family that every database has.
  public var defaultFamily: ColumnFamily { families[Self.defaultFamilyName]! }

  /// The names of the families that were opened, sorted.
  public var familyNames: [String] { families.keys.sorted() }

  /// The family called `name`. Throws `notFound` if it was not named when opening.
  public func family(_ name: String) throws(RocksError) -> ColumnFamily {
    if let family = families[name] { return family }
    throw RocksError(
      code: .notFound, message: "no column family '\(name)' was opened", operation: "use \(path)")
  }

  /// The names of all families of the database in the directory `path`, which need not be open.
  public static func families(at path: String) throws(RocksError) -> [String] {
    let options = OptionsHandle()
    var count = 0
    let list = try check("list the column families of \(path)") {
      rocksdb_list_column_families(options.pointer, path, &count, $0)
    }
    guard let list else { return [] }
    defer { rocksdb_list_column_families_destroy(list, count) }
    return (0..<count).compactMap { list[$0].map { String(cString: $0) } }
  }

  /// The C handle; traps when the database was closed.
  @inline(__always)
  var pointer: OpaquePointer {
    precondition(!isClosed.load(ordering: .relaxed), "The database was closed.")
    return handle
  }

  /// Counts something that points into this database, until `viewDidEnd`.
  @inline(__always)
  func viewWillBegin() { views.wrappingAdd(1, ordering: .relaxed) }

  @inline(__always)
  func viewDidEnd() { views.wrappingSubtract(1, ordering: .releasing) }
}

/// Opens a database with its families, in the order of `names`.
private func openHandles(
  _ path: String, _ options: OptionsHandle, names: [String], _ familyOptions: [OptionsHandle],
  mode: Database.Mode
) throws(RocksError) -> (database: OpaquePointer, families: [ColumnFamily]) {
  let names = CStringList(names)
  let count = Int32(familyOptions.count)
  let optionPointers: [OpaquePointer?] = familyOptions.map(\.pointer)
  var handles = [OpaquePointer?](repeating: nil, count: familyOptions.count)
  let database = try check("open \(path)") { error in
    switch mode {
    case .create, .existing:
      rocksdb_open_column_families(
        options.pointer, path, count, names.pointers, optionPointers, &handles, error)
    case .readOnly:
      rocksdb_open_for_read_only_column_families(
        options.pointer, path, count, names.pointers, optionPointers, &handles, 0, error)
    }
  }
  withExtendedLifetime(familyOptions) {}
  return (database!, handles.map { ColumnFamily(pointer: $0!) })
}
