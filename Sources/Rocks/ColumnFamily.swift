// The handle by which operations name a column family.
//
// It is a bare pointer, free to copy: the database owns what it points to.

internal import CRocksDB

/// A column family of an open database. Trivially copyable, and valid only as long as the
/// `Database` it came from is open: using it later is a programmer error that is not detected.
public struct ColumnFamily: @unchecked Sendable {
  // Unchecked: RocksDB never changes what the pointer refers to while the database is open.
  let pointer: OpaquePointer

  /// The family's number inside its database, which never changes.
  public var id: UInt32 { rocksdb_column_family_handle_get_id(pointer) }

  /// The family's name.
  ///
  /// - Complexity: copies the name.
  public var name: String {
    var count = 0
    guard let text = rocksdb_column_family_handle_get_name(pointer, &count) else { return "" }
    defer { rocksdb_free(text) }
    return String(decoding: bytes(text, count), as: UTF8.self)
  }
}

extension ColumnFamily: CustomStringConvertible {
  public var description: String { name }
}
