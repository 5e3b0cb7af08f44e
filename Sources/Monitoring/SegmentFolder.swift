// The segments of a served log in their folder: their names, their sizes, and the bound on all of them
// together. Where it would be exceeded, the oldest segments go, whole.
import Glibc
import Hindcast

/// A file of a served log.
struct Segment: Hashable, Sendable {
  /// Rises by one from segment to segment, over all writers and runs.
  let sequence: UInt64
  let name: String
  var bytes: Int
  /// False while somebody writes to it.
  var isClosed: Bool

  static func name(sequence: UInt64, writer: Int) -> String {
    let digits = String(sequence)
    let padded = String(repeating: "0", count: max(0, 10 - digits.count)) + digits
    return "served-\(padded)-\(writer).log"
  }

  /// The sequence number in a file's name; nil for other files.
  static func sequence(of name: String) -> UInt64? {
    let parts = name.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0] == "served", parts[2].hasSuffix(".log"),
      Int(parts[2].dropLast(4)) != nil, parts[1].allSatisfy(\.isNumber)
    else { return nil }
    return UInt64(parts[1])
  }
}

/// What lies in a folder; guarded by whoever shares it.
struct SegmentFolder: Sendable {
  let path: String
  let limit: Int
  /// In the order of their numbers.
  private(set) var segments: [Segment]
  /// Of all segments, with what their writers are about to write.
  private(set) var bytes: Int
  private var next: UInt64

  /// Takes in what earlier runs left; makes the folder where there is none.
  init(_ path: String, limit: Int) throws(HindcastError) {
    if mkdir(path, 0o755) != 0, errno != EEXIST {
      throw .file(RowFileError(path: path, problem: .cannotOpen(errno: errno)))
    }
    self.path = path
    self.limit = limit
    segments = try Self.list(path)
    bytes = segments.reduce(0) { $0 + $1.bytes }
    next = (segments.last?.sequence ?? 0) + 1
  }

  /// The segments in a folder with the sizes that they have now, oldest first.
  static func list(_ path: String) throws(HindcastError) -> [Segment] {
    guard let folder = opendir(path) else {
      throw .file(RowFileError(path: path, problem: .cannotOpen(errno: errno)))
    }
    defer { closedir(folder) }
    var found: [Segment] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard let sequence = Segment.sequence(of: name), let bytes = size(of: "\(path)/\(name)")
      else { continue }
      found.append(Segment(sequence: sequence, name: name, bytes: bytes, isClosed: true))
    }
    return found.sorted { ($0.sequence, $0.name) < ($1.sequence, $1.name) }
  }

  private static func size(of path: String) -> Int? {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return Int(status.st_size)
  }

  /// Sets room aside for bytes that a writer is about to append; false where there is none.
  mutating func reserve(_ count: Int) -> Bool {
    while bytes + count > limit {
      guard let oldest = segments.firstIndex(where: \.isClosed) else { return false }
      let path = "\(path)/\(segments[oldest].name)"
      guard unlink(path) == 0 || errno == ENOENT else { return false }
      bytes -= segments[oldest].bytes
      segments.remove(at: oldest)
    }
    bytes += count
    return true
  }

  /// Gives back what was set aside and not written.
  mutating func giveBack(_ count: Int) { bytes -= count }

  /// Creates the next segment.
  /// - Returns: its descriptor, or nil with `errno`.
  mutating func create(writer: Int) -> (descriptor: Int32, segment: Segment)? {
    // Who deletes the folder of a running log means its files.
    mkdir(path, 0o755)
    for _ in 0..<1000 {
      let name = Segment.name(sequence: next, writer: writer)
      let flags = O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC
      let descriptor = open("\(path)/\(name)", flags, 0o644)
      guard descriptor >= 0 else {
        if errno != EEXIST { return nil }
        next += 1
        continue
      }
      let segment = Segment(sequence: next, name: name, bytes: 0, isClosed: false)
      segments.append(segment)
      next += 1
      return (descriptor, segment)
    }
    return nil
  }

  /// Says how long a segment has become, and whether it may be deleted.
  mutating func update(_ segment: Segment, bytes: Int, isClosed: Bool) {
    guard let place = segments.lastIndex(where: { $0.sequence == segment.sequence }) else { return }
    segments[place].bytes = bytes
    segments[place].isClosed = isClosed
  }

  /// Puts a file in the place of a segment, unless that is gone meanwhile.
  /// - Returns: false, with `errno`, where it could not be done.
  mutating func replace(_ segment: Segment, by file: String, bytes count: Int) -> Bool {
    guard let place = segments.lastIndex(where: { $0.sequence == segment.sequence }) else {
      unlink(file)
      return true
    }
    guard rename(file, "\(path)/\(segment.name)") == 0 else { return false }
    bytes += count - segments[place].bytes
    segments[place].bytes = count
    return true
  }

  /// Takes a segment out that somebody else deleted.
  mutating func forget(_ segment: Segment) {
    guard let place = segments.lastIndex(where: { $0.sequence == segment.sequence }) else { return }
    bytes -= segments[place].bytes
    segments.remove(at: place)
  }
}
