// Writing stored columns, the counterpart of `ColumnReader`: little-endian numbers of a given width and
// LEB128 varints, appended to the block under construction.

extension [UInt8] {
  /// Appends a LEB128 varint.
  mutating func append(varint value: UInt128) {
    var rest = value
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(truncatingIfNeeded: rest))
  }

  /// Appends the `width` low bytes.
  mutating func append(littleEndian value: UInt64, width: Int) {
    for position in 0..<width {
      append(UInt8(truncatingIfNeeded: value >> UInt64(8 * position)))
    }
  }

  /// Appends room for `count` numbers of `width` bytes and gives the place where it begins.
  mutating func appendRoom(_ count: Int, width: Int) -> Int {
    let start = self.count
    append(contentsOf: repeatElement(0, count: count * width))
    return start
  }

  /// Stores the `width` low bytes at a place within the room.
  @inline(__always)
  mutating func store(_ value: UInt128, width: Int, at place: Int) {
    precondition(place + width <= count && width <= 16)
    withUnsafeMutableBytes { bytes in
      Swift.withUnsafeBytes(of: value.littleEndian) {
        (bytes.baseAddress! + place).copyMemory(from: $0.baseAddress!, byteCount: width)
      }
    }
  }
}

extension FixedWidthInteger where Self: UnsignedInteger {
  /// The least number of bytes that holds the value; 0 for zero.
  @inline(__always)
  var byteWidth: Int { (Self.bitWidth - leadingZeroBitCount + 7) / 8 }
}

extension Int128 {
  /// Small magnitudes become small unsigned numbers: 0, -1, 1, -2, ...
  var zigzag: UInt128 { UInt128(bitPattern: (self << 1) ^ (self >> 127)) }

  init(zigzag: UInt128) {
    self = Int128(bitPattern: zigzag >> 1) ^ -Int128(bitPattern: zigzag & 1)
  }
}
