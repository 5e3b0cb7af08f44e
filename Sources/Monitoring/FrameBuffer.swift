// The frames that a recorder holds until they are written: memory of a fixed size, so that an answer that is
// recorded costs two copies and a checksum, and never an allocation.
import FeatureModel
import Glibc

struct FrameBuffer: ~Copyable {
  private let memory: UnsafeMutableRawBufferPointer
  private(set) var count = 0

  init(capacity: Int) { memory = .allocate(byteCount: capacity, alignment: 16) }

  deinit { memory.deallocate() }

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[..<count]) }

  mutating func removeAll() { count = 0 }

  /// Appends an answer; false where it does not fit.
  mutating func appendAnswer(
    at time: Timestamp, question: UInt32, entity: UnsafeRawBufferPointer?,
    reply: UnsafeRawBufferPointer
  ) -> Bool {
    let head = entity.map { 16 + $0.count } ?? 12
    return append(entity == nil ? .emptyAnswer : .answer, head + reply.count) { content in
      content.storeBytes(of: time.milliseconds.littleEndian, as: Int64.self)
      content.storeBytes(of: question.littleEndian, toByteOffset: 8, as: UInt32.self)
      if let entity {
        let length = UInt32(entity.count).littleEndian
        content.storeBytes(of: length, toByteOffset: 12, as: UInt32.self)
        Self.copy(entity, to: content + 16)
      }
      Self.copy(reply, to: content + head)
    }
  }

  /// Appends a frame of any kind; false where it does not fit.
  mutating func append(_ kind: FrameKind, _ content: [UInt8]) -> Bool {
    append(kind, content.count) { target in
      content.withUnsafeBytes { Self.copy($0, to: target) }
    }
  }

  @inline(__always)
  private mutating func append(
    _ kind: FrameKind, _ length: Int, _ fill: (_ content: UnsafeMutableRawPointer) -> Void
  ) -> Bool {
    let whole = ServedFormat.frameHead + length
    guard length <= ServedFormat.contentLimit, whole <= memory.count - count else { return false }
    let frame = memory.baseAddress.unsafelyUnwrapped + count
    frame.storeBytes(of: UInt32(length).littleEndian, toByteOffset: 8, as: UInt32.self)
    frame.storeBytes(of: kind.rawValue, toByteOffset: 12, as: UInt8.self)
    fill(frame + ServedFormat.frameHead)
    let checked = UnsafeRawBufferPointer(start: frame + 8, count: whole - 8)
    let checksum = ServedFormat.checksum(checked).littleEndian
    frame.storeBytes(of: checksum, as: UInt64.self)
    count += whole
    return true
  }

  @inline(__always)
  private static func copy(_ bytes: UnsafeRawBufferPointer, to target: UnsafeMutableRawPointer) {
    if let start = bytes.baseAddress { memcpy(target, start, bytes.count) }
  }
}
