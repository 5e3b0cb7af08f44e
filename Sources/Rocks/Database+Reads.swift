// Point reads: one key, pinned or copied, and many keys at once.
//
// Values are not copied unless the name says so. A key that has merge operands is merged on read,
// by every one of these functions.

internal import CRocksDB

extension Database {
  /// The value at `key`, without copying it; nil if there is none.
  ///
  /// Throws `corruption` for damaged blocks or a refused merge, `ioError`, and `incomplete` when
  /// the options forbid to read files.
  ///
  /// - Complexity: one search in each level; no copy, except of values in the write buffer or
  ///   merged ones.
  public func get(
    key: UnsafeRawBufferPointer, in family: ColumnFamily, options: borrowing ReadOptions
  ) throws(RocksError) -> PinnedBytes? {
    guard let slice = try pinnedSlice(key, family, options) else { return nil }
    return PinnedBytes(slice: slice, database: self)
  }

  /// The newest value at `key`, without copying it; nil if there is none.
  public func get(
    key: UnsafeRawBufferPointer, in family: ColumnFamily
  ) throws(RocksError) -> PinnedBytes? {
    try get(key: key, in: family, options: defaultReadOptions)
  }

  /// A copy of the value at `key`; nil if there is none.
  public func get(
    key: [UInt8], in family: ColumnFamily, options: borrowing ReadOptions
  ) throws(RocksError) -> [UInt8]? {
    let slice = try key.span.withUnsafeBytes { (key) throws(RocksError) in
      try pinnedSlice(key, family, options)
    }
    guard let slice else { return nil }
    defer { rocksdb_pinnableslice_destroy(slice) }
    return [UInt8](contents(of: slice))
  }

  /// A copy of the newest value at `key`; nil if there is none.
  public func get(key: [UInt8], in family: ColumnFamily) throws(RocksError) -> [UInt8]? {
    try get(key: key, in: family, options: defaultReadOptions)
  }

  /// Calls `body` with the value at `key`, borrowed for the length of the call; nil if there is
  /// none.
  ///
  /// The cheapest form for hot paths: unlike `get` it touches no reference count that other threads
  /// touch too.
  public func withValue<Result>(
    key: UnsafeRawBufferPointer, in family: ColumnFamily, options: borrowing ReadOptions,
    _ body: (UnsafeRawBufferPointer?) -> Result
  ) throws(RocksError) -> Result {
    guard let slice = try pinnedSlice(key, family, options) else { return body(nil) }
    defer { rocksdb_pinnableslice_destroy(slice) }
    return body(contents(of: slice))
  }

  @inline(__always)
  private func pinnedSlice(
    _ key: UnsafeRawBufferPointer, _ family: ColumnFamily, _ options: borrowing ReadOptions
  ) throws(RocksError) -> OpaquePointer? {
    let read = options.pointer(for: self)
    return try check("get a key of \(key.count) bytes from \(family) of \(path)") {
      rocksdb_get_pinned_cf(pointer, read, family.pointer, key.chars, key.count, $0)
    }
  }
}

extension Database {
  /// Reads many keys at once, and calls `body` with the index and the value of each one that
  /// exists, in the order of `keys`. The values are borrowed for the length of each call.
  ///
  /// If any key fails, the first failure is thrown and `body` is not called at all.
  ///
  /// - Parameters:
  ///   - isSorted: promises that the keys are in ascending order of their bytes, which saves
  ///     RocksDB the sorting. A false promise gives wrong answers.
  public func multiGet(
    keys: UnsafeBufferPointer<UnsafeRawBufferPointer>, in family: ColumnFamily,
    options: borrowing ReadOptions, isSorted: Bool = false,
    _ body: (_ index: Int, _ value: UnsafeRawBufferPointer) -> Void
  ) throws(RocksError) {
    let count = keys.count
    if count == 0 { return }
    let read = options.pointer(for: self)
    var starts: [UnsafePointer<CChar>?] = []
    var lengths: [Int] = []
    starts.reserveCapacity(count)
    lengths.reserveCapacity(count)
    for key in keys {
      starts.append(key.chars)
      lengths.append(key.count)
    }
    var values = [OpaquePointer?](repeating: nil, count: count)
    var errors = [UnsafeMutablePointer<CChar>?](repeating: nil, count: count)
    rocksdb_batched_multi_get_cf(
      pointer, read, family.pointer, count, starts, lengths, &values, &errors, isSorted)
    defer { for value in values { if let value { rocksdb_pinnableslice_destroy(value) } } }
    try throwFirst(of: errors, "get \(count) keys from \(family) of \(path)")
    for index in 0..<count {
      if let value = values[index] { body(index, contents(of: value)) }
    }
  }

  /// Copies of the newest values at `keys`, nil where there is none; `result.count == keys.count`.
  public func multiGet(
    keys: [[UInt8]], in family: ColumnFamily, isSorted: Bool = false
  ) throws(RocksError) -> [[UInt8]?] {
    var result = [[UInt8]?](repeating: nil, count: keys.count)
    // One arena for all keys: their addresses must stay put for the length of the call.
    let arena = keys.flatMap { $0 }
    try arena.span.withUnsafeBytes { (arena) throws(RocksError) in
      var offset = 0
      let views = keys.map { key in
        defer { offset += key.count }
        return UnsafeRawBufferPointer(rebasing: arena[offset..<offset + key.count])
      }
      try views.span.withUnsafeBufferPointer { (views) throws(RocksError) in
        try multiGet(keys: views, in: family, options: defaultReadOptions, isSorted: isSorted) {
          result[$0] = [UInt8]($1)
        }
      }
    }
    return result
  }
}

/// Frees all error texts, and throws the first.
private func throwFirst(
  of texts: [UnsafeMutablePointer<CChar>?], _ operation: @autoclosure () -> String
) throws(RocksError) {
  guard let first = texts.firstIndex(where: { $0 != nil }) else { return }
  for text in texts[(first + 1)...] { rocksdb_free(text) }
  throw failure(consuming: texts[first]!, operation: operation())
}
