// What keeps a database in shape: flushes, compactions, checkpoints, dropping whole files, and
// changing options while it runs.

internal import CRocksDB
internal import Foundation
internal import Glibc

extension Database {
  /// Lets flushes and compactions of this process go behind all other threads where cores are few; to be called
  /// once a database is open. It cannot be taken back.
  ///
  /// Flushes have the lowest of the usual priorities, since writers wait for them in the end. Compactions run
  /// only when nothing else wants the core: a thread of a usual priority, however low, keeps the core for some
  /// milliseconds once it has it, whoever wakes up meanwhile.
  public static func lowerBackgroundPriority() {
    // SCHED_IDLE of Linux, which Glibc's module does not have.
    let idlePolicy: Int32 = 5
    // The default environment is one for the process; the object is a name for it.
    let environment: OpaquePointer = rocksdb_create_default_env()
    defer { rocksdb_env_destroy(environment) }
    rocksdb_env_lower_high_priority_thread_pool_cpu_priority(environment)
    // The C interface cannot say it of the pool; its threads are there once a database is open.
    let threads = "/proc/self/task"
    for thread in (try? FileManager.default.contentsOfDirectory(atPath: threads)) ?? [] {
      guard let name = try? String(contentsOfFile: "\(threads)/\(thread)/comm", encoding: .utf8),
        name.hasPrefix("rocksdb:low"), let number = pid_t(thread)
      else { continue }
      var parameters = sched_param()
      _ = sched_setscheduler(number, idlePolicy, &parameters)
    }
  }

  /// Writes what is in memory of each of `families` to table files.
  ///
  /// - Parameter wait: returns only when it is done; otherwise when it has begun.
  public func flush(_ families: [ColumnFamily], wait: Bool = true) throws(RocksError) {
    let options: OpaquePointer = rocksdb_flushoptions_create()
    defer { rocksdb_flushoptions_destroy(options) }
    rocksdb_flushoptions_set_wait(options, wait.flag)
    for family in families {
      try check("flush \(family) of \(path)") {
        rocksdb_flush_cf(pointer, options, family.pointer, $0)
      }
    }
  }

  /// Hands the write-ahead log to the system and, with `sync`, waits until it is on the disk: all
  /// writes so far then survive the end of the machine, those without a log excepted.
  public func flushWAL(sync: Bool) throws(RocksError) {
    try check("flush the log of \(path)") { rocksdb_flush_wal(pointer, sync.flag, $0) }
  }

  /// Makes a database in the new directory `destination` that has the state of this one now, by
  /// hard links where it is on the same file system.
  ///
  /// - Parameter flushAboveWALBytes: the memory is flushed first if the logs are larger than this;
  ///   otherwise they are copied. 0 always flushes.
  ///
  /// Throws `invalidArgument` when the directory exists.
  public func createCheckpoint(
    at destination: String, flushAboveWALBytes: UInt64 = 0
  ) throws(RocksError) {
    let checkpoint = try check("prepare a checkpoint of \(path)") {
      rocksdb_checkpoint_object_create(pointer, $0)
    }
    defer { rocksdb_checkpoint_object_destroy(checkpoint) }
    try check("create checkpoint \(destination) of \(path)") {
      rocksdb_checkpoint_create(checkpoint, destination, flushAboveWALBytes, $0)
    }
  }

  /// What `compactRange` does with the last level.
  public enum BottommostCompaction: UInt8, Sendable {
    /// Leaves it alone, unless levels above have data for it.
    case skip = 0
    /// Rewrites it if there is a compaction filter.
    case ifFilter = 1
    /// Rewrites all of it.
    case force = 2
    /// Rewrites it, except files that this very compaction has made.
    case forceOptimized = 3
  }

  /// Compacts the keys from `lower` to `upper` (nil for an open end) down to the last level, and
  /// waits for the end. Data in memory that is in the range is flushed first.
  ///
  /// The C interface does not report failures of this call; `health` does.
  public func compactRange(
    in family: ColumnFamily, from lower: [UInt8]? = nil, to upper: [UInt8]? = nil,
    bottommost: BottommostCompaction = .ifFilter
  ) {
    let options: OpaquePointer = rocksdb_compactoptions_create()
    defer { rocksdb_compactoptions_destroy(options) }
    rocksdb_compactoptions_set_bottommost_level_compaction(options, bottommost.rawValue)
    // Without this the call would wait for, and then hold up, all automatic compactions.
    rocksdb_compactoptions_set_exclusive_manual_compaction(options, 0)
    withBounds(lower, upper) { low, lowCount, high, highCount in
      rocksdb_compact_range_cf_opt(
        pointer, family.pointer, options, low, lowCount, high, highCount)
    }
  }

  /// Drops every table file whose keys all lie in the *closed* range from `lower` to `upper` (nil
  /// for an open end), at once and without a trace in the log. Keys of the range in other files, in
  /// level 0 and in memory stay: follow it with `deleteRange`.
  ///
  /// Snapshots lose the keys too.
  public func deleteFiles(
    in family: ColumnFamily, from lower: [UInt8]?, through upper: [UInt8]?
  ) throws(RocksError) {
    try withBounds(lower, upper) { (low, lowCount, high, highCount) throws(RocksError) in
      try check("delete files of \(family) of \(path)") {
        rocksdb_delete_file_in_range_cf(
          pointer, family.pointer, low, lowCount, high, highCount, $0)
      }
    }
  }

  /// Changes options of a family while the database runs, in RocksDB's own notation, for example
  /// `["disable_auto_compactions": "true"]`. Throws `invalidArgument` for one that cannot be
  /// changed.
  public func setOptions(
    _ changes: [String: String], in family: ColumnFamily
  ) throws(RocksError) {
    let pairs = changes.sorted { $0.key < $1.key }
    let names = CStringList(pairs.map(\.key))
    let values = CStringList(pairs.map(\.value))
    try check("change options of \(family) of \(path)") {
      rocksdb_set_options_cf(
        pointer, family.pointer, Int32(pairs.count), names.pointers, values.pointers, $0)
    }
  }
}
