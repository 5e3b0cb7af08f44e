// A column of Int64s as a frame of reference: the least number once, and for each entry its distance from
// there in as few whole bytes as the largest needs. Entries without a value have the distance 0.
//
//   i64 base, u8 width (0...8), entries × width bytes

/// A borrowed column of Int64s.
struct FrameColumn {
  private let base: Int64
  private let deltas: DeltaColumn

  init(_ reader: inout ColumnReader, rows: Int) throws(CodecError) {
    base = try reader.int64()
    let width = Int(try reader.byte())
    guard width <= 8 else { throw .malformed("frame with width \(width)") }
    deltas = try DeltaColumn(&reader, count: rows, width: width)
  }

  /// The number of an entry below `rows`.
  @inline(__always)
  subscript(entry: Int) -> Int64 { base &+ Int64(bitPattern: deltas[entry]) }

  /// The least or the greatest of a range of entries that is not empty.
  func extreme(_ entries: Range<Int>, _ side: Side) -> Int64 {
    let (low, high) = deltas.extremes(entries)
    return base &+ Int64(bitPattern: side == .greatest ? high : low)
  }

  /// Appends the column of `count` numbers, nil for entries without a value.
  static func encode(count: Int, into bytes: inout [UInt8], number: (Int) -> Int64?) {
    var (least, greatest) = (Int64.max, Int64.min)
    for entry in 0..<count {
      guard let number = number(entry) else { continue }
      least = min(least, number)
      greatest = max(greatest, number)
    }
    let base = least <= greatest ? least : 0
    let width = least <= greatest ? UInt64(bitPattern: greatest &- least).byteWidth : 0
    bytes.append(littleEndian: UInt64(bitPattern: base), width: 8)
    bytes.append(UInt8(width))
    if width == 0 { return }
    var place = bytes.appendRoom(count, width: width)
    for entry in 0..<count {
      let delta = number(entry).map { UInt64(bitPattern: $0 &- base) } ?? 0
      bytes.store(UInt128(delta), width: width, at: place)
      place += width
    }
  }
}
