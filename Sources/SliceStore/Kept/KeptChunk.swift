// Some events of a stream as they came in, column by column: what a kept event is stored as. A chunk names its
// fields, so that a stream that has got new ones since reads it with nulls for them.
//
//   bytes  meaning
//   1      format, 1
//   8      the stream's seal when the events were stored, epoch milliseconds; the least Int64 without one
//   8, 8   the earliest and the latest arrival of an event, with the seal taken into account
//   4      number of events n, at least 1
//   2      number of columns
//   then per column:
//   1, l   length of the field's name, and the name
//   1      type: 0 int, 1 double, 2 string, 3 bool, 4 timestamp
//   1      1 where some values are null, then ⌈n/8⌉ bytes with a bit for each value that is there
//          the words as a frame: 8 bytes least word, 1 byte width w (0, 1, 2, 4, 8), n·w bytes of distances;
//          a string's word is the length of its text
//          for strings: all texts end to end
//
// Numbers are little-endian. RocksDB compresses the whole.
import Aggregates
import FeatureModel

/// What stands before a chunk's columns.
struct KeptChunkHead: Hashable {
  static let format: UInt8 = 1
  static let byteCount = 31

  /// Milliseconds; nothing of the chunk arrives before it.
  var seal: Int64
  var earliestArrival: Int64
  var latestArrival: Int64
  var count: Int
}

/// Writes chunks; keeps its buffers.
struct KeptChunkWriter {
  /// Events of one chunk at most.
  static let rowLimit = 16_384

  private var rows: [Int32] = []

  /// Appends the chunk of the admitted rows in a range of a batch's.
  /// - Returns: false, and nothing is appended, where none of them was admitted.
  mutating func append(
    _ batch: EventBatch, _ range: Range<Int>, _ admitted: AdmittedEvents,
    _ stream: StreamDeclaration, seal: Int64?, to bytes: inout [UInt8]
  ) -> Bool {
    rows.removeAll(keepingCapacity: true)
    let seal = seal ?? .min
    var (earliest, latest) = (Int64.max, Int64.min)
    for row in range where admitted.mask[row] != 0 {
      rows.append(Int32(row))
      let arrival = max(admitted.arrivalTimes[row], seal)
      earliest = min(earliest, arrival)
      latest = max(latest, arrival)
    }
    if rows.isEmpty { return false }
    let head = KeptChunkHead(
      seal: seal, earliestArrival: earliest, latestArrival: latest, count: rows.count)
    Self.append(head, columns: stream.fields.count, to: &bytes)
    for (field, column) in zip(stream.fields, batch.columns) {
      append(Array(field.name.utf8), KeptType.code(field.type), column, to: &bytes)
    }
    return true
  }

  /// Appends a chunk of all rows of some columns.
  mutating func append(
    _ head: KeptChunkHead, _ columns: [KeptColumn], to bytes: inout [UInt8]
  ) {
    rows = Array(0..<Int32(head.count))
    Self.append(head, columns: columns.count, to: &bytes)
    for column in columns { append(column.name, column.code, column.column, to: &bytes) }
  }

  private static func append(_ head: KeptChunkHead, columns: Int, to bytes: inout [UInt8]) {
    bytes.append(KeptChunkHead.format)
    for number in [head.seal, head.earliestArrival, head.latestArrival] {
      bytes.appendLittleEndian(number)
    }
    bytes.appendLittleEndian(UInt32(head.count))
    bytes.appendLittleEndian(UInt16(columns))
  }

  /// Lets the events of a chunk arrive no earlier than a seal.
  static func raise(_ chunk: inout [UInt8], to seal: Int64) {
    chunk.withUnsafeMutableBytes { bytes in
      for offset in [1, 9, 17] {
        let number = Int64(
          littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int64.self))
        bytes.storeBytes(of: max(number, seal).littleEndian, toByteOffset: offset, as: Int64.self)
      }
    }
  }

  private func append(
    _ name: [UInt8], _ code: UInt8, _ column: EventColumn, to bytes: inout [UInt8]
  ) {
    bytes.append(UInt8(name.count))
    bytes += name
    bytes.append(code)
    appendValidity(column, to: &bytes)
    if column.type == .string {
      Self.appendFrame(rows.count, to: &bytes) { UInt64(column.textRange(Int(rows[$0])).count) }
      for row in rows { bytes.append(contentsOf: column.text[column.textRange(Int(row))]) }
    } else {
      Self.appendFrame(rows.count, to: &bytes) { column.words[Int(rows[$0])] }
    }
  }

  private func appendValidity(_ column: EventColumn, to bytes: inout [UInt8]) {
    guard rows.contains(where: { column.valid[Int($0)] == 0 }) else { return bytes.append(0) }
    bytes.append(1)
    var mask: UInt8 = 0
    for (index, row) in rows.enumerated() {
      if column.valid[Int(row)] != 0 { mask |= 1 << UInt8(index & 7) }
      if index & 7 == 7 || index == rows.count - 1 {
        bytes.append(mask)
        mask = 0
      }
    }
  }

  /// Distances are taken in signed numbers, in which times and counts lie close together.
  @inline(__always)
  private static func appendFrame(
    _ count: Int, to bytes: inout [UInt8], word: (Int) -> UInt64
  ) {
    var (least, greatest) = (Int64.max, Int64.min)
    for index in 0..<count {
      let number = Int64(bitPattern: word(index))
      least = min(least, number)
      greatest = max(greatest, number)
    }
    let span = UInt64(bitPattern: greatest &- least)
    bytes.appendLittleEndian(least)
    let width = KeptFrame.width(of: span)
    bytes.append(UInt8(width))
    if width == 0 { return }
    let start = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: count * width))
    bytes.withUnsafeMutableBytes { bytes in
      for index in 0..<count {
        let distance = word(index) &- UInt64(bitPattern: least)
        withUnsafeBytes(of: distance.littleEndian) {
          (bytes.baseAddress! + start + index * width).copyMemory(
            from: $0.baseAddress!, byteCount: width)
        }
      }
    }
  }
}

/// The codes of field types; frozen.
enum KeptType {
  static func code(_ type: FieldType) -> UInt8 {
    switch type {
    case .int: 0
    case .double: 1
    case .string: 2
    case .bool: 3
    case .timestamp: 4
    }
  }
}

/// Widths of distances.
enum KeptFrame {
  static func width(of span: UInt64) -> Int {
    if span == 0 { return 0 }
    if span <= 0xFF { return 1 }
    if span <= 0xFFFF { return 2 }
    return span <= 0xFFFF_FFFF ? 4 : 8
  }
}
