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
      let lengthAt = bytes.count
      if fields.count > 1 { bytes.append(contentsOf: [0, 0, 0, 0]) }
      append(batch[field], row, to: &bytes)
      if fields.count > 1 {
        let length = UInt32(bytes.count - lengthAt - 4)
        for index in 0..<4 {
          bytes[lengthAt + index] = UInt8(truncatingIfNeeded: length >> UInt32(24 - 8 * index))
        }
      }
    }
    return true
  }

  /// The same straight from a batch, for a few rows: it opens the columns for each.
  package static func build(
    _ batch: EventBatch, _ fields: [Int], _ row: Int, into bytes: inout [UInt8]
  ) -> Bool {
    batch.withColumns { build($0, fields, row, into: &bytes) }
  }

  private static func append(_ column: EventColumnView, _ row: Int, to bytes: inout [UInt8]) {
    switch column.type {
    case .string: bytes.append(contentsOf: column.utf8(row))
    case .bool: bytes += (column.words[row] != 0 ? "true" : "false").utf8
    case .int, .timestamp, .double: appendDecimal(Int64(bitPattern: column.words[row]), to: &bytes)
    }
  }

  private static func appendDecimal(_ value: Int64, to bytes: inout [UInt8]) {
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
