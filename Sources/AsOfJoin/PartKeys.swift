// The keys of one part's items, close together: each as its length in 4 bytes, then its bytes.
import Glibc

/// Borrowed from the order of a piece.
struct PartKeys: BitwiseCopyable {
  /// Bytes beside those of the key.
  static let overhead = 4

  private let bytes: UnsafeRawBufferPointer

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// The same keys in memory of the thread that asks for them, in no order: those who wrote them have other
  /// caches. `room` is made larger where it has to be.
  func copied(into room: inout JoinArena<UInt8>) -> PartKeys {
    if room.count < bytes.count { room = JoinArena(count: 2 * bytes.count) }
    let copy = UnsafeMutableRawBufferPointer(room.slice(0..<bytes.count))
    copy.copyMemory(from: bytes)
    return PartKeys(UnsafeRawBufferPointer(copy))
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
