// Vectors that are computed, ready to be answered: the views of a set are read one after the other, and what is
// derived and what stands for nulls is put in before anything is written. A vector is kept whole, by all of its
// key fields, for as long as none of its views begins another slice.
import FeatureModel
import Hindcast
import Monitoring
import RESP

/// A set with computed members as one loop answers it.
final class VectorPlan {
  /// Under which its answers are kept.
  let number: UInt32
  let reader: VectorReader
  /// Of all key fields.
  let allPlaces: [Int]
  private let set: FeatureSet
  private let names: [String]
  /// Of the views' slices.
  private let lengths: [Int64]
  /// In the served log; nil where nothing is logged.
  private let question: Int?
  /// The instants around the one that was asked for last at which no view begins a slice.
  private var start: Int64 = 0
  private var end: Int64 = 0
  private var text: [UInt8] = []
  private var key: [UInt8] = []

  init(number: UInt32, _ set: FeatureSet, _ reader: VectorReader, question: Int?) {
    self.number = number
    self.set = set
    self.reader = reader
    self.question = question
    allPlaces = Array(reader.shape.keyFields.indices)
    names = set.members.map(\.name)
    lengths = reader.parts.map { $0.reader.plan.declaration.slice.milliseconds }
  }

  /// What tells the slices of an instant from those of all others: the latest of their beginnings.
  func slice(of time: Int64) -> Int64 {
    if time >= start, time < end { return start }
    (start, end) = (.min, .max)
    for length in lengths {
      let remainder = time % length
      let begin = time - (remainder < 0 ? remainder + length : remainder)
      start = max(start, begin)
      end = min(end, begin + length)
    }
    return start
  }

  /// Appends the vector for the key fields of a request as served now; the streams are sealed up to `now`.
  func read(
    _ set: SetPlan, _ request: RequestWords, sealedAt now: Timestamp,
    into reply: inout ReplyWriter
  ) throws(LookupError) {
    try reader.answer { part throws(LookupError) in
      let hash = try readKey(part, set, request)
      do throws(StoreError) {
        let stored = key
        try stored.span.withUnsafeBytes { bytes throws(StoreError) in
          try part.reader.select(hash: hash, entity: bytes, sealedAt: now)
        }
        try part.reader.answer(at: now, .asServed)
      } catch { throw LookupError(error) }
    }
    write(reader, into: &reply)
  }

  /// The same at any instant in any mode.
  func read(
    _ set: SetPlan, _ request: RequestWords, at time: Timestamp, _ mode: ReadMode,
    _ store: FeatureStore, into reply: inout ReplyWriter
  ) throws(LookupError) {
    let reader = try reader(for: mode, store)
    try reader.answer { part throws(LookupError) in
      let hash = try readKey(part, set, request)
      do throws(StoreError) {
        let stored = key
        try stored.span.withUnsafeBytes { bytes throws(StoreError) in
          try part.reader.select(hash: hash, entity: bytes, from: time, through: time)
        }
        try part.reader.answer(at: time, mode)
      } catch { throw LookupError(error) }
    }
    write(reader, into: &reply)
  }

  /// What is still running is read from one state, whatever is written meanwhile.
  private func reader(
    for mode: ReadMode, _ store: FeatureStore
  ) throws(LookupError) -> VectorReader {
    guard mode == .fresh || mode == .corrected else { return reader }
    let snapshot = store.store.snapshot()
    do throws(StoreError) {
      return try VectorReader(set, in: store.store) { view, features throws(StoreError) in
        try store.store.reader(of: view, features: features, snapshot: snapshot)
      }
    } catch { throw LookupError(error) }
  }

  /// Puts a view's key in its stored form into `key`.
  private func readKey(
    _ part: VectorReader.Part, _ set: SetPlan, _ request: RequestWords
  ) throws(LookupError) -> UInt64 {
    set.write(part.key, request, into: &text)
    let isRead = text.withUnsafeBytes { EntityText.read($0, parts: part.key.count, into: &key) }
    precondition(isRead, "a key that was written reads back")
    return key.withUnsafeBytes { EntityHash.of($0) }
  }

  private func write(_ reader: VectorReader, into reply: inout ReplyWriter) {
    let values = reader.values
    reply.answer(.values, names: names) { values[$0] }
  }

  /// Records the vector that begins at a byte of `reply`, where the whole key is sampled.
  func record(
    to recorder: ServedRecorder, _ whole: [UInt8], at time: Timestamp,
    _ reply: borrowing ReplyWriter, from start: Int
  ) {
    guard let question else { return }
    let isRead = whole.withUnsafeBytes { EntityText.read($0, parts: allPlaces.count, into: &key) }
    precondition(isRead, "a key that was written reads back")
    key.withUnsafeBytes { key in
      guard recorder.isSampled(hash: EntityHash.of(key)) else { return }
      reply.bytes.withUnsafeBytes { bytes in
        recorder.record(
          at: time, question: question, entity: key,
          reply: UnsafeRawBufferPointer(rebasing: bytes[start...]))
      }
    }
  }
}
