// Where look-ups of now may find blocks that they have read before, without a search in RocksDB. As served,
// what a request may know of a block is settled once its slice is sealed, so a block that was read in a
// slice serves all of that slice's requests, whatever is written meanwhile.
import FeatureModel

/// Memory for blocks by their keys, each of a revision of its view's history; belongs to the thread of its
/// readers.
package protocol BlockMemory: AnyObject {
  /// The block at `key` as it was read in `slice`, borrowed until the next `keep`: empty where the store had
  /// none, nil where nothing is known.
  /// - Parameter hash: of the key.
  func find(
    _ key: UnsafeRawBufferPointer, hash: UInt64, revision: UInt32, slice: Int64
  ) -> UnsafeRawBufferPointer?

  /// Tells that a key with this hash will be asked for soon: waiting for its place can begin.
  func expect(_ hash: UInt64)

  /// Keeps a copy of a block, or, empty, that there is none.
  func keep(
    _ block: UnsafeRawBufferPointer, at key: UnsafeRawBufferPointer, hash: UInt64,
    revision: UInt32, slice: Int64)
}

extension BlockSource {
  /// The hash of a block's key, from that of its entity. All bits depend on the number: neighbours are asked
  /// for together.
  @inline(__always)
  static func hash(_ view: ViewID, _ group: UInt8, _ entity: UInt64, _ block: Int64) -> UInt64 {
    let place =
      UInt64(view.number) << 40 ^ UInt64(group) << 32 ^ UInt64(UInt32(truncatingIfNeeded: block))
    var mixed = (place &+ 1) &* 0x9E37_79B9_7F4A_7C15
    mixed ^= mixed >> 29
    return entity ^ mixed
  }
}
