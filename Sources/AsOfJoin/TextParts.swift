// Texts of rows that come in any order from several threads: each thread appends to a buffer of its own, and
// every row remembers where its text went.
import Synchronization

final class TextParts: @unchecked Sendable {
  // Unchecked: a thread touches its own buffer and its own rows only.
  private struct Reference {
    var thread: UInt32 = 0
    var length: UInt32 = 0
    var start: UInt64 = 0
  }

  static let threadLimit = 256
  private let count: Int
  private let references: UnsafeMutablePointer<Reference>
  private let buffers = Shares<[UInt8]>(count: threadLimit, [])

  init(count: Int) {
    self.count = count
    references = .allocate(capacity: max(count, 1))
    references.initialize(repeating: Reference(), count: max(count, 1))
  }

  deinit { references.deallocate() }

  func set(_ row: Int, _ text: String, thread: Int) {
    var text = text
    text.withUTF8 { set(row, utf8: UnsafeRawBufferPointer($0), thread: thread) }
  }

  func set(_ row: Int, utf8: UnsafeRawBufferPointer, thread: Int) {
    references[row] = Reference(
      thread: UInt32(thread), length: UInt32(utf8.count), start: UInt64(buffers[thread].count))
    buffers[thread].append(contentsOf: utf8)
  }

  /// All texts in the order of the rows; `offsets` has room for one more than the rows.
  func joined(into offsets: UnsafeMutablePointer<Int64>) -> UnsafeMutableRawPointer {
    var total = 0
    for row in 0..<count {
      offsets[row] = Int64(total)
      total += Int(references[row].length)
    }
    offsets[count] = Int64(total)
    let bytes = LargeMemory.allocate(byteCount: total)
    for row in 0..<count {
      let reference = references[row]
      guard reference.length > 0 else { continue }
      buffers[Int(reference.thread)].withUnsafeBytes { buffer in
        (bytes + Int(offsets[row])).copyMemory(
          from: buffer.baseAddress! + Int(reference.start), byteCount: Int(reference.length))
      }
    }
    return bytes
  }
}
