// Which entries of a column have a value at all: an entry is empty where the field was null in all of its
// events. One flag byte, and a bitmap (lowest bit first) only where some entry is empty.

/// The borrowed presence of a column's entries.
struct PresenceColumn {
  /// Empty where every entry has a value.
  private let bitmap: UnsafeRawBufferPointer
  let isComplete: Bool

  init(_ reader: inout ColumnReader, rows: Int) throws(CodecError) {
    switch try reader.byte() {
    case 0: (bitmap, isComplete) = (UnsafeRawBufferPointer(start: nil, count: 0), true)
    case 1: (bitmap, isComplete) = (try reader.take((rows + 7) / 8), false)
    case let flag: throw .malformed("presence flag \(flag)")
    }
  }

  /// For entries below the `rows` that it was made for.
  @inline(__always)
  subscript(entry: Int) -> Bool {
    isComplete || bitmap[entry >> 3] >> UInt8(entry & 7) & 1 == 1
  }

  /// Appends the presence of `count` entries.
  static func encode(count: Int, into bytes: inout [UInt8], isPresent: (Int) -> Bool) {
    if (0..<count).allSatisfy(isPresent) { return bytes.append(0) }
    bytes.append(1)
    for start in stride(from: 0, to: count, by: 8) {
      var bits: UInt8 = 0
      for entry in start..<min(start + 8, count) where isPresent(entry) {
        bits |= 1 << UInt8(entry - start)
      }
      bytes.append(bits)
    }
  }
}
