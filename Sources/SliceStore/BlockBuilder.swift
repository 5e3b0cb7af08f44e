// Writes a block: entries go in ascending order, each column's partials through its accumulator.
// The bytes are a pure function of the entries, which is what makes stored bytes order-independent.
import Aggregates

/// Collects the places of one block's entries. The accumulators belong to the caller, who feeds them and
/// finishes an entry in each of them for every place.
struct BlockBuilder {
  /// Little-endian, as they are stored.
  private var offsets: [UInt16] = []
  private var lags: [UInt32] = []
  private var largestLag: UInt32 = 0

  var isEmpty: Bool { offsets.isEmpty }

  /// The place of the next entry, later than all before.
  @inline(__always)
  mutating func addEntry(offset: Int, lag: Int64) {
    offsets.append(UInt16(offset).littleEndian)
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
    let lagWidth = (32 - largestLag.leadingZeroBitCount + 7) / 8
    bytes.append(BlockView.format)
    bytes.append(UInt8(columns.count))
    for column in columns { bytes.append(column.code) }
    bytes.appendLittleEndian(UInt32(offsets.count))
    bytes.append(UInt8(lagWidth))
    offsets.withUnsafeBytes { bytes.append(contentsOf: $0) }
    for lag in lags where lagWidth > 0 {
      withUnsafeBytes(of: lag.littleEndian) { bytes.append(contentsOf: $0.prefix(lagWidth)) }
    }
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
    largestLag = 0
  }
}
