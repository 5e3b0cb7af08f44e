// The one text that a partial keeps, in a buffer that is used again for the next: replacing it costs no
// allocation once the buffer is large enough. Texts compare by the unsigned bytes of their UTF-8.
import Glibc

/// A text or none.
struct KeptText: Sendable {
  private(set) var isPresent = false
  private(set) var bytes: [UInt8] = []

  /// The text, or nil.
  var text: [UInt8]? { isPresent ? bytes : nil }

  mutating func clear() {
    isPresent = false
    bytes.removeAll(keepingCapacity: true)
  }

  mutating func replace(_ text: UnsafeRawBufferPointer) {
    isPresent = true
    bytes.removeAll(keepingCapacity: true)
    bytes.append(contentsOf: text)
  }

  /// Below 0 where the kept text comes before the other, above 0 where after; for present texts.
  func compare(_ other: UnsafeRawBufferPointer) -> Int {
    bytes.withUnsafeBytes { Self.compare($0, other) }
  }

  /// Below 0 where the left text comes before the right one, above 0 where after.
  @inline(__always)
  static func compare(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Int {
    let common = min(left.count, right.count)
    if common > 0 {
      let order = memcmp(left.baseAddress!, right.baseAddress!, common)
      if order != 0 { return Int(order) }
    }
    return left.count - right.count
  }

  /// Whether the other text is further to the kept side.
  func loses(to other: UnsafeRawBufferPointer, _ side: Side) -> Bool {
    side == .greatest ? compare(other) < 0 : compare(other) > 0
  }
}

extension KeptText: Equatable {
  static func == (left: Self, right: Self) -> Bool {
    left.isPresent == right.isPresent && left.bytes == right.bytes
  }
}
