// Values that are changed by small deltas: the protocol, and the callbacks through which RocksDB
// calls it.
//
// RocksDB calls from its own flush and compaction threads, so the callbacks are plain functions
// that belong to no actor: a closure written in an isolated context compiles, and crashes when it
// is called. What they return is malloc'ed; RocksDB copies it and, because no `delete_value`
// function is given, frees it with `free`.

internal import CRocksDB
internal import Glibc

/// Combines the operands written by `merge` with the value they apply to.
///
/// It is called on reads, flushes and compactions, by several threads at once. RocksDB is free to
/// combine operands in any grouping, never in another order, so the result must not depend on the
/// grouping.
public protocol MergeOperator: AnyObject, Sendable {
  /// A name that is stored with the database: changed meaning needs a changed name.
  var name: String { get }

  /// The value after all `operands`, oldest first, are applied to `existing` (nil when there is no
  /// value, or it was deleted).
  ///
  /// All bytes are borrowed for the length of the call. Nil says that the bytes make no sense: the
  /// read fails with `corruption`, and a flush or compaction stops the database from writing.
  func fullMerge(
    key: UnsafeRawBufferPointer, existing: UnsafeRawBufferPointer?, operands: MergeOperands
  ) -> [UInt8]?

  /// One operand that does the work of all `operands` (at least two, oldest first), or nil when
  /// they cannot be combined without the value; then they are kept as they are.
  func partialMerge(key: UnsafeRawBufferPointer, operands: MergeOperands) -> [UInt8]?
}

/// The operands of one merge, oldest first: a view of RocksDB's arrays, valid for the length of the
/// call it was passed to.
public struct MergeOperands: RandomAccessCollection {
  private let starts: UnsafePointer<UnsafePointer<CChar>?>?
  private let lengths: UnsafePointer<Int>?

  /// The number of operands.
  public let count: Int

  init(
    _ starts: UnsafePointer<UnsafePointer<CChar>?>?, _ lengths: UnsafePointer<Int>?, _ count: Int32
  ) {
    self.starts = starts
    self.lengths = lengths
    self.count = Int(count)
  }

  public var startIndex: Int { 0 }
  public var endIndex: Int { count }

  public subscript(position: Int) -> UnsafeRawBufferPointer {
    precondition(position >= 0 && position < count, "No such merge operand.")
    return bytes(starts![position], lengths![position])
  }
}

/// What RocksDB holds for a merge operator: the Swift object, and its name where it stays put.
private final class MergeBox {
  let mergeOperator: any MergeOperator
  let name: UnsafeMutablePointer<CChar>

  init(_ mergeOperator: any MergeOperator) {
    self.mergeOperator = mergeOperator
    name = strdup(mergeOperator.name)
  }

  deinit { free(name) }

  @inline(__always)
  static func at(_ state: UnsafeMutableRawPointer?) -> MergeBox {
    Unmanaged<MergeBox>.fromOpaque(state!).takeUnretainedValue()
  }
}

/// RocksDB's merge operator that calls `mergeOperator`. Whoever sets it in an options object gives
/// it away.
func makeMergeOperator(_ mergeOperator: any MergeOperator) -> OpaquePointer {
  rocksdb_mergeoperator_create(
    Unmanaged.passRetained(MergeBox(mergeOperator)).toOpaque(),
    { Unmanaged<MergeBox>.fromOpaque($0!).release() },
    { state, key, keyCount, existing, existingCount, operands, lengths, count, success, size in
      let result = MergeBox.at(state).mergeOperator.fullMerge(
        key: bytes(key, keyCount),
        existing: existing.map { bytes($0, existingCount) },
        operands: MergeOperands(operands, lengths, count))
      return give(result, success, size)
    },
    { state, key, keyCount, operands, lengths, count, success, size in
      let result = MergeBox.at(state).mergeOperator.partialMerge(
        key: bytes(key, keyCount), operands: MergeOperands(operands, lengths, count))
      return give(result, success, size)
    },
    nil,
    { UnsafePointer(MergeBox.at($0).name) })
}

/// Hands a result over to RocksDB. Both outputs are always set: RocksDB reads them unconditionally.
private func give(
  _ result: [UInt8]?, _ success: UnsafeMutablePointer<UInt8>?, _ size: UnsafeMutablePointer<Int>?
) -> UnsafeMutablePointer<CChar>? {
  success!.pointee = (result != nil).flag
  size!.pointee = result?.count ?? 0
  // One byte more, because malloc(0) may return null, which must not stand for a value.
  guard let memory = malloc((result?.count ?? 0) + 1) else { abort() }
  result?.withUnsafeBytes { source in
    if let start = source.baseAddress { memcpy(memory, start, source.count) }
  }
  return memory.assumingMemoryBound(to: CChar.self)
}
