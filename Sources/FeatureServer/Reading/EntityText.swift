// A key as clients write it: the text itself for one key field; for more, the parts between bars, where `\|`
// and `\\` stand for the characters. Bytes stay what they are: a key need not be UTF-8.
import FeatureModel

package enum EntityText {
  /// Replaces `key` by the stored form of a written key; false where it has not as many parts.
  package static func read(
    _ text: UnsafeRawBufferPointer, parts count: Int, into key: inout [UInt8]
  ) -> Bool {
    key.removeAll(keepingCapacity: true)
    if count == 1 {
      key.append(contentsOf: text)
      return true
    }
    var rest = text[...]
    for part in 0..<count {
      var isLast = true
      EntityKeyBuilder.appendPart(of: count, to: &key) { isLast = take(&rest, into: &$0) }
      if isLast != (part == count - 1) { return false }
    }
    return true
  }

  /// The parts that a text of more than one has, for messages.
  package static func partCount(_ text: UnsafeRawBufferPointer) -> Int {
    var rest = text[...]
    var part: [UInt8] = []
    var count = 1
    while !take(&rest, into: &part) { count += 1 }
    return count
  }

  /// Takes one part off `rest`; true where it was the last.
  private static func take(
    _ rest: inout Swift.Slice<UnsafeRawBufferPointer>, into key: inout [UInt8]
  ) -> Bool {
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "|") { return false }
      if byte == UInt8(ascii: "\\"), let next = rest.popFirst() {
        key.append(next)
      } else {
        key.append(byte)
      }
    }
    return true
  }

  /// The parts as they are written, joined by bars.
  package static func write(_ parts: [String]) -> String {
    guard parts.count > 1 else { return parts.first ?? "" }
    // By scalars: a bar with a combining mark behind it is another character, and still a bar.
    return parts.map { part in
      var text = String.UnicodeScalarView()
      for scalar in part.unicodeScalars {
        if scalar == "|" || scalar == "\\" { text.append("\\") }
        text.append(scalar)
      }
      return String(text)
    }.joined(separator: "|")
  }
}
