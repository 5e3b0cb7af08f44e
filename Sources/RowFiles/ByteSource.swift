// The bytes of a file or of standard input, one after the other, gunzipped on the way where the first
// bytes are gzip's. The name's ending is not asked: what a file is called and what it holds may differ.
import Glibc

/// Sequential bytes of one file; owns the descriptor unless it is standard input.
public struct ByteSource: ~Copyable {
  /// As given; `-` is standard input.
  public let path: String
  /// The bytes on disk, before decompression; nil where the source is no regular file.
  public let compressedSize: Int?
  public private(set) var isGzip = false
  /// Bytes handed out so far, after decompression.
  public private(set) var offset = 0

  private let descriptor: Int32
  private var inflater: GzipInflater?
  /// False between two gzip members and after the last.
  private var inMember = true
  /// Found behind bytes that were still good; thrown by the next read.
  private var failure: RowFileError?
  private var fetched = 0
  private let buffer: UnsafeMutableRawBufferPointer
  /// What is in `buffer` and not yet used.
  private var pending = 0..<0

  private static let bufferSize = 256 << 10

  /// Opens a file, or standard input for `-`, and looks at its first bytes.
  /// Throws `cannotOpen` or `cannotRead`.
  public init(path: String) throws(RowFileError) {
    let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { throw RowFileError(path: path, problem: .cannotOpen(errno: errno)) }
    try self.init(descriptor: descriptor, path: path)
  }

  /// Takes over an open descriptor; `path` names it in errors. Standard input is never closed.
  public init(descriptor: Int32, path: String) throws(RowFileError) {
    self.path = path
    self.descriptor = descriptor
    compressedSize = Self.remainingSize(descriptor)
    buffer = .allocate(byteCount: Self.bufferSize, alignment: 16)
    try detectGzip()
  }

  /// Bytes that are at hand, as if they were a plain file's; `path` names them in errors.
  public init(bytes: [UInt8], path: String) {
    self.path = path
    descriptor = -1
    compressedSize = bytes.count
    buffer = .allocate(byteCount: max(1, bytes.count), alignment: 16)
    buffer.copyBytes(from: bytes)
    fetched = bytes.count
    pending = 0..<bytes.count
  }

  deinit {
    buffer.deallocate()
    if descriptor > STDIN_FILENO { close(descriptor) }
  }

  /// Bytes used up of the file as it is on disk.
  public var compressedPosition: Int { fetched - pending.count }

  /// 0 to 1, or nil where the size is unknown.
  public var fractionDone: Double? {
    guard let compressedSize else { return nil }
    return compressedSize == 0 ? 1 : min(1, Double(compressedPosition) / Double(compressedSize))
  }

  /// Fills `target` with the next bytes, all of it unless the source ends or fails; 0 is the end.
  /// Throws `cannotRead` and the gzip problems, but hands out what came before a defect first.
  public mutating func read(into target: UnsafeMutableRawBufferPointer) throws(RowFileError) -> Int
  {
    var filled = 0
    if let failure { throw failure }
    do throws(RowFileError) {
      while filled < target.count {
        let rest = UnsafeMutableRawBufferPointer(rebasing: target[filled...])
        let count = isGzip ? try inflate(into: rest) : try readPlain(into: rest)
        if count == 0 { break }
        filled += count
        offset += count
      }
    } catch {
      if filled == 0 { throw error }
      failure = error
    }
    return filled
  }

  /// Goes forward to an offset of the uncompressed bytes, in one step where the file is plain.
  /// Throws `endsBefore` where the source is shorter.
  public mutating func skip(to target: Int) throws(RowFileError) {
    precondition(target >= offset, "a byte source only goes forward")
    if !isGzip, let size = compressedSize, target <= size, target - offset > pending.count {
      if lseek(descriptor, off_t(target - fetched), SEEK_CUR) >= 0 {
        offset = target
        fetched = target
        pending = 0..<0
        return
      }
    }
    let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
    defer { scratch.deallocate() }
    while offset < target {
      let part = UnsafeMutableRawBufferPointer(rebasing: scratch.prefix(target - offset))
      if try read(into: part) == 0 { throw problem(.endsBefore(offset: target)) }
    }
  }

