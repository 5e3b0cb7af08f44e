// Blocks of single entities as they were read, for look-ups whose answers are not kept: other features of the
// same entity, other forms of the answer, or more entities than there is memory for. A search in RocksDB costs
// several times as much as what is then done with the block.
import SliceStore

/// The blocks that one loop has read in the current slices; the oldest go first.
package final class RowCache: BlockMemory {
  private var arena: AnswerArena
  private var hits = 0
  private var misses = 0

  package init(bytes: Int) { arena = AnswerArena(bytes: bytes) }

  package var byteCount: Int { arena.byteCount }

  package func find(
    _ key: UnsafeRawBufferPointer, hash: UInt64, revision: UInt32, slice: Int64
  ) -> UnsafeRawBufferPointer? {
    let found = arena.find(hash, plan: revision, key: key, slice: slice)
    if found == nil { misses &+= 1 } else { hits &+= 1 }
    return found
  }

  package func expect(_ hash: UInt64) { arena.prefetchBucket(hash) }

  package func keep(
    _ block: UnsafeRawBufferPointer, at key: UnsafeRawBufferPointer, hash: UInt64,
    revision: UInt32, slice: Int64
  ) {
    arena.insert(hash, plan: revision, key: key, slice: slice, reply: block)
  }

  /// Lets go of everything, and nothing of it stays in memory.
  package func wipe() { arena.wipe() }

  /// What was counted since the last call.
  package func takeCounts() -> (hits: Int, misses: Int) {
    defer { (hits, misses) = (0, 0) }
    return (hits, misses)
  }
}
