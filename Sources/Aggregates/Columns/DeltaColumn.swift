// Unsigned numbers of one fixed width, end to end: the payload of every narrow column. Sums, extremes and
// single entries are read here; the length was checked when the bytes were taken, so loops carry no checks
// but those for the odd widths. Widths are specialised: 1, 2, 4 and 8 are plain loads.

/// A borrowed run of `count` little-endian numbers of `width` bytes (0...16).
struct DeltaColumn: BitwiseCopyable {
  private let bytes: UnsafeRawBufferPointer
  let count: Int
  let width: Int

  /// Of no numbers.
  static var none: DeltaColumn { DeltaColumn() }

  private init() {
    bytes = UnsafeRawBufferPointer(start: nil, count: 0)
    (count, width) = (0, 0)
  }

  /// Takes the column off the reader.
  @inline(__always)
  init(_ reader: inout ColumnReader, count: Int, width: Int) throws(CodecError) {
    bytes = try reader.take(count, width: width)
    self.count = count
    self.width = width
  }

  /// The number at an index below `count`, for widths up to 8.
  @inline(__always)
  subscript(index: Int) -> UInt64 {
    let offset = index * width
    switch width {
    case 0: return 0
    case 1: return UInt64(bytes[offset])
    case 2: return UInt64(load(UInt16.self, offset))
    case 4: return UInt64(load(UInt32.self, offset))
    case 8: return load(UInt64.self, offset)
    default: return odd(offset)
    }
  }

  /// The number at an index, for any width.
  @inline(__always)
  func wide(_ index: Int) -> UInt128 {
    let offset = index * width
    if offset + 16 <= bytes.count {
      return width == 0 ? 0 : load(UInt128.self, offset) & (.max &>> UInt128(128 - 8 * width))
    }
    var value: UInt128 = 0
    for byte in (offset..<offset + width).reversed() { value = value &<< 8 | UInt128(bytes[byte]) }
    return value
  }

  /// The sum of a range of numbers as low + 2^64 · high; both are below 2^95 for columns below 2^31
  /// entries, and high is 0 for widths up to 8.
  @inline(__always)
  func sum(_ range: Range<Int>) -> (low: UInt128, high: UInt128) {
    switch width {
    case 0: return (0, 0)
    case 1: return (UInt128(sum(UInt8.self, range)), 0)
    case 2: return (UInt128(sum(UInt16.self, range)), 0)
    case 4: return (UInt128(sum(UInt32.self, range)), 0)
    case ...8:
      var total: UInt128 = 0
      for index in range {
        total &+= UInt128(width == 8 ? load(UInt64.self, index * 8) : self[index])
      }
      return (total, 0)
    default:
      var (low, high): (UInt128, UInt128) = (0, 0)
      for index in range {
        let value = wide(index)
        low &+= UInt128(UInt64(truncatingIfNeeded: value))
        high &+= value &>> 64
      }
      return (low, high)
    }
  }

  /// The least and the greatest of a range that is not empty, for widths up to 8.
  func extremes(_ range: Range<Int>) -> (least: UInt64, greatest: UInt64) {
    switch width {
    case 0: return (0, 0)
    case 1: return extremes(UInt8.self, range)
    case 2: return extremes(UInt16.self, range)
    case 4: return extremes(UInt32.self, range)
    default:
      var (least, greatest) = (UInt64.max, UInt64.min)
      for index in range {
        let value = self[index]
        least = min(least, value)
        greatest = max(greatest, value)
      }
      return (least, greatest)
    }
  }

  @inline(__always)
  private func load<Number: FixedWidthInteger>(_: Number.Type, _ offset: Int) -> Number {
    // `init` took count · width bytes, and callers stay below count.
    Number(
      littleEndian: (bytes.baseAddress.unsafelyUnwrapped + offset).loadUnaligned(as: Number.self))
  }

  @inline(__always)
  private func odd(_ offset: Int) -> UInt64 {
    if offset + 8 <= bytes.count {
      return load(UInt64.self, offset) & (UInt64.max >> UInt64(64 - 8 * width))
    }
    return UInt64(truncatingIfNeeded: wide(offset / width))
  }

  @inline(__always)
  private func sum<Number: FixedWidthInteger & UnsignedInteger>(
    _: Number.Type, _ range: Range<Int>
  ) -> UInt64 {
    var total: UInt64 = 0
    for index in range {
      total &+= UInt64(truncatingIfNeeded: load(Number.self, index &* MemoryLayout<Number>.size))
    }
    return total
  }

  @inline(__always)
  private func extremes<Number: FixedWidthInteger & UnsignedInteger>(
    _: Number.Type, _ range: Range<Int>
  ) -> (least: UInt64, greatest: UInt64) {
    var (least, greatest) = (Number.max, Number.min)
    for index in range {
      let value = load(Number.self, index &* MemoryLayout<Number>.size)
      least = min(least, value)
      greatest = max(greatest, value)
    }
    return (UInt64(least), UInt64(greatest))
  }
}
