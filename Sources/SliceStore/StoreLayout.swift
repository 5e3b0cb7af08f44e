// How the store sits in RocksDB: its column families and their options, in one place. The figures behind
// the choices are in docs/internals/storage-format.md.
import Glibc
import Rocks

enum StoreLayout {
  /// RocksDB's own sign of a database.
  static func exists(at path: String) -> Bool { access(path + "/CURRENT", F_OK) == 0 }

  static func open(
    _ path: String, _ mode: StoreMode, _ options: StoreOptions, _ retention: RetentionFilter
  ) throws(RocksError) -> Database {
    var database = DatabaseOptions()
    database.maxBackgroundJobs = max(2, options.threads)
    database.maxSubcompactions = max(1, options.threads)
    database.maxTotalWALBytes = 256 << 20
    var meta = ColumnFamilyOptions("meta")
    meta.writeBufferBytes = 1 << 20
    var slices = sliceOptions()
    if !options.compressesTables {
      (slices.compression, slices.bottommostCompression) = (.none, nil)
    }
    slices.blockCache = BlockCache(capacity: options.cacheBytes)
    slices.mergeOperator = BlockMergeOperator()
    slices.compactionFilter = retention
    let opened = try Database.open(
      path, options: database, columnFamilies: [meta, slices], mode: mode.databaseMode)
    if mode != .readOnly { removeStaleLoads(path) }
    return opened
  }

  /// What RocksDB reads and caches at a time.
  static let blockBytes = 16 << 10

  /// The options that the store writes table files with.
  static func sliceOptions() -> ColumnFamilyOptions {
    var slices = ColumnFamilyOptions("slices")
    slices.writeBufferBytes = 64 << 20
    slices.maxWriteBufferNumber = 3
    slices.blockBytes = blockBytes
    slices.compression = .lz4
    slices.bottommostCompression = .zstd
    return slices
  }

  /// The options that bulk loads write their files with: as for upper levels, since most of what is loaded
  /// is merged with more of its kind, and the last level's compression is compaction's work.
  static func loadOptions() -> ColumnFamilyOptions {
    var slices = sliceOptions()
    slices.bottommostCompression = nil
    return slices
  }

  /// Where bulk loads write their files before they are taken in; on the store's own file system, so that
  /// taking them in is a rename.
  static func loadFolder(_ path: String) -> String { path + "/loading" }

  /// The same folder, made where it is not there.
  static func makeLoadFolder(_ path: String) throws(StoreError) -> String {
    let folder = loadFolder(path)
    if mkdir(folder, 0o755) != 0, errno != EEXIST {
      throw .invalid("cannot make \(folder): \(String(cString: strerror(errno)))")
    }
    return folder
  }

  /// Writes a file for RocksDB to take in; after an error nothing stays of it.
  static func writeLoad(
    _ path: String, _ put: (inout SSTWriter) throws(RocksError) -> Void
  ) throws(StoreError) {
    do throws(RocksError) {
      var writer = try SSTWriter(path: path, family: loadOptions())
      try put(&writer)
      _ = try writer.finish()
    } catch {
      unlink(path)
      throw .storage(error)
    }
  }

  private static func removeStaleLoads(_ path: String) {
    let folder = loadFolder(path)
    guard let directory = opendir(folder) else { return }
    defer { closedir(directory) }
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name.hasSuffix(".sst") { unlink(folder + "/" + name) }
    }
  }
}

extension StoreMode {
  var databaseMode: Database.Mode {
    switch self {
    case .create: .create
    case .existing: .existing
    case .readOnly: .readOnly
    }
  }
}
