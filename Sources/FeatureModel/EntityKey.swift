// What a feature describes, as bytes. Identity is these bytes, never their hash.
// One part: its text in UTF-8. Several parts: each part's byte count as four big-endian bytes, then its
// text, so that no separator is needed and no two keys meet. The text of a part is the value's canonical
// text: decimal for int, `true`/`false`, epoch milliseconds for timestamp.
internal import CXxHash

/// The bytes that identify one entity of a view.
public struct EntityKey: Hashable, Sendable {
  public let bytes: [UInt8]

  public init(bytes: [UInt8]) { self.bytes = bytes }

  /// The key of the given parts, in the view's order; at least one.
  public init(parts: [String]) {
    precondition(!parts.isEmpty, "an entity has at least one part")
    if parts.count == 1 {
      bytes = Array(parts[0].utf8)
      return
    }
    var joined: [UInt8] = []
    for part in parts {
      let text = Array(part.utf8)
      for shift in [24, 16, 8, 0] { joined.append(UInt8(truncatingIfNeeded: text.count >> shift)) }
      joined += text
    }
    bytes = joined
  }

  /// The parts again, for a view with that many; nil where the bytes are no such key. What is no UTF-8 comes
  /// out repaired: `partRanges` says where the bytes themselves lie.
  public func parts(count: Int) -> [String]? {
    bytes.withUnsafeBytes { bytes in
      Self.partRanges(of: bytes, count: count)?.map {
        String(decoding: UnsafeRawBufferPointer(rebasing: bytes[$0]), as: UTF8.self)
      }
    }
  }

  /// Where the parts of a key lie, for a view with that many; nil where the bytes are no such key.
  public static func partRanges(of bytes: UnsafeRawBufferPointer, count: Int) -> [Range<Int>]? {
    if count == 1 { return [0..<bytes.count] }
    var parts: [Range<Int>] = []
    var position = 0
    while position < bytes.count {
      guard bytes.count - position >= 4 else { return nil }
      let length = bytes[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
      position += 4
      guard length <= bytes.count - position else { return nil }
      parts.append(position..<position + length)
      position += length
    }
    return parts.count == count ? parts : nil
  }

  /// The frozen 64-bit hash that orders the store (`EntityHash`).
  public var hash64: UInt64 { bytes.withUnsafeBytes { EntityHash.of($0) } }
}

/// XXH64 with seed 42 over the key's bytes: frozen, part of the stored format. Spark's built-in
/// `xxhash64(column)` gives the same number for a string column, so a cluster can partition without us.
public enum EntityHash {
  public static let seed: UInt64 = 42

  @inline(__always)
  public static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    XXH64(bytes.baseAddress, bytes.count, seed)
  }
}
