// The keys of one part's items, close together: each as its length in 4 bytes, then its bytes.
import Glibc

/// Borrowed from the order of a piece.
struct PartKeys: BitwiseCopyable {
  /// Bytes beside those of the key.
  static let overhead = 4

  private let bytes: UnsafeRawBufferPointer

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// Reads through the keys once, in their order, so that they are in the cache when they are asked for in
  /// another; the threads that wrote them have other caches.
  func warm() {
    var sum: UInt8 = 0
    for place in stride(from: 0, to: bytes.count, by: 64) { sum ^= bytes[place] }
    withExtendedLifetime(sum) {}
  }

  /// Writes a key into room of its length and the overhead.
  @inline(__always)
  static func write(_ key: UnsafeRawBufferPointer, to room: UnsafeMutableBufferPointer<UInt8>) {
    let room = UnsafeMutableRawPointer(room.baseAddress.unsafelyUnwrapped)
    room.storeBytes(of: UInt32(key.count), as: UInt32.self)
    if let start = key.baseAddress {
      (room + overhead).copyMemory(from: start, byteCount: key.count)
    }
  }

  /// The key of an item.
  @inline(__always)
  subscript(item: JoinItem) -> UnsafeRawBufferPointer {
    let start = Int(item.key)
    let count = Int(bytes.loadUnaligned(fromByteOffset: start, as: UInt32.self))
    return UnsafeRawBufferPointer(
      start: bytes.baseAddress.unsafelyUnwrapped + start + Self.overhead, count: count)
  }

  /// True where two items have the same key.
  @inline(__always)
  func areEqual(_ one: JoinItem, _ other: JoinItem) -> Bool {
    let (one, other) = (self[one], self[other])
    return one.count == other.count
      && memcmp(one.baseAddress.unsafelyUnwrapped, other.baseAddress.unsafelyUnwrapped, one.count)
        == 0
  }
}
