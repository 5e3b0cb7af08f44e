// A part of the disk that events do not get. RocksDB must not meet a full disk in the middle of its log:
// builds with assertions, such as Debian's, end the process when they recover from that. And seals, which
// are tiny, still have room when events have none, so a full disk stops ingestion and not the answers.
import Glibc

/// Free and total bytes of a file system.
public struct DiskSpace: Hashable, Sendable {
  public let free: UInt64
  public let total: UInt64

  public init(free: UInt64, total: UInt64) {
    self.free = free
    self.total = total
  }

  /// Of the file system that has the path; nil where it does not say.
  public init?(of path: String) {
    var figures = statvfs()
    guard statvfs(path, &figures) == 0 else { return nil }
    free = UInt64(figures.f_bavail) * UInt64(figures.f_frsize)
    total = UInt64(figures.f_blocks) * UInt64(figures.f_frsize)
  }

  /// What is kept for flushes, seals and the log's end: 256 MiB, of a small disk a sixteenth.
  public var reserve: UInt64 { min(256 << 20, total / 16) }
}

extension Store {
  /// - Throws: `.diskFull` where events would take the reserve.
  /// - Complexity: one call of the system.
  func requireSpace() throws(StoreError) {
    guard let space = options.diskSpace(path), space.free < space.reserve else { return }
    throw .diskFull(path: path, free: space.free, reserve: space.reserve)
  }
}
