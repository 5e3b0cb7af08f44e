// The key of a row's entity, straight from the columns, in the encoding that `EntityKey` documents.

package enum EntityKeyBuilder {
  /// Replaces `bytes` by the key of a row; false where a part is null.
  /// - Parameter fields: indices of the key's columns, in the view's order.
  package static func build(
    _ batch: EventColumnsView, _ fields: [Int], _ row: Int, into bytes: inout [UInt8]
  ) -> Bool {
    bytes.removeAll(keepingCapacity: true)
    for field in fields {
      guard batch[field].valid[row] != 0 else { return false }
      appendPart(of: fields.count, to: &bytes) { append(batch[field], row, to: &$0) }
    }
    return true
  }

  /// The same straight from a batch, for a few rows: it opens the columns for each.
  package static func build(
    _ batch: EventBatch, _ fields: [Int], _ row: Int, into bytes: inout [UInt8]
  ) -> Bool {
    batch.withColumns { build($0, fields, row, into: &bytes) }
  }

  /// Appends one part of a key: its text, which `append` adds, and before it the length where there are
  /// several parts.
  @inline(__always)
  package static func appendPart(
    of parts: Int, to bytes: inout [UInt8], _ append: (inout [UInt8]) -> Void
  ) {
    guard parts > 1 else { return append(&bytes) }
    let lengthAt = bytes.count
    bytes.append(contentsOf: [0, 0, 0, 0])
    append(&bytes)
    let length = UInt32(bytes.count - lengthAt - 4)
    for index in 0..<4 {
      bytes[lengthAt + index] = UInt8(truncatingIfNeeded: length >> UInt32(24 - 8 * index))
    }
  }

  private static func append(_ column: EventColumnView, _ row: Int, to bytes: inout [UInt8]) {
    if column.type == .string {
      bytes.append(contentsOf: column.utf8(row))
    } else {
      append(word: column.words[row], column.type, to: &bytes)
    }
  }

  /// The canonical text of a value that is no string: as a part of a key, and as a category.
  package static func append(word: UInt64, _ type: FieldType, to bytes: inout [UInt8]) {
    if type == .bool {
      append(word != 0, to: &bytes)
    } else {
      append(Int64(bitPattern: word), to: &bytes)
    }
  }

  /// The canonical text of a flag.
  package static func append(_ flag: Bool, to bytes: inout [UInt8]) {
    bytes += (flag ? "true" : "false").utf8
  }

  /// The canonical text of a whole number: decimal, no leading zeros.
  package static func append(_ value: Int64, to bytes: inout [UInt8]) {
    if value < 0 { bytes.append(UInt8(ascii: "-")) }
    let start = bytes.count
    var rest = value.magnitude
    repeat {
      bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
      rest /= 10
    } while rest > 0
    bytes[start...].reverse()
  }
}
