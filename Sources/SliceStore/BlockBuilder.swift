// Writes a block: entries go in ascending order, each column's partials through its accumulator.
// The bytes are a pure function of the entries, which is what makes stored bytes order-independent.
import Aggregates

/// Collects the places of one block's entries. The accumulators belong to the caller, who feeds them and
/// finishes an entry in each of them for every place.
struct BlockBuilder {
  private var offsets: [UInt16] = []
  private var lags: [UInt32] = []
  private var largestLag: UInt32 = 0
  /// Ascending indices of entries.
  private var replacing: [Int] = []

  var isEmpty: Bool { offsets.isEmpty }

  /// The place of the next entry, later than all before.
  @inline(__always)
  mutating func addEntry(offset: Int, lag: Int64, isReplacing: Bool = false) {
    if isReplacing { replacing.append(offsets.count) }
    offsets.append(UInt16(offset))
    lags.append(UInt32(lag))
    largestLag = max(largestLag, UInt32(lag))
  }

  /// The running partials of all columns become the entry at this place.
  mutating func finishEntry(offset: Int, lag: Int64, _ columns: [Accumulator]) {
    addEntry(offset: offset, lag: lag)
    for column in columns { column.finishEntry() }
  }

  /// Appends the block's bytes and starts over.
  mutating func encode(_ columns: [Accumulator], into bytes: inout [UInt8]) {
    appendHeader(columns, to: &bytes)
    for column in columns {
      let lengthAt = bytes.count
      bytes.appendLittleEndian(UInt32(0))
      column.encodeEntries(into: &bytes)
      let length = UInt32(bytes.count - lengthAt - 4).littleEndian
      bytes.withUnsafeMutableBytes {
        $0.storeBytes(of: length, toByteOffset: lengthAt, as: UInt32.self)
      }
    }
    offsets.removeAll(keepingCapacity: true)
    lags.removeAll(keepingCapacity: true)
    replacing.removeAll(keepingCapacity: true)
    largestLag = 0
  }

  /// Appends all that comes before the columns, in one piece.
  private func appendHeader(_ columns: [Accumulator], to bytes: inout [UInt8]) {
    let lagWidth = (32 - largestLag.leadingZeroBitCount + 7) / 8
    let maskBytes = replacing.isEmpty ? 0 : (offsets.count + 7) / 8
    let count = 7 + columns.count + (2 + lagWidth) * offsets.count + maskBytes
    // A lag is stored as a whole word, over the excess of the one before.
    withUnsafeTemporaryAllocation(byteCount: count + 4, alignment: 8) { room in
      var place = room.baseAddress!
      func store<Number: FixedWidthInteger>(_ number: Number, _ width: Int) {
        place.storeBytes(of: number.littleEndian, as: Number.self)
        place += width
      }
      store(BlockView.format, 1)
      store(UInt8(columns.count), 1)
      for column in columns { store(column.code, 1) }
      store(UInt32(offsets.count), 4)
      store(UInt8(lagWidth) | (replacing.isEmpty ? 0 : BlockView.replacingBit), 1)
      for offset in offsets { store(offset, 2) }
      if lagWidth > 0 { for lag in lags { store(lag, lagWidth) } }
      for index in 0..<maskBytes { place.storeBytes(of: 0, toByteOffset: index, as: UInt8.self) }
      for entry in replacing {
        let byte = place.load(fromByteOffset: entry >> 3, as: UInt8.self) | 1 << UInt8(entry & 7)
        place.storeBytes(of: byte, toByteOffset: entry >> 3, as: UInt8.self)
      }
      bytes.append(contentsOf: UnsafeRawBufferPointer(start: room.baseAddress!, count: count))
    }
  }
}
