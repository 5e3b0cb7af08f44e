// RFC 4180 rows to cells, as byte ranges, without looking at what they mean. Most cells have no quotes,
// so the loop looks for the next comma or newline eight bytes at a time and for a quotation mark only
// at a cell's start. Quotation marks elsewhere in an unquoted cell are text, as most readers take them.

/// Where one cell lies in the scanned bytes.
struct CSVCell {
  enum Quoting: UInt8 {
    case none, quoted
    /// Quoted, with doubled quotation marks inside.
    case escaped
  }

  /// The content, without quotation marks.
  var start: UInt32
  var end: UInt32
  var quoting: Quoting

  var isNull: Bool { start == end && quoting == .none }

  func bytes(in base: UnsafeRawPointer) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: base + Int(start), count: Int(end - start))
  }

  /// Appends the content with doubled quotation marks made single.
  func unescape(in base: UnsafeRawPointer, into text: inout [UInt8]) {
    var position = Int(start)
    while position < end {
      let byte = base.load(fromByteOffset: position, as: UInt8.self)
      text.append(byte)
      position += byte == 0x22 ? 2 : 1
    }
  }
}

/// What a scan of one row found.
struct CSVRow {
  /// Behind the last cell, its line end left out.
  var end = 0
  /// Where the next row starts.
  var next = 0
  /// Number of cells, also those for which there was no room.
  var cellCount = 0
  /// Newlines inside quoted cells.
  var innerLines = 0
  var fault = Fault.none

  enum Fault { case none, unterminatedQuote, textAfterQuote }
}

enum CSVScanner {
  private static let comma = UInt8(ascii: ",")
  private static let quote = UInt8(ascii: "\"")
  private static let newline = UInt8(ascii: "\n")
  private static let carriageReturn = UInt8(ascii: "\r")

  /// Scans the row at `start`; its first cells go into `cells`, as many as there is room for. Behind
  /// `bytes` there must be a newline and seven more readable bytes (`RowChunk.bytes` has them).
  @inline(__always)
  static func row(
    _ bytes: UnsafeRawBufferPointer, at start: Int, into cells: UnsafeMutableBufferPointer<CSVCell>
  ) -> CSVRow {
    let base = bytes.baseAddress.unsafelyUnwrapped
    var row = CSVRow()
    var position = start
    while true {
      var cell = CSVCell(start: UInt32(truncatingIfNeeded: position), end: 0, quoting: .none)
      if load(base, position) == quote {
        position = quotedCell(bytes, at: position, &cell, &row)
      } else {
        position = separator(base, from: position)
        cell.end = UInt32(truncatingIfNeeded: position)
      }
      if row.cellCount < cells.count { cells[row.cellCount] = cell }
      row.cellCount &+= 1
      if position >= bytes.count || load(base, position) == newline { break }
      position &+= 1
    }
    row.next = min(position + 1, bytes.count)
    row.end = position
    if position > start, load(base, position - 1) == carriageReturn {
      trimCarriageReturn(&row, cells)
    }
    return row
  }

  /// The row ends in `\r`: it belongs to the line end unless it stands inside quotes.
  @inline(never)
  private static func trimCarriageReturn(
    _ row: inout CSVRow, _ cells: UnsafeMutableBufferPointer<CSVCell>
  ) {
    if row.fault == .unterminatedQuote { return }
    row.end -= 1
    guard row.cellCount <= cells.count else { return }
    if cells[row.cellCount - 1].quoting == .none { cells[row.cellCount - 1].end -= 1 }
  }

  /// Reads a cell from its opening quotation mark to the separator behind it.
  @inline(never)
  private static func quotedCell(
    _ bytes: UnsafeRawBufferPointer, at start: Int, _ cell: inout CSVCell, _ row: inout CSVRow
  ) -> Int {
    let base = bytes.baseAddress.unsafelyUnwrapped
    cell.quoting = .quoted
    cell.start += 1
    var position = start + 1
    while let found = RowBoundaries.find(Int32(quote), bytes, from: position) {
      if found + 1 < bytes.count, load(base, found + 1) == quote {
        cell.quoting = .escaped
        position = found + 2
        continue
      }
      cell.end = UInt32(truncatingIfNeeded: found)
      row.innerLines += RowBoundaries.countNewlines(cell.bytes(in: base))
      let end = separator(base, from: found + 1)
      let isClean =
        end == found + 1
        || end == found + 2 && load(base, found + 1) == carriageReturn && load(base, end) == newline
      if !isClean { row.fault = .textAfterQuote }
      return end
    }
    cell.end = UInt32(truncatingIfNeeded: bytes.count)
    row.fault = .unterminatedQuote
    return bytes.count
  }

  /// The next comma or newline; there is one, at the latest behind the bytes.
  @inline(__always)
  private static func separator(_ base: UnsafeRawPointer, from start: Int) -> Int {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let commas = ones &* UInt64(comma)
    let newlines = ones &* UInt64(newline)
    var position = start
    while true {
      let word = UInt64(
        littleEndian: base.loadUnaligned(fromByteOffset: position, as: UInt64.self))
      let left = word ^ commas
      let right = word ^ newlines
      // A borrow can mark a byte above a true hit, never below: the lowest mark is exact.
      let hits =
        (((left &- ones) & ~left) | ((right &- ones) & ~right)) & 0x8080_8080_8080_8080
      if hits != 0 { return position &+ hits.trailingZeroBitCount / 8 }
      position &+= 8
    }
  }

  @inline(__always)
  private static func load(_ base: UnsafeRawPointer, _ position: Int) -> UInt8 {
    base.load(fromByteOffset: position, as: UInt8.self)
  }
}
