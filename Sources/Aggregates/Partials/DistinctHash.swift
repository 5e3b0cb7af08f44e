// The frozen hash under which a value enters a `DistinctSet`: XXH64 with seed 42, of the eight bytes of
// a word, little-endian, or of a string's UTF-8. Spark's `xxhash64` gives the same for a string.
import FeatureModel

extension DistinctSet {
  /// The hash of a word as in `EventColumn.words`, not for strings. Doubles that compare equal hash equal:
  /// -0.0 counts as 0.0.
  @inline(__always)
  public static func hash(word: UInt64, type: FieldType) -> UInt64 {
    let bits = type == .double && word == 1 << 63 ? 0 : word
    return withUnsafeBytes(of: bits.littleEndian) { EntityHash.of($0) }
  }

  /// The hash of a string's UTF-8.
  @inline(__always)
  public static func hash(text: UnsafeRawBufferPointer) -> UInt64 { EntityHash.of(text) }
}
