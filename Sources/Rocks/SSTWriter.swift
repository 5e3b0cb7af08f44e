// Sorted table files that are written outside a database and then taken into it whole: the fast way
// in for bulk loads.

internal import CRocksDB

/// Writes one table file. Keys must come in strictly ascending order of their bytes.
///
/// Several files may be written at the same time by different threads; one writer serves one
/// thread. A writer that ends without `finish()` leaves an unusable file behind, which the caller
/// removes.
public struct SSTWriter: ~Copyable {
  private let writer: OpaquePointer
  private let environment: OpaquePointer
  /// The writer refers to parts of the options for as long as it lives.
  private let options: OptionsHandle

  /// The file that is written.
  public let path: String

  /// Starts the file at `path`, replacing one that is there.
  ///
  /// - Parameter family: the options of the family that the file is for: block size, compression
  ///   (the bottommost one, if given), filter.
  public init(path: String, family: ColumnFamilyOptions) throws(RocksError) {
    let options = try family.makeOptions()
    let handles = try openWriter(path, options)
    self.options = options
    environment = handles.environment
    writer = handles.writer
    self.path = path
  }

  deinit {
    rocksdb_sstfilewriter_destroy(writer)
    rocksdb_envoptions_destroy(environment)
  }

  /// Adds a value. Throws `invalidArgument` for a key that is not greater than the one before.
  public mutating func put(
    key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer
  ) throws(RocksError) {
    try check("put into \(path)") {
      rocksdb_sstfilewriter_put(writer, key.chars, key.count, value.chars, value.count, $0)
    }
  }

  /// Adds a merge operand, which will apply to whatever value the database has at `key`.
  public mutating func merge(
    key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer
  ) throws(RocksError) {
    try check("merge into \(path)") {
      rocksdb_sstfilewriter_merge(writer, key.chars, key.count, value.chars, value.count, $0)
    }
  }

  /// Adds the removal of a key.
  public mutating func delete(key: UnsafeRawBufferPointer) throws(RocksError) {
    try check("delete in \(path)") {
      rocksdb_sstfilewriter_delete(writer, key.chars, key.count, $0)
    }
  }

  /// Adds the removal of the half-open range of keys from `lower` to `upper` from what the database
  /// already has. It may come at any point, and does not touch the file's own keys.
  public mutating func deleteRange(from lower: [UInt8], to upper: [UInt8]) throws(RocksError) {
    try withBounds(lower, upper) { (low, lowCount, high, highCount) throws(RocksError) in
      try check("delete a range in \(path)") {
        rocksdb_sstfilewriter_delete_range(writer, low, lowCount, high, highCount, $0)
      }
    }
  }

  /// The bytes written so far; grows by blocks.
  public var byteCount: UInt64 {
    var size: UInt64 = 0
    rocksdb_sstfilewriter_file_size(writer, &size)
    return size
  }

  /// Completes and syncs the file; returns its size in bytes. Throws `invalidArgument` when nothing
  /// was added: RocksDB has no empty table files.
  public consuming func finish() throws(RocksError) -> UInt64 {
    try check("finish \(path)") { rocksdb_sstfilewriter_finish(writer, $0) }
    return byteCount
  }
}

/// Makes a writer and opens its file; nothing is left behind on failure.
private func openWriter(
  _ path: String, _ options: OptionsHandle
) throws(RocksError) -> (writer: OpaquePointer, environment: OpaquePointer) {
  let environment: OpaquePointer = rocksdb_envoptions_create()
  let writer: OpaquePointer = rocksdb_sstfilewriter_create(environment, options.pointer)
  do {
    try check("write \(path)") { rocksdb_sstfilewriter_open(writer, path, $0) }
  } catch {
    rocksdb_sstfilewriter_destroy(writer)
    rocksdb_envoptions_destroy(environment)
    throw error
  }
  return (writer, environment)
}

extension SSTWriter {
  /// Adds a value. Throws `invalidArgument` for a key that is not greater than the one before.
  public mutating func put(key: [UInt8], value: [UInt8]) throws(RocksError) {
    try withBounds(key, value) { (key, keyCount, value, valueCount) throws(RocksError) in
      try put(key: bytes(key, keyCount), value: bytes(value, valueCount))
    }
  }

  /// Adds a merge operand, which will apply to whatever value the database has at `key`.
  public mutating func merge(key: [UInt8], value: [UInt8]) throws(RocksError) {
    try withBounds(key, value) { (key, keyCount, value, valueCount) throws(RocksError) in
      try merge(key: bytes(key, keyCount), value: bytes(value, valueCount))
    }
  }

  /// Adds the removal of a key.
  public mutating func delete(key: [UInt8]) throws(RocksError) {
    try withBounds(key, nil) { (key, keyCount, _, _) throws(RocksError) in
      try delete(key: bytes(key, keyCount))
    }
  }
}

extension Database {
  /// Takes finished table files into `family`, all of them or none: their keys appear at one
  /// moment.
  ///
  /// A file that overlaps what is there, or an earlier file of the same call, counts as newer. Data
  /// of the write buffer that overlaps is flushed first.
  ///
  /// - Parameters:
  ///   - move: takes the files themselves (by hard link, if they are on the same file system)
  ///     instead of copies; they are gone from their old place afterwards.
  ///   - allowBlockingFlush: when false, fails with `invalidArgument` instead of flushing.
  public func ingest(
    files: [String], into family: ColumnFamily, move: Bool, allowBlockingFlush: Bool = true
  ) throws(RocksError) {
    if files.isEmpty { return }
    let options: OpaquePointer = rocksdb_ingestexternalfileoptions_create()
    defer { rocksdb_ingestexternalfileoptions_destroy(options) }
    rocksdb_ingestexternalfileoptions_set_move_files(options, move.flag)
    rocksdb_ingestexternalfileoptions_set_allow_blocking_flush(options, allowBlockingFlush.flag)
    let names = CStringList(files)
    try check("ingest \(files.count) files into \(family) of \(path)") {
      rocksdb_ingest_external_file_cf(
        pointer, family.pointer, names.pointers, names.pointers.count, options, $0)
    }
  }
}
