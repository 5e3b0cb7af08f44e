// How many deltas of a block lie one above the other. A read merges all of them, so a block that gets
// many is written whole now and then: by its writer, who knows, instead of by the write buffer, which would
// have to search itself at every write.

/// Counts deltas by block, roughly: blocks may share a count and are then written whole too early.
struct DeltaCounter {
  /// The deltas that a read may have to merge in the write buffer: a few microseconds.
  private static let limit: UInt8 = 32
  private static let bits: UInt64 = 18
  private var counts = [UInt8](repeating: 0, count: 1 << Int(bits))

  /// Counts a delta for the block with this key.
  /// - Returns: true where it is time to write the block whole; its count then starts over.
  mutating func isDue(_ key: UnsafeRawBufferPointer) -> Bool {
    let hash = UInt64(key.bigEndian32(at: 5)) << 32 | UInt64(key.bigEndian32(at: 9))
    let rest = UInt64(key.bigEndian32(at: 0)) << 40 | UInt64(key[4]) << 32
    let mixed =
      (hash ^ rest ^ UInt64(key.bigEndian32(at: key.count - 4))) &* 0x9E37_79B9_7F4A_7C15
    let place = Int(mixed >> (64 - Self.bits))
    counts[place] += 1
    if counts[place] < Self.limit { return false }
    counts[place] = 0
    return true
  }
}
