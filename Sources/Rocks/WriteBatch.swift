// Changes that are applied together or not at all.

internal import CRocksDB

/// A list of changes, in order, to any families of one database. `Database.write` applies it
/// atomically. Keys and values are copied into it.
///
/// Not `Sendable`: writing a batch stamps a sequence number into it, so one batch must not be
/// written by two threads at once.
public struct WriteBatch: ~Copyable {
  let pointer: OpaquePointer

  /// An empty batch.
  public init() { pointer = rocksdb_writebatch_create() }

  deinit { rocksdb_writebatch_destroy(pointer) }

  /// The number of changes.
  public var count: Int { Int(rocksdb_writebatch_count(pointer)) }

  /// Whether there are no changes.
  public var isEmpty: Bool { count == 0 }

  /// The size of the batch as it will stand in the write-ahead log, in bytes.
  public var byteCount: Int {
    var count = 0
    _ = rocksdb_writebatch_data(pointer, &count)
    return count
  }

  /// Drops all changes and keeps the memory.
  public mutating func clear() { rocksdb_writebatch_clear(pointer) }

  /// Sets the value at `key`.
  public mutating func put(
    key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer, in family: ColumnFamily
  ) {
    rocksdb_writebatch_put_cf(
      pointer, family.pointer, key.chars, key.count, value.chars, value.count)
  }

  /// Adds an operand for the family's merge operator to the value at `key`.
  public mutating func merge(
    key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer, in family: ColumnFamily
  ) {
    rocksdb_writebatch_merge_cf(
      pointer, family.pointer, key.chars, key.count, value.chars, value.count)
  }

  /// Removes `key`, if it is there.
  public mutating func delete(key: UnsafeRawBufferPointer, in family: ColumnFamily) {
    rocksdb_writebatch_delete_cf(pointer, family.pointer, key.chars, key.count)
  }

  /// Removes all keys in the half-open range from `lower` to `upper`.
  public mutating func deleteRange(
    from lower: UnsafeRawBufferPointer, to upper: UnsafeRawBufferPointer, in family: ColumnFamily
  ) {
    rocksdb_writebatch_delete_range_cf(
      pointer, family.pointer, lower.chars, lower.count, upper.chars, upper.count)
  }
}

extension WriteBatch {
  /// Sets the value at `key`.
  public mutating func put(key: [UInt8], value: [UInt8], in family: ColumnFamily) {
    key.withUnsafeBytes { key in
      value.withUnsafeBytes { value in put(key: key, value: value, in: family) }
    }
  }

  /// Adds an operand for the family's merge operator to the value at `key`.
  public mutating func merge(key: [UInt8], value: [UInt8], in family: ColumnFamily) {
    key.withUnsafeBytes { key in
      value.withUnsafeBytes { value in merge(key: key, value: value, in: family) }
    }
  }

  /// Removes `key`, if it is there.
  public mutating func delete(key: [UInt8], in family: ColumnFamily) {
    key.withUnsafeBytes { delete(key: $0, in: family) }
  }

  /// Removes all keys in the half-open range from `lower` to `upper`.
  public mutating func deleteRange(
    from lower: [UInt8], to upper: [UInt8], in family: ColumnFamily
  ) {
    lower.withUnsafeBytes { lower in
      upper.withUnsafeBytes { upper in deleteRange(from: lower, to: upper, in: family) }
    }
  }
}
