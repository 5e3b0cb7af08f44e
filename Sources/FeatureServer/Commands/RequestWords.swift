// The words of a request where they lie, and what commands ask of a word.
import FeatureModel
import RESP

/// Borrowed from the loop's buffers for the time of one command.
package struct RequestWords {
  let bytes: UnsafeRawBufferPointer
  let arguments: UnsafeMutablePointer<Argument>
  package let count: Int
  /// Bytes of further commands that lie behind `bytes`.
  let following: Int

  package init(
    bytes: UnsafeRawBufferPointer, arguments: UnsafeMutablePointer<Argument>, count: Int,
    following: Int
  ) {
    self.bytes = bytes
    self.arguments = arguments
    self.count = count
    self.following = following
  }

  @inline(__always)
  subscript(place: Int) -> UnsafeRawBufferPointer {
    let argument = arguments[place]
    return UnsafeRawBufferPointer(
      start: bytes.baseAddress! + Int(argument.start), count: Int(argument.count))
  }

  /// Everything behind a word, frames included.
  @inline(__always)
  func rest(behind place: Int) -> UnsafeRawBufferPointer {
    let end = Int(arguments[place].start) + Int(arguments[place].count) + 2
    return UnsafeRawBufferPointer(rebasing: bytes[end...])
  }

  /// The word as text; bytes that are no UTF-8 become U+FFFD.
  func string(_ place: Int) -> String { String(decoding: self[place], as: UTF8.self) }

  func strings(from place: Int) -> [String] { (min(place, count)..<count).map(string) }

  /// Whether a word is `word`, which is in capitals, in any case.
  func isWord(_ place: Int, _ word: StaticString) -> Bool {
    let bytes = self[place]
    guard bytes.count == word.utf8CodeUnitCount else { return false }
    for index in 0..<bytes.count where Self.upper(bytes[index]) != word.utf8Start[index] {
      return false
    }
    return true
  }

  static func upper(_ byte: UInt8) -> UInt8 { byte &- 0x61 < 26 ? byte - 0x20 : byte }

  /// The word in capitals, as names of commands are looked up; cut where none is so long.
  func name(_ place: Int) -> String {
    let word = self[place].prefix(64)
    return String(unsafeUninitializedCapacity: word.count) { text in
      for (index, byte) in word.enumerated() { text[index] = Self.upper(byte) }
      return word.count
    }
  }

  func integer(_ place: Int) -> Int? {
    NumberParser.parseInt64(self[place]).map { Int($0) }
  }
}
