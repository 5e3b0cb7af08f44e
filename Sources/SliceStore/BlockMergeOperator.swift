// RocksDB's merge operator over blocks: streaming writes are deltas, and reads, flushes and compactions
// put them together with the block algebra. Blocks describe themselves, so it needs no registry and works
// while a store is being recovered.
import Rocks
import Synchronization

final class BlockMergeOperator: MergeOperator {
  let name = "hindcast.blocks.v1"
  /// Mergers at rest; RocksDB calls from several threads.
  private let pool = Mutex<[BlockMerger]>([])

  func fullMerge(
    key: UnsafeRawBufferPointer, existing: UnsafeRawBufferPointer?,
    operands: MergeOperands
  ) -> [UInt8]? {
    if let existing { return merge([existing] + operands) }
    return merge(Array(operands))
  }

  func partialMerge(
    key: UnsafeRawBufferPointer, operands: MergeOperands
  ) -> [UInt8]? {
    merge(Array(operands))
  }

  /// Nil where a block cannot be read; RocksDB then reports corruption for the key.
  private func merge(_ blocks: [UnsafeRawBufferPointer]) -> [UInt8]? {
    let merger = pool.withLock { $0.popLast() } ?? BlockMerger()
    defer { pool.withLock { if $0.count < 16 { $0.append(merger) } } }
    return try? merger.merge(blocks)
  }
}
