// Writing: batches, and single changes for where a batch would be ceremony.

internal import CRocksDB

extension Database {
  /// Applies all changes of `batch`, atomically, in order. The batch is not cleared.
  ///
  /// - Parameters:
  ///   - sync: returns only when the change is on the disk. Otherwise it survives the end of the
  ///     process at once, and that of the machine only after the next `flushWAL(sync: true)`.
  ///   - disableWAL: writes no log: what was not flushed, by `flush` or `close`, is lost when the
  ///     process is killed.
  ///
  /// Throws `notSupported` for a read-only database, `ioError`, `corruption`, and `invalidArgument`
  /// for `sync` together with `disableWAL`.
  public func write(
    _ batch: borrowing WriteBatch, sync: Bool = false, disableWAL: Bool = false
  ) throws(RocksError) {
    let changes = batch.pointer
    let how = writeOptions.pointer(sync: sync, disableWAL: disableWAL)
    try check("write \(rocksdb_writebatch_count(changes)) changes to \(path)") {
      rocksdb_write(pointer, how, changes, $0)
    }
  }

  /// Sets the value at `key`.
  public func put(
    key: [UInt8], value: [UInt8], in family: ColumnFamily, sync: Bool = false
  ) throws(RocksError) {
    var batch = WriteBatch()
    batch.put(key: key, value: value, in: family)
    try write(batch, sync: sync)
  }

  /// Adds an operand for the family's merge operator to the value at `key`.
  public func merge(
    key: [UInt8], value: [UInt8], in family: ColumnFamily, sync: Bool = false
  ) throws(RocksError) {
    var batch = WriteBatch()
    batch.merge(key: key, value: value, in: family)
    try write(batch, sync: sync)
  }

  /// Removes `key`, if it is there.
  public func delete(
    key: [UInt8], in family: ColumnFamily, sync: Bool = false
  ) throws(RocksError) {
    var batch = WriteBatch()
    batch.delete(key: key, in: family)
    try write(batch, sync: sync)
  }

  /// Removes all keys in the half-open range from `lower` to `upper`, by one marker that reads and
  /// compactions honour. The space comes back with compaction.
  public func deleteRange(
    from lower: [UInt8], to upper: [UInt8], in family: ColumnFamily, sync: Bool = false
  ) throws(RocksError) {
    var batch = WriteBatch()
    batch.deleteRange(from: lower, to: upper, in: family)
    try write(batch, sync: sync)
  }
}

/// The four ways to write, made once instead of at every write.
struct WriteOptionsSet: ~Copyable {
  private let options: [OpaquePointer]

  init() {
    options = (0..<4).map { index in
      let made: OpaquePointer = rocksdb_writeoptions_create()
      rocksdb_writeoptions_set_sync(made, UInt8(index & 1))
      rocksdb_writeoptions_disable_WAL(made, Int32(index >> 1))
      return made
    }
  }

  deinit { for made in options { rocksdb_writeoptions_destroy(made) } }

  func pointer(sync: Bool, disableWAL: Bool) -> OpaquePointer {
    options[(sync ? 1 : 0) + (disableWAL ? 2 : 0)]
  }
}
