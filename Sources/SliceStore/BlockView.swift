// A stored block read in place: the partials of one entity in a run of slices, column by column.
//
//   bytes  meaning
//   1      format, 1
//   1      number of columns c, at least 1
//   c      codec byte of each column
//   4      number of entries n, little-endian, at least 1
//   1      width w of a lag in bytes, 0 to 4; 0 where no entry arrived late. Bit 7: there are replacing entries
//   2·n    slice offset of each entry inside the block, little-endian
//   w·n    arrival lag of each entry in slices, little-endian
//   ⌈n/8⌉  only where there are replacing entries: a bit for each entry, lowest first
//   then per column: 4 bytes length, little-endian, and that many bytes
//
// Entries are strictly ascending by (offset, lag). Parsing checks all lengths once; after that no access
// can leave the bytes. A replacing entry stands for all entries of its slice with smaller lags, for whoever may
// know it: what a correction leaves of a slice.
import Aggregates

/// A parsed block; borrows its bytes.
package struct BlockView: BitwiseCopyable {
  static let format: UInt8 = 1
  static let lagMax: Int64 = (1 << 31) - 2
  /// Of the byte that tells the width of lags.
  static let replacingBit: UInt8 = 0x80

  let bytes: UnsafeRawBufferPointer
  package let columnCount: Int
  package let entryCount: Int
  package let lagWidth: Int
  /// Whether any entry is a replacing one.
  package let hasReplacing: Bool
  private let offsetsAt: Int
  private let lagsAt: Int
  private let replacingAt: Int
  private let columnsAt: Int

  package init(_ bytes: UnsafeRawBufferPointer) throws(CodecError) {
    self.bytes = bytes
    try Self.need(2, bytes.count)
    guard bytes[0] == Self.format else {
      throw .malformed("block format \(bytes[0]); this version reads \(Self.format)")
    }
    columnCount = Int(bytes[1])
    guard columnCount > 0 else { throw .malformed("block without columns") }
    var position = 2 + columnCount
    try Self.need(position + 5, bytes.count)
    entryCount = Int(bytes.littleEndian32(at: position))
    lagWidth = Int(bytes[position + 4] & ~Self.replacingBit)
    hasReplacing = bytes[position + 4] & Self.replacingBit != 0
    guard entryCount > 0, lagWidth <= 4 else {
      throw .malformed("block of \(entryCount) entries with lags of \(lagWidth) bytes")
    }
    position += 5
    offsetsAt = position
    lagsAt = position + 2 * entryCount
    replacingAt = lagsAt + lagWidth * entryCount
    columnsAt = replacingAt + (hasReplacing ? (entryCount + 7) / 8 : 0)
    try Self.need(columnsAt, bytes.count)
  }

  package func code(ofColumn column: Int) -> UInt8 { bytes[2 + column] }

  /// True where the columns are of exactly these codecs.
  func hasCodes(_ codes: [UInt8]) -> Bool { bytes[2..<2 + columnCount].elementsEqual(codes) }

  @inline(__always)
  package func offset(_ entry: Int) -> Int { Int(bytes.littleEndian16(at: offsetsAt + 2 * entry)) }

  @inline(__always)
  package func lag(_ entry: Int) -> Int64 {
    guard lagWidth > 0 else { return 0 }
    var lag: Int64 = 0
    for index in 0..<lagWidth {
      lag |= Int64(bytes[lagsAt + lagWidth * entry + index]) << (8 * Int64(index))
    }
    return lag
  }

  /// Whether an entry stands for all of its slice with smaller lags.
  @inline(__always)
  package func isReplacing(_ entry: Int) -> Bool {
    hasReplacing && bytes[replacingAt + entry >> 3] >> UInt8(entry & 7) & 1 != 0
  }

  /// The first entry whose slice offset is at least `offset`.
  /// - Complexity: O(log entries).
  @inline(__always)
  package func firstEntry(from offset: Int) -> Int {
    firstEntry(from: offset, in: 0..<entryCount)
  }

  /// The same, for a caller who knows that it is near `near`, which may be the number of entries.
  /// - Complexity: O(1) where that is true, else O(log entries).
  @inline(__always)
  func firstEntry(from offset: Int, near: Int) -> Int {
    let steps = 8
    var entry = near
    if entry < entryCount, self.offset(entry) < offset {
      let limit = min(entryCount, entry &+ steps)
      repeat { entry &+= 1 } while entry < limit && self.offset(entry) < offset
      let isFound = entry < limit || limit == entryCount
      return isFound ? entry : firstEntry(from: offset, in: entry..<entryCount)
    }
    let limit = max(0, entry &- steps)
    while entry > limit, self.offset(entry &- 1) >= offset { entry &-= 1 }
    return entry > limit || limit == 0 ? entry : firstEntry(from: offset, in: 0..<entry)
  }

  @inline(__always)
  private func firstEntry(from offset: Int, in range: Range<Int>) -> Int {
    if range.isEmpty { return range.lowerBound }
    // Without branches, which nothing could foretell.
    var first = range.lowerBound
    var count = range.count
    while count > 1 {
      let half = count &>> 1
      first &+= self.offset(first &+ half &- 1) < offset ? half : 0
      count &-= half
    }
    return first &+ (self.offset(first) < offset ? 1 : 0)
  }

  /// The bytes of one column, borrowed. Walks the columns before it.
  package func column(_ index: Int) throws(CodecError) -> UnsafeRawBufferPointer {
    var position = columnsAt
    for current in 0... {
      try Self.need(position + 4, bytes.count)
      let length = Int(bytes.littleEndian32(at: position))
      position += 4
      try Self.need(position + length, bytes.count)
      if current == index {
        return UnsafeRawBufferPointer(rebasing: bytes[position..<position + length])
      }
      position += length
    }
    throw .malformed("no column \(index)")
  }

  /// Calls `body` with the bytes of the columns at some ascending places, borrowed, and the index of each
  /// among the places. A place that is there more than once is called for each.
  @inline(__always)
  func forEachColumn(
    at places: [Int],
    _ body: (_ index: Int, _ column: UnsafeRawBufferPointer) throws(CodecError) -> Void
  ) throws(CodecError) {
    var start = columnsAt
    var position = columnsAt
    // The columns before it have been walked over; of the last of them, `start ..< position` are the bytes.
    var current = 0
    for index in places.indices {
      while current <= places[index] {
        try Self.need(position + 4, bytes.count)
        start = position + 4
        position = start + Int(bytes.littleEndian32(at: position))
        try Self.need(position, bytes.count)
        current += 1
      }
      try body(index, UnsafeRawBufferPointer(rebasing: bytes[start..<position]))
    }
  }

  /// Checks what reading relies on but does not check each time: ascending entries inside the block.
  package func checkEntries(slicesPerBlock: Int) throws(CodecError) {
    var previous: (Int, Int64) = (-1, 0)
    for entry in 0..<entryCount {
      let current = (offset(entry), lag(entry))
      guard current > previous, current.0 < slicesPerBlock, current.1 <= Self.lagMax else {
        throw .malformed("entry \(entry) at offset \(current.0), lag \(current.1) is out of order")
      }
      previous = current
    }
  }

  /// Checks that the last column ends where the bytes end.
  package func checkEnd() throws(CodecError) {
    let last = try column(columnCount - 1)
    let rest = bytes.count - (last.baseAddress! - bytes.baseAddress! + last.count)
    if rest != 0 { throw .malformed("\(rest) bytes behind the last column") }
  }

  private static func need(_ count: Int, _ available: Int) throws(CodecError) {
    guard count <= available else { throw .truncated(needed: count, available: available) }
  }
}

extension UnsafeRawBufferPointer {
  @inline(__always)
  func littleEndian16(at offset: Int) -> UInt16 {
    UInt16(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt16.self))
  }

  @inline(__always)
  func littleEndian32(at offset: Int) -> UInt32 {
    UInt32(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }
}