  private mutating func detectGzip() throws(RowFileError) {
    // Two bytes decide; a pipe may hand them over one at a time.
    while pending.count < 2 {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[pending.upperBound...])
      let count = try Self.fetch(descriptor, rest, path)
      if count == 0 { return }
      fetched += count
      pending = 0..<fetched
    }
    isGzip = buffer[0] == 0x1f && buffer[1] == 0x8b
    if !isGzip { return }
    inflater = GzipInflater()
    if inflater == nil { throw problem(.outOfMemory) }
  }

  private mutating func readPlain(
    into target: UnsafeMutableRawBufferPointer
  ) throws(RowFileError) -> Int {
    if pending.isEmpty {
      let count = try Self.fetch(descriptor, target, path)
      fetched += count
      return count
    }
    let count = min(pending.count, target.count)
    target.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[pending.prefix(count)]))
    pending.removeFirst(count)
    return count
  }

  /// Some plain bytes, or 0 at the end.
  private mutating func inflate(
    into target: UnsafeMutableRawBufferPointer
  ) throws(RowFileError) -> Int {
    while true {
      if pending.isEmpty { try refill() }
      if !inMember {
        guard let first = pending.first else { return 0 }
        if buffer[first] == 0 { return try skipPadding() }
        if buffer[first] != 0x1f { throw problem(.gzipGarbage(after: offset)) }
        inMember = true
      }
      // Without input zlib may still hold output back, so it is asked before the end is called early.
      let isLast = pending.isEmpty
      let count = try step(into: target)
      if count > 0 { return count }
      if isLast && inMember { throw problem(.gzipCutShort(after: offset)) }
    }
  }

  private mutating func step(into target: UnsafeMutableRawBufferPointer) throws(RowFileError) -> Int
  {
    let input = UnsafeRawBufferPointer(rebasing: buffer[pending])
    guard let result = inflater?.step(input, into: target) else { return 0 }
    pending.removeFirst(result.consumed)
    switch result.status {
    case .running: break
    case .memberEnded:
      inflater?.reset()
      inMember = false
    case .corrupt(let detail):
      throw problem(.gzipCorrupt(after: offset + result.produced, detail))
    case .outOfMemory: throw problem(.outOfMemory)
    }
    return result.produced
  }

  /// Zero bytes to the end of the file are what tapes and some tools pad with; always 0.
  private mutating func skipPadding() throws(RowFileError) -> Int {
    while !pending.isEmpty {
      if buffer[pending].contains(where: { $0 != 0 }) {
        throw problem(.gzipGarbage(after: offset))
      }
      pending = 0..<0
      try refill()
    }
    return 0
  }

  private mutating func refill() throws(RowFileError) {
    let count = try Self.fetch(descriptor, buffer, path)
    fetched += count
    pending = 0..<count
  }

  private func problem(_ problem: RowFileError.Problem) -> RowFileError {
    RowFileError(path: path, problem: problem)
  }

  private static func fetch(
    _ descriptor: Int32, _ target: UnsafeMutableRawBufferPointer, _ path: String
  ) throws(RowFileError) -> Int {
    // Bytes that were at hand are all there is.
    if descriptor < 0 { return 0 }
    while true {
      let count = Glibc.read(descriptor, target.baseAddress, target.count)
      if count >= 0 { return count }
      if errno != EINTR { throw RowFileError(path: path, problem: .cannotRead(errno: errno)) }
    }
  }

  /// Standard input may be a file of which a part is read already.
  private static func remainingSize(_ descriptor: Int32) -> Int? {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return max(0, Int(status.st_size) - max(0, Int(lseek(descriptor, 0, SEEK_CUR))))
  }
}
