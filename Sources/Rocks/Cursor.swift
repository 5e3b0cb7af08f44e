// An ordered walk over the keys of one column family.
//
// The cursor owns its read options, and with them the bytes of its bounds: RocksDB keeps pointers
// into both for as long as the cursor lives.

internal import CRocksDB

/// A position in the sorted keys of a column family. It sees the database as it was when the cursor
/// was made (or as the snapshot in its options does). It starts nowhere: seek first.
///
/// A move past either end, or an error, makes it invalid; `check()` tells one from the other.
///
///     cursor.seek(to: start)
///     while cursor.isValid {
///       use(cursor.key, cursor.value)
///       cursor.next()
///     }
///     try cursor.check()
public struct Cursor: ~Copyable, @unchecked Sendable {
  // Unchecked: every change goes through a mutating method, so Swift's exclusivity orders them.
  private let iterator: OpaquePointer
  private let options: ReadOptions
  private let database: Database
  private let family: ColumnFamily

  /// Whether the cursor stands on a key.
  public private(set) var isValid = false

  init(_ database: Database, _ family: ColumnFamily, _ options: consuming ReadOptions) {
    iterator = rocksdb_create_iterator_cf(
      database.pointer, options.pointer(for: database), family.pointer)
    self.options = options
    self.database = database
    self.family = family
    database.viewWillBegin()
  }

  deinit {
    rocksdb_iter_destroy(iterator)
    database.viewDidEnd()
  }

  /// Where `isValid`, the key.
  private var current = UnsafeRawBufferPointer(start: nil, count: 0)

  /// The key. Borrowed from RocksDB until the next move. Requires `isValid`.
  @inline(__always)
  public var key: UnsafeRawBufferPointer {
    precondition(isValid, "The cursor stands on no key.")
    return current
  }

  /// The value. Borrowed from RocksDB until the next move. Requires `isValid`.
  public var value: UnsafeRawBufferPointer {
    precondition(isValid, "The cursor stands on no key.")
    var count = 0
    let start = rocksdb_iter_value(iterator, &count)
    return bytes(start, count)
  }

  /// Throws what stopped the cursor, if it was not the end of the keys.
  public func check() throws(RocksError) {
    try Rocks.check("scan \(family) of \(database.path)") { rocksdb_iter_get_error(iterator, $0) }
  }
}

extension Cursor {
  /// Moves to the first key that is not less than `key`.
  public mutating func seek(to key: UnsafeRawBufferPointer) {
    rocksdb_iter_seek(iterator, key.chars, key.count)
    settle()
  }

  /// Moves to the first key that is not less than `key`.
  public mutating func seek(to key: [UInt8]) {
    key.withUnsafeBytes { rocksdb_iter_seek(iterator, $0.chars, $0.count) }
    settle()
  }

  /// Moves to the last key that is not greater than `key`.
  public mutating func seekForPrevious(to key: UnsafeRawBufferPointer) {
    rocksdb_iter_seek_for_prev(iterator, key.chars, key.count)
    settle()
  }

  /// Moves to the last key that is not greater than `key`.
  public mutating func seekForPrevious(to key: [UInt8]) {
    key.withUnsafeBytes { rocksdb_iter_seek_for_prev(iterator, $0.chars, $0.count) }
    settle()
  }

  /// Moves to the first key within the bounds.
  public mutating func seekToFirst() {
    rocksdb_iter_seek_to_first(iterator)
    settle()
  }

  /// Moves to the last key within the bounds.
  public mutating func seekToLast() {
    rocksdb_iter_seek_to_last(iterator)
    settle()
  }

  /// Moves to the next greater key. Requires `isValid`.
  @inline(__always)
  public mutating func next() {
    precondition(isValid, "The cursor stands on no key.")
    rocksdb_iter_next(iterator)
    settle()
  }

  /// Moves to the next smaller key. Requires `isValid`.
  public mutating func previous() {
    precondition(isValid, "The cursor stands on no key.")
    rocksdb_iter_prev(iterator)
    settle()
  }

  /// Remembers validity and key, so that the checks before each use cost no call into RocksDB.
  @inline(__always)
  private mutating func settle() {
    isValid = rocksdb_iter_valid(iterator) != 0
    if !isValid { return }
    var count = 0
    let start = rocksdb_iter_key(iterator, &count)
    current = bytes(start, count)
  }
}

extension Database {
  /// A cursor over `family`. Takes the options, with their bounds and snapshot, for its own.
  ///
  /// - Complexity: a few microseconds; nothing is read before the first seek.
  public func cursor(in family: ColumnFamily, options: consuming ReadOptions) -> Cursor {
    Cursor(self, family, options)
  }

  /// A cursor over the newest state of `family`, without bounds.
  public func cursor(in family: ColumnFamily) -> Cursor { Cursor(self, family, ReadOptions()) }
}
