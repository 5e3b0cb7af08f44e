// What a look-up asks for, understood once: which features of which view, in which form. Clients repeat
// themselves, so the bytes of a request lead to its plan by a comparison, and no name is looked at again.
import FeatureModel
import Hindcast
import Monitoring
import RESP

/// Features of a view, ready to be answered; belongs to one event loop.
package final class ReadPlan {
  /// Under which its answers are kept.
  package let number: UInt32
  package let view: RegisteredView
  let features: [String]
  let shape: AnswerShape
  let version: ProtocolVersion
  let reader: FeatureReader
  /// In the served log; nil where nothing is logged.
  let question: Int?
  /// Nil where an answer is nothing but an answer.
  let watch: PlanWatch?
  /// The plan as the fast path has it, for requests that are not found by their bytes.
  package let entry: UnsafeMutablePointer<PlanEntry>

  package init(
    number: UInt32, view: RegisteredView, features: [String], shape: AnswerShape,
    version: ProtocolVersion, reader: FeatureReader, question: Int?, watch: PlanWatch? = nil
  ) {
    self.watch = watch
    self.number = number
    self.view = view
    self.features = features
    self.shape = shape
    self.version = version
    self.reader = reader
    self.question = question
    entry = .allocate(capacity: 1)
    entry.initialize(to: PlanEntry(.passUnretained(self), bytes: nil, viewCount: 0, restCount: 0))
  }

  deinit { entry.deallocate() }

  var partCount: Int { view.declaration.entity.count }

  /// Puts the stored form of a written key into `key`.
  func readKey(
    _ text: UnsafeRawBufferPointer, into key: inout [UInt8]
  ) throws(LookupError) {
    guard EntityText.read(text, parts: partCount, into: &key) else {
      throw LookupError(
        .entityParts(
          view: view.declaration.name, expected: view.declaration.entity,
          given: EntityText.partCount(text)))
    }
  }

  /// Appends the answer for an entity.
  /// - Parameter other: a reader of the same features, on another state of the store.
  func read(
    _ other: FeatureReader? = nil, hash: UInt64, _ key: [UInt8], at time: Timestamp,
    _ mode: ReadMode, into reply: inout ReplyWriter
  ) throws(StoreError) {
    let reader = other ?? self.reader
    defer { reader.release() }
    try key.span.withUnsafeBytes { bytes throws(StoreError) in
      try reader.select(hash: hash, entity: bytes, from: time, through: time)
    }
    try answer(from: reader, at: time, mode, into: &reply)
  }

  /// Appends the answer for an entity as served now; the stream is sealed up to the slice of `now`.
  func read(
    hash: UInt64, _ key: [UInt8], sealedAt now: Timestamp, into reply: inout ReplyWriter
  ) throws(StoreError) {
    defer { reader.release() }
    try key.span.withUnsafeBytes { bytes throws(StoreError) in
      try reader.select(hash: hash, entity: bytes, sealedAt: now)
    }
    try answer(from: reader, at: now, .asServed, into: &reply)
  }

  private func answer(
    from reader: FeatureReader, at time: Timestamp, _ mode: ReadMode,
    into reply: inout ReplyWriter
  ) throws(StoreError) {
    try reader.answer(at: time, mode)
    let values = reader.values
    reply.answer(shape, names: features) { values[$0] }
  }
}

extension ReadPlan {
  /// Records the answer that begins at a byte of `reply`, where its entity is sampled, and asks for those of
  /// silent versions.
  func record(
    to recorder: ServedRecorder, _ hash: UInt64, _ key: [UInt8], at time: Timestamp,
    _ reply: borrowing ReplyWriter, from start: Int, asking silent: inout SilentBatch
  ) {
    guard recorder.isSampled(hash: hash) else { return }
    record(to: recorder, hash, key, at: time, reply, from: start)
    if let watch, !watch.silent.isEmpty { silent.add(watch.silent, key, at: time) }
  }

  /// Records the answer that begins at a byte of `reply`, where its entity is sampled.
  func record(
    to recorder: ServedRecorder, _ hash: UInt64, _ key: [UInt8], at time: Timestamp,
    _ reply: borrowing ReplyWriter, from start: Int
  ) {
    guard let question, recorder.isSampled(hash: hash) else { return }
    key.withUnsafeBytes { key in
      reply.bytes.withUnsafeBytes { bytes in
        recorder.record(
          at: time, question: question, entity: key,
          reply: UnsafeRawBufferPointer(rebasing: bytes[start...]))
      }
    }
  }
}

/// Which part of a request decides about its plan.
package struct PlanKey {
  let shape: AnswerShape
  let version: ProtocolVersion
  let view: UnsafeRawBufferPointer
  /// All bytes behind the entity: the names of features, as the protocol frames them.
  let rest: UnsafeRawBufferPointer

  package init(
    shape: AnswerShape, version: ProtocolVersion, view: UnsafeRawBufferPointer,
    rest: UnsafeRawBufferPointer
  ) {
    self.shape = shape
    self.version = version
    self.view = view
    self.rest = rest
  }
}
