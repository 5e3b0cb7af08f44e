// An entity's text among other bytes, for what has no structure to ask.
import FeatureModel
import Glibc

package enum ByteSearch {
  /// Bytes that a text has at least for its bytes to mean anything.
  private static let shortest = 4

  /// What to look for; nil where the entity is a number, or named by several fields, or by next to nothing: its
  /// bytes would be found everywhere, and mean nothing.
  package static func needle(for parts: [EntityPart]) -> [UInt8]? {
    let text = parts[0].text
    let isNumber = text.withUnsafeBytes { NumberParser.parseInt64($0) } != nil
    return parts.count == 1 && text.count >= shortest && !isNumber ? text : nil
  }

  /// - Complexity: O(bytes), about.
  package static func has(_ needle: [UInt8], _ bytes: UnsafeRawBufferPointer) -> Bool {
    guard !needle.isEmpty, var start = bytes.baseAddress else { return false }
    let end = start + bytes.count
    while end - start >= needle.count,
      let found = memchr(start, Int32(needle[0]), end - start - needle.count + 1)
    {
      if memcmp(found, needle, needle.count) == 0 { return true }
      start = UnsafeRawPointer(found) + 1
    }
    return false
  }
}
