// A segment without the answers of one entity: written beside it and put in its place, so that a process that
// is killed leaves the old one or the new one. All other frames stay byte for byte.
import FeatureModel
import Glibc
import Hindcast

final class SegmentEraser {
  private let store: Store
  private let keys: ForgottenKeys
  /// Whether a question means what it does to the view as it is declared now.
  private var isCurrent: [ServedQuestion: Bool] = [:]

  init(_ store: Store, _ keys: ForgottenKeys) {
    self.store = store
    self.keys = keys
  }

  /// What a reading of a segment found.
  struct Findings {
    /// Answers of the entity, and unreadable stretches that may be.
    var answers = 0
    /// Answers of others that have its text.
    var mentions = 0
    /// The segment's format is not known.
    var isUnreadable = false
  }

  /// Reads a segment, and tells each stretch of bytes whether it stays.
  func read(
    _ path: String, bytes: Int,
    _ visit: (_ bytes: UnsafeRawBufferPointer, _ stays: Bool) throws(HindcastError) -> Void
  ) throws(HindcastError) -> Findings {
    let reader = try SegmentReader(path, end: bytes)
    var found = Findings()
    var questions: [UInt32: ServedQuestion] = [:]
    var start = 0
    while let piece = try reader.next() {
      var stays = true
      switch piece {
      case .frame(.question(let number, let question)): questions[number] = question
      case .frame(.note): break
      case .frame(.answer(_, let number, let entity, let reply)):
        stays = !isEntity(entity, questions[number])
        if stays, let needle = keys.needle, ByteSearch.has(needle, reply) { found.mentions += 1 }
      case .tornTail(let offset, let bytes), .damage(let offset, let bytes):
        stays = !(try mayBe(reader, offset..<offset + bytes))
      case .ofFormat: found.isUnreadable = true
      }
      if !stays { found.answers += 1 }
      try pass(reader, start..<min(reader.position, bytes), stays, visit)
      start = reader.position
    }
    return found
  }

  /// In stretches that the reader's window holds.
  private func pass(
    _ reader: SegmentReader, _ range: Range<Int>, _ stays: Bool,
    _ visit: (_ bytes: UnsafeRawBufferPointer, _ stays: Bool) throws(HindcastError) -> Void
  ) throws(HindcastError) {
    var start = range.lowerBound
    while start < range.upperBound {
      let end = min(range.upperBound, start + ServedFormat.frameLimit)
      try visit(try reader.raw(start..<end), stays)
      start = end
    }
  }

  private func mayBe(_ reader: SegmentReader, _ range: Range<Int>) throws(HindcastError) -> Bool {
    var bytes: [UInt8] = []
    try pass(reader, range, true) { stretch, _ throws(HindcastError) in bytes += stretch }
    return bytes.withUnsafeBytes { keys.mayBe(in: $0) }
  }

  private func isEntity(_ key: UnsafeRawBufferPointer?, _ question: ServedQuestion?) -> Bool {
    guard let key else { return false }
    guard let question else { return keys.contains(key, of: nil) }
    return keys.contains(key, of: isKnown(question) ? question.view : nil)
  }

  private func isKnown(_ question: ServedQuestion) -> Bool {
    if let known = isCurrent[question] { return known }
    var isKnown = false
    if let view = try? store.view(question.view),
      let stream = try? store.stream(view.declaration.stream)
    {
      isKnown =
        question.digest
        == ServedQuestion.meaning(
          of: question.features, view.declaration, over: stream.declaration)
    }
    isCurrent[question] = isKnown
    return isKnown
  }

  /// Writes what stays of a segment into a file beside it.
  /// - Returns: the file and its size.
  func writeRest(of path: String, bytes: Int) throws(HindcastError) -> (path: String, bytes: Int) {
    let target = path + ".erasing"
    guard let file = fopen(target, "wb") else { throw Self.failure(target) }
    var written = 0
    do throws(HindcastError) {
      _ = try read(path, bytes: bytes) { stretch, stays throws(HindcastError) in
        guard stays, !stretch.isEmpty else { return }
        guard fwrite(stretch.baseAddress, 1, stretch.count, file) == stretch.count else {
          throw Self.failure(target)
        }
        written += stretch.count
      }
      guard fflush(file) == 0, fsync(fileno(file)) == 0 else { throw Self.failure(target) }
    } catch {
      fclose(file)
      unlink(target)
      throw error
    }
    fclose(file)
    return (target, written)
  }

  static func failure(_ path: String) -> HindcastError {
    .file(RowFileError(path: path, problem: .cannotWrite(errno: errno)))
  }
}
