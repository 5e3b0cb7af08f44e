// The key of a block of slices, and the key of a source's position, in one ordered space.
//
//   offset  bytes  meaning
//   0       4      view id, big-endian; 0 is kept for positions
//   4       1      group: 0 holds the narrow partials, 1... one wide partial each
//   5       8      hash of the entity, big-endian (EntityHash)
//   13      n      entity bytes
//   13+n    4      block number, big-endian, sign bit flipped so that byte order is number order
//
// The hash gives even ranges and cheap grouping; identity is the entity's bytes.
import FeatureModel

/// The number of a view in the store; given at registration, never used again. At least 1.
public struct ViewID: Hashable, Comparable, Sendable {
  public let number: UInt32
  public init(number: UInt32) { self.number = number }
  public static func < (left: Self, right: Self) -> Bool { left.number < right.number }
}

package enum SliceKey {
  static let prefixLength = 5
  static let fixedLength = 17

  /// Appends the key of one block.
  @inline(__always)
  package static func append(
    view: ViewID, group: UInt8, hash: UInt64, entity: UnsafeRawBufferPointer, block: Int32,
    to bytes: inout [UInt8]
  ) {
    withUnsafeTemporaryAllocation(byteCount: 16, alignment: 8) { head in
      head.storeBytes(of: view.number.bigEndian, as: UInt32.self)
      head[4] = group
      head.storeBytes(of: hash.bigEndian, toByteOffset: 5, as: UInt64.self)
      bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: head[..<13]))
    }
    bytes.append(contentsOf: entity)
    withUnsafeBytes(of: blockBytes(block)) { bytes.append(contentsOf: $0) }
  }

  /// Puts another entity of the same length into the key of a block.
  @inline(__always)
  static func replace(hash: UInt64, entity: UnsafeRawBufferPointer, in bytes: inout [UInt8]) {
    bytes.withUnsafeMutableBytes { key in
      key.storeBytes(of: hash.bigEndian, toByteOffset: prefixLength, as: UInt64.self)
      let place = prefixLength + 8
      UnsafeMutableRawBufferPointer(rebasing: key[place..<place + entity.count])
        .copyMemory(from: entity)
    }
  }

  /// A block's number in the byte order of keys.
  @inline(__always)
  static func blockBytes(_ block: Int32) -> UInt32 {
    (UInt32(bitPattern: block) ^ 0x8000_0000).bigEndian
  }

  /// A key for error messages.
  static func hex(_ key: UnsafeRawBufferPointer) -> String {
    key.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }

  /// The half-open range of all keys of one view, or of one of its groups.
  package static func range(view: ViewID, group: UInt8? = nil) -> (lower: [UInt8], upper: [UInt8]) {
    var lower: [UInt8] = []
    var upper: [UInt8] = []
    lower.appendBigEndian(view.number)
    if let group {
      upper = lower
      lower.append(group)
      if group < 255 { return (lower, upper + [group + 1]) }
    }
    upper = []
    upper.appendBigEndian(view.number + 1)
    return (lower, upper)
  }

  /// The half-open range of the keys of one group of a view with hashes of a range.
  static func range(
    view: ViewID, group: UInt8, hashes: ClosedRange<UInt64>
  ) -> (lower: [UInt8], upper: [UInt8]) {
    var (lower, upper) = range(view: view, group: group)
    if hashes.upperBound < .max {
      upper = lower
      upper.appendBigEndian(hashes.upperBound + 1)
    }
    lower.appendBigEndian(hashes.lowerBound)
    return (lower, upper)
  }

  /// The key of a source's position for one view: view id 0, then the view, then the name's bytes.
  package static func position(view: ViewID, source: String) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendBigEndian(UInt32(0))
    bytes.appendBigEndian(view.number)
    bytes.append(contentsOf: source.utf8)
    return bytes
  }
}

/// A block's key taken apart; borrows the key's bytes.
package struct ParsedSliceKey {
  package let view: ViewID
  package let group: UInt8
  package let hash: UInt64
  package let entity: UnsafeRawBufferPointer
  package let block: Int32

  /// Nil where the bytes are too short to be a block's key, or are a position's.
  package init?(_ key: UnsafeRawBufferPointer) {
    guard key.count >= SliceKey.fixedLength else { return nil }
    let number = key.bigEndian32(at: 0)
    guard number != 0 else { return nil }
    view = ViewID(number: number)
    group = key[4]
    hash = UInt64(key.bigEndian32(at: 5)) << 32 | UInt64(key.bigEndian32(at: 9))
    entity = UnsafeRawBufferPointer(rebasing: key[13..<key.count - 4])
    block = Int32(bitPattern: key.bigEndian32(at: key.count - 4) ^ 0x8000_0000)
  }
}

extension [UInt8] {
  /// `withUnsafeBytes`, with the body's own error type.
  @inline(__always)
  func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try withUnsafeBufferPointer { buffer throws(Failure) in
      try body(UnsafeRawBufferPointer(buffer))
    }
  }

  @inline(__always)
  mutating func appendBigEndian<Number: FixedWidthInteger>(_ number: Number) {
    Swift.withUnsafeBytes(of: number.bigEndian) { append(contentsOf: $0) }
  }

  @inline(__always)
  mutating func appendLittleEndian<Number: FixedWidthInteger>(_ number: Number) {
    Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
  }
}

extension UnsafeRawBufferPointer {
  @inline(__always)
  func bigEndian32(at offset: Int) -> UInt32 {
    UInt32(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }
}
