// How far a file was taken in, and how to know it again. A position counts uncompressed bytes, so a file
// and its gzip'd twin are the same source; a digest of all rows before the position tells a file that grew
// from one that changed.
//
//   offset  bytes  meaning (integers little-endian)
//   0       1      format, 1
//   1       1      1 if the last row had a line end
//   2       8      uncompressed bytes before the position, header included
//   10      8      line of the position, from 1
//   18      8      rows before it, refused ones included
//   26      16     XXH3-128 of the CSV header and all rows' bytes before it, high half first
//   42      8      h, how many of those bytes the head's digest covers
//   50      16     XXH3-128 of the first h bytes of the rows
import FeatureModel
import RowFiles

struct SourceRecord: Hashable, Sendable {
  static let headBytesMax = 1 << 16

  var position: RowPosition
  var rows: Int
  var digest: Digest
  var endsWithLine: Bool
  var headBytes: Int
  var head: Digest

  var bytes: [UInt8] {
    var bytes: [UInt8] = [1, endsWithLine ? 1 : 0]
    for number in [position.offset, position.line, rows] { Self.append(UInt64(number), &bytes) }
    Self.append(digest, &bytes)
    Self.append(UInt64(headBytes), &bytes)
    Self.append(head, &bytes)
    return bytes
  }

  init(
    position: RowPosition, rows: Int, digest: Digest, endsWithLine: Bool, headBytes: Int,
    head: Digest
  ) {
    self.position = position
    self.rows = rows
    self.digest = digest
    self.endsWithLine = endsWithLine
    self.headBytes = headBytes
    self.head = head
  }

  /// What a source's digest covers before its rows.
  static func begin(_ digester: inout Digester, header: CSVHeader?) {
    header?.row.withUnsafeBytes { digester.update($0) }
  }

  /// Nil where the bytes are not a file's record: positions of other producers look different.
  init?(_ bytes: [UInt8]) {
    guard bytes.count == 66, bytes[0] == 1, bytes[1] <= 1 else { return nil }
    endsWithLine = bytes[1] == 1
    let numbers = stride(from: 2, to: 66, by: 8).map { start in
      bytes[start..<start + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    }
    guard let offset = Int(exactly: numbers[0]), let line = Int(exactly: numbers[1]),
      let rows = Int(exactly: numbers[2]), let headBytes = Int(exactly: numbers[5])
    else { return nil }
    position = RowPosition(offset: offset, line: line)
    self.rows = rows
    digest = Digest(high: numbers[3], low: numbers[4])
    self.headBytes = headBytes
    head = Digest(high: numbers[6], low: numbers[7])
  }

  private static func append(_ number: UInt64, _ bytes: inout [UInt8]) {
    for shift in stride(from: UInt64(0), to: 64, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: number >> shift))
    }
  }

  private static func append(_ digest: Digest, _ bytes: inout [UInt8]) {
    append(digest.high, &bytes)
    append(digest.low, &bytes)
  }
}
