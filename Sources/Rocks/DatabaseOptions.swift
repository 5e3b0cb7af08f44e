// The options of a database as a whole: threads, log, recovery. What belongs to one column family
// is in ColumnFamilyOptions.

internal import CRocksDB

/// How a database is opened and run.
public struct DatabaseOptions: Sendable {
  /// Threads for flushes and compactions together.
  public var maxBackgroundJobs = 2
  /// Threads that may share one compaction.
  public var maxSubcompactions = 1
  /// Table files kept open; -1 keeps all of them open, which is the fastest.
  public var maxOpenFiles = -1
  /// Checks files and their records harder, and stops writing at the first corruption found.
  public var paranoidChecks = true
  /// What to make of a write-ahead log whose end is damaged.
  public var walRecovery = WALRecovery.pointInTime
  /// Size of all write-ahead logs together that forces a flush, in bytes; 0 chooses by the write
  /// buffers.
  public var maxTotalWALBytes = 0
  /// Asks the system to write the log out every so many bytes, which evens out the input and
  /// output; no promise of durability. 0: leave it to the system.
  public var walBytesPerSync = 0
  /// The same for table files.
  public var bytesPerSync = 0
  /// Counts what RocksDB does, for `Database.statistics`. Costs a few per cent.
  public var collectsStatistics = false
  /// The least serious message in RocksDB's own log file, `LOG`.
  public var infoLogLevel = InfoLogLevel.warning
  /// Old `LOG` files to keep.
  public var keptInfoLogs = 4
  /// Further options in RocksDB's own notation; see `ColumnFamilyOptions.extra`.
  public var extra: [String: String] = [:]

  /// The options at the values given above.
  public init() {}

  /// What to make of a write-ahead log that does not end well. The raw values are RocksDB's.
  public enum WALRecovery: Int32, Sendable {
    /// Drops an unfinished record at the end, refuses any other damage.
    case tolerateUnfinishedTail = 0
    /// Refuses any damage.
    case absoluteConsistency = 1
    /// Keeps all up to the first damaged record.
    case pointInTime = 2
    /// Keeps whatever can be read. For salvage only: writes may be lost from the middle.
    case skipDamagedRecords = 3
  }

  /// How serious a message must be to be logged. The raw values are RocksDB's.
  public enum InfoLogLevel: Int32, Sendable {
    case debug = 0
    case info = 1
    case warning = 2
    case error = 3
    case fatal = 4
  }

  /// RocksDB's options. Throws `invalidArgument` when `extra` names an unknown one.
  func makeOptions(mode: Database.Mode) throws(RocksError) -> OptionsHandle {
    let handle = OptionsHandle()
    let options = handle.pointer
    rocksdb_options_set_create_if_missing(options, (mode == .create).flag)
    rocksdb_options_set_create_missing_column_families(options, (mode == .create).flag)
    rocksdb_options_set_max_background_jobs(options, Int32(maxBackgroundJobs))
    rocksdb_options_set_max_subcompactions(options, UInt32(maxSubcompactions))
    rocksdb_options_set_max_open_files(options, Int32(maxOpenFiles))
    rocksdb_options_set_paranoid_checks(options, paranoidChecks.flag)
    rocksdb_options_set_wal_recovery_mode(options, walRecovery.rawValue)
    rocksdb_options_set_max_total_wal_size(options, UInt64(maxTotalWALBytes))
    rocksdb_options_set_wal_bytes_per_sync(options, UInt64(walBytesPerSync))
    rocksdb_options_set_bytes_per_sync(options, UInt64(bytesPerSync))
    rocksdb_options_set_info_log_level(options, infoLogLevel.rawValue)
    rocksdb_options_set_keep_log_file_num(options, keptInfoLogs)
    if collectsStatistics { rocksdb_options_enable_statistics(options) }
    return try handle.applying(extra)
  }
}
