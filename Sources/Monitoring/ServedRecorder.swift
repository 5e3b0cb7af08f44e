// One thread's way into a served log: answers gather in memory and go to the thread's own segment when the
// thread says so. Nothing here waits for another thread, but for a moment at each write.
import FeatureModel
import Glibc
import Hindcast

/// Records what one thread answers. Not for use by two threads; each asks the log for its own.
public final class ServedRecorder {
  /// Questions of one recorder; answers to more than that are dropped, and counted.
  public static let questionLimit = 4096
  /// Buffered bytes from which `needsFlush` holds.
  public static let flushBytes = 256 << 10

  @usableFromInline let sample: EntitySample
  private let log: ServedLog
  private let writer: Int
  private var buffer: FrameBuffer
  /// Answers in the buffer.
  private var records = 0
  private var dropped = 0
  private var known: [ServedQuestion: Int] = [:]
  /// The number of the first of `questions`.
  private var base = 0
  private var questions: [(kind: FrameKind, content: [UInt8], generation: Int)] = []
  /// Rises with each segment, which has to define the questions anew.
  private var generation = 0
  private var file: SegmentFile?
  /// Of the log, as this recorder knows it.
  private var rotation: Int

  init(_ log: ServedLog, writer: Int, rotation: Int) {
    self.log = log
    self.writer = writer
    self.rotation = rotation
    sample = log.sample
    buffer = FrameBuffer(capacity: log.options.bufferBytes)
  }

  deinit { close() }

  /// The number under which answers to a question are recorded; the same for the same question.
  /// - Complexity: O(features); a caller keeps the number.
  public func question(_ question: ServedQuestion) -> Int {
    if let number = known[question] { return number }
    guard questions.count < Self.questionLimit else { return -1 }
    let number = base + questions.count
    let content = ServedFormat.content(question, number: UInt32(number))
    questions.append((question.isSet ? .setQuestion : .question, content, -1))
    known[question] = number
    return number
  }

  /// Makes room for other questions: numbers that were given are of no use any more.
  public func forgetQuestions() {
    base += questions.count
    questions.removeAll()
    known.removeAll()
  }

  /// The same where there is room for few more.
  public func forgetOldQuestions() {
    if questions.count > Self.questionLimit / 2 { forgetQuestions() }
  }

  /// Whether the answers of an entity with this hash are recorded.
  @inlinable
  public func isSampled(hash: UInt64) -> Bool { sample.contains(hash: hash) }

  /// True where `flush` should not wait for its time.
  public var needsFlush: Bool { buffer.count >= Self.flushBytes }

  /// Records an answer that goes out; drops it, and counts that, where there is no room.
  /// - Parameters:
  ///   - question: a number that `question` gave.
  ///   - entity: the key's bytes (`EntityKey`); nil for a key with a null in it.
  ///   - reply: the bytes that are sent for this entity, as `ReplyWriter.answer` wrote them.
  /// - Complexity: O(bytes), without allocating.
  public func record(
    at time: Timestamp, question: Int, entity: UnsafeRawBufferPointer?,
    reply: UnsafeRawBufferPointer
  ) {
    guard questions.indices.contains(question - base), define(question),
      buffer.appendAnswer(
        at: time, question: UInt32(question), entity: entity, reply: reply)
    else {
      dropped += 1
      return
    }
    records += 1
  }

  /// Records that history was rewritten on purpose.
  public func note(_ text: String, at time: Timestamp) {
    var content: [UInt8] = []
    content.appendLittleEndian(time.milliseconds)
    content += text.utf8.prefix(64 << 10)
    if !buffer.append(.note, content) { dropped += 1 }
  }

  /// Writes a question into the segment that does not have it yet.
  @inline(__always)
  private func define(_ number: Int) -> Bool {
    let place = number - base
    if questions[place].generation == generation { return true }
    guard buffer.append(questions[place].kind, questions[place].content) else { return false }
    questions[place].generation = generation
    return true
  }
}

@available(*, unavailable)
extension ServedRecorder: Sendable {}

extension ServedRecorder {
  /// Writes what was recorded since the last time. To be called every 100 ms or so, and where `needsFlush`
  /// says so. Where the disk is full, it stays in memory until there is space, as far as that goes.
  /// - Parameter mayEnd: false while more is on its way that was answered before: a segment that has to end, so
  ///   that an entity can be erased from it, waits for that.
  public func flush(mayEnd: Bool = true) {
    if dropped > 0 {
      log.count(dropped: dropped)
      dropped = 0
    }
    let rotation = log.rotation.load(ordering: .acquiring)
    if buffer.count > 0 {
      if file?.isDeleted == true { abandon() }
      if buffer.count > 0 { write() }
    }
    if mayEnd, rotation != self.rotation { end(rotation) }
  }

  /// Ends the segment because somebody asked for it; what cannot be written is given up.
  private func end(_ rotation: Int) {
    self.rotation = rotation
    if buffer.count > 0 { abandon() } else { endSegment() }
    log.rotated.withLock { $0[writer] = rotation }
  }

  private func write() {
    guard reserve(buffer.count) else {
      // Our own segment is all there is: it ends, so that it can make room for the next.
      if file != nil { abandon() }
      return
    }
    guard var open = file ?? create() else {
      log.folder.withLock { $0.giveBack(buffer.count) }
      return log.count(errors: 1)
    }
    let before = open.bytes
    let outcome = open.append(buffer.bytes, log.options.write)
    file = open
    guard outcome == .written else {
      log.folder.withLock { $0.giveBack(buffer.count - (open.bytes - before)) }
      log.count(errors: 1)
      if outcome == .broken { abandon() }
      return
    }
    log.count(records: records, bytes: buffer.count)
    records = 0
    buffer.removeAll()
    if open.bytes >= log.segmentBytes { endSegment() } else { update(open, isClosed: false) }
  }

  private func reserve(_ count: Int) -> Bool { log.folder.withLock { $0.reserve(count) } }

  private func create() -> SegmentFile? {
    let header = ServedFormat.headerBytes
    guard reserve(header) else { return nil }
    let made = log.folder.withLock { $0.create(writer: writer) }
    guard let (descriptor, segment) = made else {
      log.folder.withLock { $0.giveBack(header) }
      return nil
    }
    var file = SegmentFile(descriptor, segment)
    let bytes = ServedFormat.header(sequence: segment.sequence, sample: sample)
    guard bytes.withUnsafeBytes({ file.append($0, log.options.write) }) == .written else {
      // Without a header it is nothing.
      unlink("\(log.options.folder)/\(segment.name)")
      file.close()
      log.folder.withLock {
        $0.forget(segment)
        $0.giveBack(header)
      }
      return nil
    }
    log.count(bytes: header)
    update(file, isClosed: false)
    return file
  }

  /// Ends a segment that nothing can be appended to any more. What is in the buffer may rest on questions
  /// there, and is given up.
  private func abandon() {
    log.count(dropped: records)
    records = 0
    buffer.removeAll()
    endSegment()
  }

  private func endSegment() {
    generation += 1
    guard let open = file else { return }
    file = nil
    if open.isDeleted {
      log.folder.withLock { $0.forget(open.segment) }
    } else {
      update(open, isClosed: true)
    }
    open.close()
  }

  private func update(_ file: SegmentFile, isClosed: Bool) {
    log.folder.withLock { $0.update(file.segment, bytes: file.bytes, isClosed: isClosed) }
  }

  /// Writes what there is and ends the segment; more may be recorded afterwards, into the next.
  public func close() {
    flush()
    if buffer.count > 0 { abandon() } else { endSegment() }
    log.rotated.withLock { $0[writer] = nil }
  }
}
