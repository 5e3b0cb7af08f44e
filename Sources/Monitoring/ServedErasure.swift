// An entity out of a served log: every segment that has answers of it is written anew without them. The
// segments of a running log end first, so that nothing of what was answered before is still on its way.
import FeatureModel
import Glibc
import Hindcast

/// What was found of an entity in a served log.
public struct ServedErasure: Hashable, Sendable {
  public let folder: String
  /// Answers, and stretches of unreadable bytes that had the entity's values.
  public var erased = 0
  public var left = 0
  /// Segments that could not be looked into: of another format, or their writer does not end them.
  public var unread = 0
  /// Answers of other entities whose values have the text.
  public var mentions = 0

  public init(_ folder: String) { self.folder = folder }

  /// As part of a report about all places.
  public func add(to report: inout ForgetReport) {
    report.add(
      .init(kind: "served log", name: folder, unit: "answers", erased: erased, left: left))
    if unread > 0 {
      report.add(.init(kind: "served log", name: folder, unit: "unread segments", left: unread))
    }
    if mentions > 0 {
      report.mentions.append(
        .init(
          place: "served log '\(folder)'", count: mentions,
          what: "answers of others have it in their values",
          wayOut: "they are what others were told; they go with the oldest segments"))
    }
  }
}

extension ServedErasure {
  /// Looks for an entity in the log in a folder, which a server may be writing to; changes nothing.
  public static func find(
    _ keys: ForgottenKeys, in folder: String, of store: Store
  ) throws(HindcastError) -> ServedErasure {
    var found = ServedErasure(folder)
    let eraser = SegmentEraser(store, keys)
    for segment in try SegmentFolder.list(folder) { try found.look(segment, eraser) }
    return found
  }

  /// Erases an entity from a log that no server writes to, and looks for what is left.
  public static func erase(
    _ keys: ForgottenKeys, from folder: String, of store: Store
  ) throws(HindcastError) -> ServedErasure {
    let eraser = SegmentEraser(store, keys)
    var erased = 0
    for segment in try SegmentFolder.list(folder) {
      let path = "\(folder)/\(segment.name)"
      erased += try eraser.erase(path, segment) { file, _ in rename(file, path) == 0 }
    }
    try sync(folder)
    var found = try find(keys, in: folder, of: store)
    found.erased = erased
    return found
  }

  fileprivate mutating func look(
    _ segment: Segment, _ eraser: SegmentEraser
  ) throws(HindcastError) {
    do throws(HindcastError) {
      let findings = try eraser.read("\(folder)/\(segment.name)", bytes: segment.bytes) { _, _ in }
      left += findings.answers
      mentions += findings.mentions
      if findings.isUnreadable { unread += 1 }
    } catch {
      // The bound on the log took it away meanwhile.
      if case .file(let file) = error, file.problem == .cannotOpen(errno: ENOENT) { return }
      throw error
    }
  }

  /// Makes new names in a folder last.
  fileprivate static func sync(_ folder: String) throws(HindcastError) {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    defer { if descriptor >= 0 { close(descriptor) } }
    guard descriptor >= 0, fsync(descriptor) == 0 else { throw SegmentEraser.failure(folder) }
  }
}

extension SegmentEraser {
  /// - Parameter replace: puts a file of some size in the segment's place; false with `errno`.
  /// - Returns: how many answers went.
  fileprivate func erase(
    _ path: String, _ segment: Segment, replace: (_ file: String, _ bytes: Int) -> Bool
  ) throws(HindcastError) -> Int {
    let found: Findings
    do throws(HindcastError) {
      found = try read(path, bytes: segment.bytes) { _, _ in }
    } catch {
      if case .file(let file) = error, file.problem == .cannotOpen(errno: ENOENT) { return 0 }
      throw error
    }
    guard found.answers > 0 else { return 0 }
    let rest = try writeRest(of: path, bytes: segment.bytes)
    guard replace(rest.path, rest.bytes) else {
      let error = Self.failure(path)
      unlink(rest.path)
      throw error
    }
    return found.answers
  }
}

extension ServedLog {
  /// Tenths of a second that recorders have to end their segments.
  private static let patience = 100

  /// Erases an entity from the log while it is recorded, and looks for what is left. To be called once nobody
  /// answers out of what was known of the entity any more.
  /// - Parameter recorder: the caller's own, which it cannot use meanwhile.
  public func erase(
    _ keys: ForgottenKeys, of store: Store, recorder: ServedRecorder? = nil
  ) throws(HindcastError) -> ServedErasure {
    let rotation = self.rotation.add(1, ordering: .acquiringAndReleasing).newValue
    recorder?.flush()
    // One at a time: segments are written anew from what was read of them.
    return try erasing.withLock { _ throws(HindcastError) in
      try erase(keys, of: store, rotation: rotation)
    }
  }

  private func erase(
    _ keys: ForgottenKeys, of store: Store, rotation: Int
  ) throws(HindcastError) -> ServedErasure {
    for _ in 0..<Self.patience {
      if rotated.withLock({ $0.values.allSatisfy { $0 >= rotation } }) { break }
      usleep(100_000)
    }
    let eraser = SegmentEraser(store, keys)
    var erased = 0
    let segments = folder.withLock { $0.segments }
    for segment in segments where segment.isClosed {
      let path = "\(options.folder)/\(segment.name)"
      erased += try eraser.erase(path, segment) { file, bytes in
        folder.withLock { $0.replace(segment, by: file, bytes: bytes) }
      }
    }
    try ServedErasure.sync(options.folder)
    var found = ServedErasure(options.folder)
    for segment in folder.withLock({ $0.segments }) { try found.look(segment, eraser) }
    found.erased = erased
    found.unread += rotated.withLock { $0.values.count { $0 < rotation } }
    return found
  }
}

extension ServedLog {
  /// Looks for an entity in what was written so far; changes nothing.
  public func find(
    _ keys: ForgottenKeys, of store: Store
  ) throws(HindcastError) -> ServedErasure {
    try ServedErasure.find(keys, in: options.folder, of: store)
  }
}
