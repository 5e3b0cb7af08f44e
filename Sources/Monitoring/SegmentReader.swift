// The frames of one segment, one after the other, through a window of fixed size. Nothing in a file is trusted:
// what is no frame is skipped up to the next whole one, and told as damage or as a torn end.
import FeatureModel
import Glibc
import Hindcast

/// Not for use by two threads.
final class SegmentReader {
  enum Piece {
    /// Its bytes are lent until the next call.
    case frame(ServedFrame)
    /// Bytes in the middle that are no frames.
    case damage(offset: Int, bytes: Int)
    /// The last frame is not whole: its writer was stopped while it wrote.
    case tornTail(offset: Int, bytes: Int)
    /// A segment of another format, whose frames cannot be read.
    case ofFormat(UInt32)
  }

  private let path: String
  private let descriptor: Int32
  /// Bytes of the file that are read.
  private var end: Int
  private let window: UnsafeMutableRawBufferPointer
  /// The part of the file that the window holds.
  private var start = 0
  private var filled = 0
  /// Where the next piece begins.
  private(set) var position = 0

  /// - Parameter end: of what is to be read; what is appended meanwhile is left alone.
  init(_ path: String, end: Int) throws(HindcastError) {
    self.path = path
    self.end = end
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    window = .allocate(byteCount: 2 * ServedFormat.frameLimit, alignment: 16)
    if descriptor < 0 {
      throw .file(RowFileError(path: path, problem: .cannotOpen(errno: errno)))
    }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
    window.deallocate()
  }

  /// The next piece; nil at the end.
  func next() throws(HindcastError) -> Piece? {
    if position == 0, let piece = try header() { return piece }
    guard position < end else { return nil }
    if let (kind, content) = try frame(at: position) {
      let offset = position
      position += ServedFormat.frameHead + content.count
      if let frame = ServedFrame(kind, content) { return .frame(frame) }
      return .damage(offset: offset, bytes: position - offset)
    }
    return try gap()
  }

  /// Bytes of the file as they lie there, lent until the next call: of the latest piece, for the most part.
  func raw(_ range: Range<Int>) throws(HindcastError) -> UnsafeRawBufferPointer {
    try bytes(at: range.lowerBound, range.count)
  }

  private func header() throws(HindcastError) -> Piece? {
    let bytes = try bytes(at: 0, ServedFormat.headerBytes)
    guard bytes.count == ServedFormat.headerBytes else {
      position = end
      return end == 0 ? nil : .tornTail(offset: 0, bytes: end)
    }
    position = ServedFormat.headerBytes
    switch ServedFormat.readHeader(bytes) {
    case .readable: return nil
    case .damaged: return .damage(offset: 0, bytes: ServedFormat.headerBytes)
    case .ofFormat(let format):
      position = end
      return .ofFormat(format)
    }
  }

  /// The frame at a place, if there is a whole one.
  private func frame(
    at offset: Int
  ) throws(HindcastError) -> (kind: FrameKind, content: UnsafeRawBufferPointer)? {
    let head = try bytes(at: offset, ServedFormat.frameLimit)
    guard head.count >= ServedFormat.frameHead, let kind = FrameKind(rawValue: head[12]) else {
      return nil
    }
    let length = Int(head.littleEndian(at: 8, UInt32.self))
    let whole = ServedFormat.frameHead + length
    guard length <= ServedFormat.contentLimit, whole <= head.count,
      ServedFormat.checksum(UnsafeRawBufferPointer(rebasing: head[8..<whole]))
        == head.littleEndian(at: 0, UInt64.self)
    else { return nil }
    return (kind, UnsafeRawBufferPointer(rebasing: head[ServedFormat.frameHead..<whole]))
  }

  /// Goes on to the next whole frame, or to the end.
  private func gap() throws(HindcastError) -> Piece {
    let offset = position
    let isTorn = try isUnfinished(offset)
    var isZero = try bytes(at: offset, 1).first == 0
    position += 1
    while position < end, try frame(at: position) == nil {
      if isZero { isZero = try bytes(at: position, 1).first == 0 }
      position += 1
    }
    let length = min(position, end) - offset
    // A power cut can leave zeros where the last bytes should be.
    if position >= end, isTorn || isZero { return .tornTail(offset: offset, bytes: length) }
    return .damage(offset: offset, bytes: length)
  }

  /// Whether a frame begins here that would end behind the last byte.
  private func isUnfinished(_ offset: Int) throws(HindcastError) -> Bool {
    let head = try bytes(at: offset, ServedFormat.frameHead)
    guard head.count == ServedFormat.frameHead else { return true }
    let length = Int(head.littleEndian(at: 8, UInt32.self))
    return FrameKind(rawValue: head[12]) != nil && length <= ServedFormat.contentLimit
      && offset + ServedFormat.frameHead + length > end
  }

  /// Up to `count` bytes at a place; fewer at the end only.
  @inline(__always)
  private func bytes(at offset: Int, _ count: Int) throws(HindcastError) -> UnsafeRawBufferPointer {
    let wanted = max(0, min(count, end - offset))
    if offset < start || offset + wanted > start + filled { try fill(from: offset) }
    let available = min(wanted, start + filled - offset)
    return UnsafeRawBufferPointer(rebasing: window[(offset - start)..<(offset - start + available)])
  }

  /// Moves the window to begin at a place.
  private func fill(from offset: Int) throws(HindcastError) {
    let kept = offset < start ? 0 : max(0, start + filled - offset)
    if kept > 0 { memmove(window.baseAddress!, window.baseAddress! + (offset - start), kept) }
    (start, filled) = (offset, kept)
    while filled < window.count, start + filled < end {
      let room = min(window.count - filled, end - start - filled)
      let count = pread(descriptor, window.baseAddress! + filled, room, start + filled)
      if count > 0 {
        filled += count
      } else if count == 0 {
        // The file was cut meanwhile.
        end = start + filled
      } else if errno != EINTR {
        throw .file(RowFileError(path: path, problem: .cannotRead(errno: errno)))
      }
    }
  }
}
