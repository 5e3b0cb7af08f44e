// Taking events out of a chunk: their fields become null, event time and all, so that no replay admits them,
// and the others keep their places. All columns of the chunk stay, also those that its stream does not have.
import Aggregates
import FeatureModel

/// A column of a chunk as it stands there.
struct KeptColumn {
  let name: [UInt8]
  /// A type's, see `KeptType`.
  let code: UInt8
  var column: EventColumn
}

extension KeptChunkReader {
  /// A chunk's head and all of its columns.
  static func columns(
    _ bytes: UnsafeRawBufferPointer
  ) throws(CodecError) -> (head: KeptChunkHead, columns: [KeptColumn]) {
    let head = try head(bytes)
    var rest = KeptBytes(bytes, from: 29)
    let count = Int(try rest.byte()) | Int(try rest.byte()) << 8
    var columns: [KeptColumn] = []
    for _ in 0..<count {
      let name = Array(try rest.take(Int(try rest.byte())))
      let code = try rest.byte()
      let isText = code == KeptType.code(.string)
      var column = EventColumn(type: isText ? .string : .int)
      try read(&rest, head.count, isText, into: &column)
      columns.append(KeptColumn(name: name, code: code, column: column))
    }
    try rest.end()
    return (head, columns)
  }

  /// The chunk without some of its events.
  static func erasing(
    _ rows: [Int], of bytes: UnsafeRawBufferPointer
  ) throws(CodecError) -> [UInt8] {
    var (head, columns) = try columns(bytes)
    var isErased = [Bool](repeating: false, count: head.count)
    for row in rows { isErased[row] = true }
    for index in columns.indices {
      columns[index].column = columns[index].column.erasing(isErased)
    }
    var erased: [UInt8] = []
    var writer = KeptChunkWriter()
    writer.append(head, columns, to: &erased)
    return erased
  }

  /// How many events of a chunk have been erased: those without an event time, which no event is stored
  /// without.
  func erasedCount(_ bytes: UnsafeRawBufferPointer) throws(CodecError) -> Int {
    try column(stream.eventTime, of: bytes).valid.count { $0 == 0 }
  }
}

extension EventColumn {
  /// The same with nulls in some rows.
  fileprivate func erasing(_ isErased: [Bool]) -> EventColumn {
    var other = EventColumn(type: type)
    for row in valid.indices {
      if isErased[row] || valid[row] == 0 {
        other.appendNull()
      } else if type == .string {
        text.withUnsafeBytes {
          other.append(utf8: UnsafeRawBufferPointer(rebasing: $0[textRange(row)]))
        }
      } else {
        other.append(word: words[row])
      }
    }
    return other
  }
}
