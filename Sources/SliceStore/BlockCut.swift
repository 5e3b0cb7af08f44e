// Which slices lie in which block. Blocks of one length, but each entity's begin where its hash says: no date
// is a border for all entities at once, on which every long window would need a second point read and every
// entity a fresh block.

/// The borders of the blocks of one group.
package struct BlockCut: Hashable, Sendable {
  /// A power of two.
  package let slicesPerBlock: Int
  private let shift: Int64

  package init(slicesPerBlock: Int) {
    precondition(slicesPerBlock > 0 && slicesPerBlock & (slicesPerBlock - 1) == 0)
    self.slicesPerBlock = slicesPerBlock
    shift = Int64(slicesPerBlock.trailingZeroBitCount)
  }

  /// The block of a slice of the entity with this hash.
  @inline(__always)
  package func block(of slice: Int64, _ hash: UInt64) -> Int64 { (slice &+ phase(hash)) >> shift }

  /// The first slice of a block.
  @inline(__always)
  package func firstSlice(of block: Int64, _ hash: UInt64) -> Int64 {
    block << shift &- phase(hash)
  }

  /// How many slices before a multiple of the length the entity's blocks begin. From the hash's low bits:
  /// its high ones say where the entity stands in the store.
  @inline(__always)
  private func phase(_ hash: UInt64) -> Int64 {
    Int64(bitPattern: hash & UInt64(slicesPerBlock - 1))
  }
}
