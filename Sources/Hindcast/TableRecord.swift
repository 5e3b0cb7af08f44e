// How far a table was taken in: rows are counted, and a digest of the rows of the last call tells rows that
// come once more from others under the same numbers.
//
//   offset  bytes  meaning (integers little-endian)
//   0       1      format, 2 (1 is a file's record)
//   1       8      rows of the source taken in, refused ones included
//   9       8      the row at which the last call's table began
//   17      16     digest of the rows from there on, high half first
import FeatureModel

struct TableRecord: Hashable, Sendable {
  static let byteCount = 33

  /// Rows of the source that were taken in.
  var rows: Int
  /// Where the rows of the digest begin.
  var first: Int
  var digest: Digest

  init(rows: Int, first: Int, digest: Digest) {
    self.rows = rows
    self.first = first
    self.digest = digest
  }

  var bytes: [UInt8] {
    var bytes: [UInt8] = [2]
    for word in [UInt64(rows), UInt64(first), digest.high, digest.low] {
      for shift in stride(from: UInt64(0), to: 64, by: 8) {
        bytes.append(UInt8(truncatingIfNeeded: word >> shift))
      }
    }
    return bytes
  }

  /// Nil where the bytes are not a table's record.
  init?(_ bytes: [UInt8]) {
    guard bytes.count == Self.byteCount, bytes[0] == 2 else { return nil }
    let words = stride(from: 1, to: Self.byteCount, by: 8).map { start in
      bytes[start..<start + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    }
    guard let rows = Int(exactly: words[0]), let first = Int(exactly: words[1]), first <= rows
    else { return nil }
    self.init(rows: rows, first: first, digest: Digest(high: words[2], low: words[3]))
  }
}

/// The digest of a table's rows, the same however they were cut into batches: each column's values, lengths and
/// nulls go end to end into digests of their own.
final class TableDigester {
  private final class Column {
    var words = Digester()
    var valid = Digester()
    var text = Digester()
  }

  private let columns: [Column]
  private var refused = Digester()
  private var lengths: [UInt64] = []

  init(columns: Int) { self.columns = (0..<columns).map { _ in Column() } }

  /// - Parameter refusedRows: rows that are not in the batch, by number in the source.
  func update(_ batch: EventBatch, refusedRows: [Int]) {
    for (column, events) in zip(columns, batch.columns) {
      events.valid.withUnsafeBytes { column.valid.update($0) }
      if events.type == .string {
        lengths.removeAll(keepingCapacity: true)
        var start: UInt64 = 0
        for end in events.words {
          lengths.append(end - start)
          start = end
        }
        lengths.withUnsafeBytes { column.words.update($0) }
        events.text.withUnsafeBytes { column.text.update($0) }
      } else {
        events.words.withUnsafeBytes { column.words.update($0) }
      }
    }
    for row in refusedRows { withUnsafeBytes(of: UInt64(row).littleEndian) { refused.update($0) } }
  }

  var value: Digest {
    var whole = Digester()
    for column in columns {
      for part in [column.words.value, column.valid.value, column.text.value] {
        whole.update(part.description)
      }
    }
    whole.update(refused.value.description)
    return whole.value
  }
}
