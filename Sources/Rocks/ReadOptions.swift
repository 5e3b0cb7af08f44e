// How a read is done, and what it may see.
//
// RocksDB borrows the bytes of a cursor's bounds and the snapshot instead of copying them, which is
// the usual way for a wrapper to read freed memory. So this object owns the bytes and retains the
// snapshot, and a cursor owns this object.

internal import CRocksDB

/// Settings of point reads and cursors. Immutable, so one object may serve any number of threads.
public struct ReadOptions: ~Copyable, @unchecked Sendable {
  // Unchecked: nothing is changed after `init`.
  let pointer: OpaquePointer
  private let snapshot: Snapshot?
  private let lowerBound: UnsafeMutableRawBufferPointer?
  private let upperBound: UnsafeMutableRawBufferPointer?

  /// - Parameters:
  ///   - snapshot: the state to read; nil for the newest at each read (at its making, for a
  ///     cursor).
  ///   - lowerBound: the first key a cursor may show; copied.
  ///   - upperBound: the key before which a cursor ends; copied.
  ///   - verifyChecksums: checks every block that is read from a file. Free of measurable cost.
  ///   - fillCache: keeps the blocks that were read in the block cache. Turn off for large scans.
  ///   - readaheadBytes: how much a cursor reads in advance from files; 0 adapts by itself.
  ///   - pinData: keeps every block a cursor has passed in memory until the cursor ends.
  ///   - cacheOnly: reads no files; what is not in memory fails with `incomplete`.
  public init(
    snapshot: Snapshot? = nil, lowerBound: [UInt8]? = nil, upperBound: [UInt8]? = nil,
    verifyChecksums: Bool = true, fillCache: Bool = true, readaheadBytes: Int = 0,
    pinData: Bool = false, cacheOnly: Bool = false
  ) {
    pointer = rocksdb_readoptions_create()
    self.snapshot = snapshot
    self.lowerBound = lowerBound.map(copyOfBytes)
    self.upperBound = upperBound.map(copyOfBytes)
    rocksdb_readoptions_set_verify_checksums(pointer, verifyChecksums.flag)
    rocksdb_readoptions_set_fill_cache(pointer, fillCache.flag)
    rocksdb_readoptions_set_readahead_size(pointer, readaheadBytes)
    rocksdb_readoptions_set_pin_data(pointer, pinData.flag)
    if cacheOnly { rocksdb_readoptions_set_read_tier(pointer, 1) }
    if let snapshot { rocksdb_readoptions_set_snapshot(pointer, snapshot.pointer) }
    if let bound = self.lowerBound {
      let bound = UnsafeRawBufferPointer(bound)
      rocksdb_readoptions_set_iterate_lower_bound(pointer, bound.chars, bound.count)
    }
    if let bound = self.upperBound {
      let bound = UnsafeRawBufferPointer(bound)
      rocksdb_readoptions_set_iterate_upper_bound(pointer, bound.chars, bound.count)
    }
  }

  deinit {
    rocksdb_readoptions_destroy(pointer)
    lowerBound?.deallocate()
    upperBound?.deallocate()
  }

  /// The C handle, for a read of `database`; traps when the snapshot is another database's.
  @inline(__always)
  func pointer(for database: Database) -> OpaquePointer {
    if let snapshot {
      precondition(snapshot.database === database, "The snapshot is of another database.")
    }
    return pointer
  }
}

/// Bytes that stay where they are until they are deallocated, with room for one so that the address
/// is never null.
private func copyOfBytes(_ source: [UInt8]) -> UnsafeMutableRawBufferPointer {
  let room = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, source.count), alignment: 1)
  room.copyBytes(from: source)
  return UnsafeMutableRawBufferPointer(rebasing: room[..<source.count])
}
