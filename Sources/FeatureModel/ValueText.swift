// Values to text, appended to a byte buffer without a String in between: decimal integers, shortest
// doubles, ISO 8601 instants, and CSV's quoting. JSON strings are `JSONWriter`'s.

/// A buffer that values are appended to as text.
package struct ValueText: Sendable {
  package var bytes: [UInt8] = []
  /// The text of the day that was written last: instants of one file mostly share a few days.
  private var day = Int64.min
  private var dayText: [UInt8] = []

  package init() {}

  package mutating func append(_ text: StaticString) {
    bytes.append(
      contentsOf: UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  package mutating func append(_ value: Int64) {
    if value < 0 { bytes.append(UInt8(ascii: "-")) }
    append(digits: value.magnitude, width: 1)
  }

  /// The shortest text that reads back to the same bits.
  package mutating func append(_ value: Double) {
    var stream = Stream(bytes: [])
    swap(&stream.bytes, &bytes)
    value.write(to: &stream)
    swap(&stream.bytes, &bytes)
  }

  /// `2026-11-22T13:17:02Z`, with milliseconds where there are any.
  package mutating func append(_ value: Timestamp) {
    let dayLength: Int64 = 86_400_000
    var inDay = value.milliseconds % dayLength
    if inDay < 0 { inDay += dayLength }
    let start = value.milliseconds - inDay
    if start != day {
      day = start
      dayText = Array((Timestamp(milliseconds: start) ?? value).description.utf8.prefix(11))
    }
    bytes.append(contentsOf: dayText)
    let rest = UInt64(inDay)
    append(digits: rest / 3_600_000, width: 2)
    append(":")
    append(digits: rest / 60_000 % 60, width: 2)
    append(":")
    append(digits: rest / 1000 % 60, width: 2)
    if rest % 1000 != 0 {
      append(".")
      append(digits: rest % 1000, width: 3)
    }
    append("Z")
  }

  /// In quotes where they are needed, and where the text is empty: an empty cell without is null.
  package mutating func append(cell: UnsafeRawBufferPointer) {
    guard cell.isEmpty || cell.contains(where: Self.needsQuotes) else {
      bytes.append(contentsOf: cell)
      return
    }
    append("\"")
    var start = 0
    for position in cell.indices where cell[position] == UInt8(ascii: "\"") {
      bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: cell[start...position]))
      start = position
    }
    bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: cell[start...]))
    append("\"")
  }

  private static func needsQuotes(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\"") || byte == 0x0A || byte == 0x0D
  }

  private mutating func append(digits value: UInt64, width: Int) {
    withUnsafeTemporaryAllocation(byteCount: 20, alignment: 1) { digits in
      var position = 20
      var rest = value
      while rest > 0 || 20 - position < width {
        position -= 1
        digits[position] = UInt8(ascii: "0") + UInt8(rest % 10)
        rest /= 10
      }
      bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: digits[position...]))
    }
  }

  /// Takes the standard library's text of a double without a String where the library offers that.
  private struct Stream: TextOutputStream {
    var bytes: [UInt8]

    mutating func write(_ string: String) { bytes.append(contentsOf: string.utf8) }
    mutating func _writeASCII(_ ascii: UnsafeBufferPointer<UInt8>) {
      bytes.append(contentsOf: ascii)
    }
  }
}
