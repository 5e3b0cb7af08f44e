// A value that was read without copying it: a view into RocksDB's own block.

internal import CRocksDB

/// The bytes of one value, held in RocksDB's memory until this object ends. It keeps its database
/// alive.
public struct PinnedBytes: ~Copyable, @unchecked Sendable {
  // Unchecked: the bytes do not change.
  private let slice: OpaquePointer
  private let database: Database

  /// The value. Valid only while this object lives; prefer `withBytes`, which cannot get that
  /// wrong.
  public let bytes: UnsafeRawBufferPointer

  init(slice: OpaquePointer, database: Database) {
    self.slice = slice
    self.database = database
    bytes = contents(of: slice)
    database.viewWillBegin()
  }

  deinit {
    rocksdb_pinnableslice_destroy(slice)
    database.viewDidEnd()
  }

  /// The number of bytes.
  public var count: Int { bytes.count }

  /// Calls `body` with the value, which is borrowed for the length of the call.
  public func withBytes<Result: ~Copyable, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(bytes)
  }

  /// A copy of the value.
  public func copy() -> [UInt8] { [UInt8](bytes) }
}

/// The bytes that a pinnable slice of the C interface refers to.
@inline(__always)
func contents(of slice: OpaquePointer) -> UnsafeRawBufferPointer {
  var count = 0
  let start = rocksdb_pinnableslice_value(slice, &count)
  return bytes(start, count)
}
