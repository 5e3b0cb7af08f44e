// Codes 6 and 7: the least or the greatest text of a string field.

/// The least or greatest of the texts so far by the unsigned bytes of their UTF-8; empty until the first.
public struct TextExtremum: Partial {
  public var code: UInt8 { side.code(least: 6, greatest: 7) }

  private var kept = KeptText()

  private let side: Side

  /// Empty.
  public init(_ side: Side) { self.side = side }

  /// The text's UTF-8; nil while empty.
  public var utf8: [UInt8]? { kept.text }

  public mutating func reset() { kept.clear() }

  public mutating func absorb(text: UnsafeRawBufferPointer, time: Int64) { consider(text) }

  public mutating func merge(_ other: Self) {
    other.kept.text?.withUnsafeBytes { consider($0) }
  }

  private mutating func consider(_ text: UnsafeRawBufferPointer) {
    if !kept.isPresent || kept.loses(to: text, side) {
      kept.replace(text)
    }
  }

  public mutating func fold(
    _ column: UnsafeRawBufferPointer, rows: Int, entries: Range<Int>
  ) throws(CodecError) {
    try ColumnReader.check(rows: rows, entries: entries)
    var reader = ColumnReader(column)
    try TextColumn.forEach(&reader, rows: rows, entries: entries) { _, text in consider(text) }
  }

  public static func encode(_ entries: [Self], into bytes: inout [UInt8]) {
    TextColumn.encode(count: entries.count, into: &bytes) { entries[$0].utf8 }
  }
}
