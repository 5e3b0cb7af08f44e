// Bytes out to a file or to standard output, gzipped where the name ends in `.gz`. A file appears under
// its name whole or not at all: it is written under another name beside it and renamed at the end.
import FeatureModel
import Glibc

/// Where rows are written to. What is not finished is removed.
public struct ByteSink: ~Copyable {
  /// As given; `-` is standard output.
  public let path: String
  /// Bytes taken in, before compression.
  public private(set) var count = 0

  private let descriptor: Int32
  /// The name under which the file is written, and the one it gets; nil where there is nothing to rename:
  /// standard output, pipes and devices.
  private let names: (temporary: String, final: String)?
  private let deflater: GzipDeflater?
  private let compressed: UnsafeMutableRawBufferPointer
  private var digester = Digester()
  private var isFinished = false

  /// Creates the file under its temporary name, or takes standard output for `-`.
  /// Throws `cannotOpen`.
  public init(path: String) throws(RowFileError) {
    self.path = path
    (descriptor, names) = try Self.create(path)
    deflater = path.lowercased().hasSuffix(".gz") ? GzipDeflater() : nil
    compressed = .allocate(byteCount: 256 << 10, alignment: 16)
  }

  deinit {
    if descriptor != STDOUT_FILENO { close(descriptor) }
    if let names, !isFinished { unlink(names.temporary) }
    compressed.deallocate()
  }

  /// Appends bytes. Not buffered: hand over large pieces. Throws `cannotWrite`.
  public mutating func write(_ bytes: UnsafeRawBufferPointer) throws(RowFileError) {
    count += bytes.count
    digester.update(bytes)
    if deflater == nil { try put(bytes) } else { try deflate(bytes, isLast: false) }
  }

  /// Makes the file durable and gives it its name; the digest is of the uncompressed bytes. To be called
  /// once. Throws `cannotWrite` or `cannotRename`, and then leaves no file.
  public mutating func finish() throws(RowFileError) -> Digest {
    if deflater != nil { try deflate(UnsafeRawBufferPointer(start: nil, count: 0), isLast: true) }
    if let names {
      if fsync(descriptor) != 0 { throw problem(.cannotWrite(errno: errno)) }
      if rename(names.temporary, names.final) != 0 { throw problem(.cannotRename(errno: errno)) }
    }
    isFinished = true
    return digester.value
  }

  private mutating func deflate(
    _ bytes: UnsafeRawBufferPointer, isLast: Bool
  ) throws(RowFileError) {
    var rest = bytes
    while true {
      guard let step = deflater?.step(rest, isLast: isLast, into: compressed) else { return }
      try put(UnsafeRawBufferPointer(rebasing: compressed[..<step.produced]))
      rest = UnsafeRawBufferPointer(rebasing: rest[step.consumed...])
      if step.isDone { return }
    }
  }

  private func put(_ bytes: UnsafeRawBufferPointer) throws(RowFileError) {
    var rest = bytes
    while !rest.isEmpty {
      let written = Glibc.write(descriptor, rest.baseAddress, rest.count)
      if written >= 0 {
        rest = UnsafeRawBufferPointer(rebasing: rest[written...])
      } else if errno != EINTR {
        throw problem(.cannotWrite(errno: errno))
      }
    }
  }

  private func problem(_ problem: RowFileError.Problem) -> RowFileError {
    RowFileError(path: path, problem: problem)
  }

  private static func create(
    _ path: String
  ) throws(RowFileError) -> (Int32, (temporary: String, final: String)?) {
    if path == "-" { return (STDOUT_FILENO, nil) }
    var status = stat()
    let exists = stat(path, &status) == 0
    if exists && status.st_mode & S_IFMT != S_IFREG {
      return (try opened(path, O_WRONLY | O_CLOEXEC, 0, path), nil)
    }
    // Through a symbolic link the file that it names is replaced, not the link.
    let final = exists ? resolved(path) : path
    let temporary = "\(final).partial-\(getpid())"
    let mode = exists ? status.st_mode & 0o777 : 0o666
    let descriptor = try opened(
      temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode, path)
    return (descriptor, (temporary, final))
  }

  private static func opened(
    _ name: String, _ flags: Int32, _ mode: mode_t, _ path: String
  ) throws(RowFileError) -> Int32 {
    let descriptor = open(name, flags, mode)
    if descriptor < 0 { throw RowFileError(path: path, problem: .cannotOpen(errno: errno)) }
    return descriptor
  }

  private static func resolved(_ path: String) -> String {
    guard let text = realpath(path, nil) else { return path }
    defer { free(text) }
    return String(cString: text)
  }
}
