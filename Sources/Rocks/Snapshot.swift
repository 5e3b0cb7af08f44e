// A frozen view of a database.
//
// It is a class, not a noncopyable struct, because the threads of one job share it and every
// `ReadOptions` that names it must keep it alive.

internal import CRocksDB

/// The state of a database at one moment; reads through it ignore all later writes. Safe to share
/// between threads. While it lives, compactions keep what it can see, so do not hold it for long.
///
/// A compaction filter ignores snapshots: what it removes is gone from them too.
public final class Snapshot: @unchecked Sendable {
  // Unchecked: nothing in it changes.
  let database: Database
  let pointer: OpaquePointer

  init(of database: Database) {
    self.database = database
    pointer = rocksdb_create_snapshot(database.pointer)
    database.viewWillBegin()
  }

  deinit {
    rocksdb_release_snapshot(database.pointer, pointer)
    database.viewDidEnd()
  }
}

extension Database {
  /// The state of the database now.
  ///
  /// - Complexity: constant.
  public func snapshot() -> Snapshot { Snapshot(of: self) }
}
