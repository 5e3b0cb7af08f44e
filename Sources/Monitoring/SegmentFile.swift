// A segment that is being written: whole frames or nothing, so that what follows a full disk is as readable as
// what came before it.
import Glibc

struct SegmentFile {
  enum Outcome {
    case written
    /// Nothing was appended; it can be tried again.
    case failed
    /// Something was appended that cannot be taken back.
    case broken
  }

  let segment: Segment
  /// That it has grown to.
  private(set) var bytes = 0
  private let descriptor: Int32

  init(_ descriptor: Int32, _ segment: Segment) {
    self.descriptor = descriptor
    self.segment = segment
  }

  func close() { Glibc.close(descriptor) }

  /// True once the file has no name any more.
  var isDeleted: Bool {
    var status = stat()
    return fstat(descriptor, &status) == 0 && status.st_nlink == 0
  }

  mutating func append(
    _ whole: UnsafeRawBufferPointer, _ write: (Int32, UnsafeRawBufferPointer) -> Int
  ) -> Outcome {
    var rest = whole
    while !rest.isEmpty {
      let count = write(descriptor, rest)
      if count > 0 {
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      } else if count == 0 || errno != EINTR {
        if rest.count == whole.count { return .failed }
        if ftruncate(descriptor, bytes) == 0 { return .failed }
        bytes += whole.count - rest.count
        return .broken
      }
    }
    bytes += whole.count
    return .written
  }
}
