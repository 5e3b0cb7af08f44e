// What a database tells about itself: properties, statistics, files, sizes, health.

internal import CRocksDB

extension Database {
  /// One of RocksDB's properties as text, for example `rocksdb.stats`; nil for an unknown name.
  public func property(_ name: String, in family: ColumnFamily) -> String? {
    rocksdb_property_value_cf(pointer, family.pointer, name).map(takeString)
  }

  /// One of RocksDB's properties that are numbers, for example `rocksdb.estimate-num-keys`; nil for
  /// an unknown name.
  public func integerProperty(_ name: String, in family: ColumnFamily) -> UInt64? {
    var value: UInt64 = 0
    let status = rocksdb_property_int_cf(pointer, family.pointer, name, &value)
    return status == 0 ? value : nil
  }

  /// All counters and histograms as text; nil unless `DatabaseOptions.collectsStatistics` was set.
  public var statistics: String? {
    rocksdb_options_statistics_get_string(options.pointer).map(takeString)
  }

  /// The number of the last change; every change adds one.
  public var latestSequenceNumber: UInt64 { rocksdb_get_latest_sequence_number(pointer) }

  /// The size of the table files' part from `lower` to `upper` (half-open; nil `upper` for an open
  /// end), in bytes, by their indexes. Memory is not counted.
  public func approximateSize(
    of family: ColumnFamily, from lower: [UInt8] = [], to upper: [UInt8]? = nil
  ) throws(RocksError) -> UInt64 {
    // The C interface has no open end here; no key of ours reaches this one.
    let upper = upper ?? [UInt8](repeating: 0xFF, count: 64)
    return try withBounds(lower, upper) { (low, lowCount, high, highCount) throws(RocksError) in
      var size: UInt64 = 0
      var (low, lowCount, high, highCount) = (low, lowCount, high, highCount)
      try check("measure \(family) of \(path)") {
        rocksdb_approximate_sizes_cf(
          pointer, family.pointer, 1, &low, &lowCount, &high, &highCount, &size, $0)
      }
      return size
    }
  }

  /// Whether RocksDB has run into trouble in the background, or holds writers back.
  public struct Health: Hashable, Sendable {
    /// Flushes and compactions that failed since opening.
    public var backgroundErrors: UInt64
    /// Writers have to wait.
    public var isWriteStopped: Bool
    /// Writers are slowed down to this many bytes a second; 0 when they are not.
    public var delayedWriteRate: UInt64
    /// Flushes and compactions that are running.
    public var runningJobs: UInt64

    /// No failure in the background, and no writer is held back.
    public var isGood: Bool { backgroundErrors == 0 && !isWriteStopped && delayedWriteRate == 0 }
  }

  /// The health of the database now.
  public var health: Health {
    func number(_ name: String) -> UInt64 { integerProperty(name, in: defaultFamily) ?? 0 }
    return Health(
      backgroundErrors: number("rocksdb.background-errors"),
      isWriteStopped: number("rocksdb.is-write-stopped") != 0,
      delayedWriteRate: number("rocksdb.actual-delayed-write-rate"),
      runningJobs: number("rocksdb.num-running-flushes")
        + number("rocksdb.num-running-compactions"))
  }
}

/// One table file of a database.
public struct LiveFile: Hashable, Sendable {
  /// The family whose keys it holds.
  public var family: String
  /// Its name, which starts with a slash, in the database's directory.
  public var name: String
  /// The level it is in; 0 is the newest.
  public var level: Int
  /// Its size in bytes.
  public var byteCount: Int
  /// The smallest and the largest key in it.
  public var smallestKey: [UInt8]
  public var largestKey: [UInt8]
  /// Entries of all kinds in it, and the deletions among them.
  public var entries: UInt64
  public var deletions: UInt64
}

extension Database {
  /// The table files of all families.
  public func liveFiles() -> [LiveFile] {
    guard let list = rocksdb_livefiles(pointer) else { return [] }
    defer { rocksdb_livefiles_destroy(list) }
    return (0..<rocksdb_livefiles_count(list)).map { index in
      var smallCount = 0
      var largeCount = 0
      let small = rocksdb_livefiles_smallestkey(list, index, &smallCount)
      let large = rocksdb_livefiles_largestkey(list, index, &largeCount)
      return LiveFile(
        family: String(cString: rocksdb_livefiles_column_family_name(list, index)),
        name: String(cString: rocksdb_livefiles_name(list, index)),
        level: Int(rocksdb_livefiles_level(list, index)),
        byteCount: rocksdb_livefiles_size(list, index),
        smallestKey: [UInt8](bytes(small, smallCount)),
        largestKey: [UInt8](bytes(large, largeCount)),
        entries: rocksdb_livefiles_entries(list, index),
        deletions: rocksdb_livefiles_deletions(list, index))
    }
  }
}
