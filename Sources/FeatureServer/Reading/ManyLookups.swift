// Features of many entities at one instant, looked up beside the event loop by a reader of their own.
import FeatureModel
import Hindcast
import Monitoring
import RESP

/// What of a plan may go to another thread.
struct ManyLookups: Sendable {
  private let view: RegisteredView
  private let features: [String]
  private let store: FeatureStore
  private let time: Timestamp
  private let mode: ReadMode
  private let silent: [SilentQuestion]

  init(_ plan: ReadPlan, _ store: FeatureStore, at time: Timestamp, _ mode: ReadMode) {
    silent = plan.watch?.silent ?? []
    view = plan.view
    features = plan.features
    self.store = store
    self.time = time
    self.mode = mode
  }

  /// Appends an array with an array of values for each entity.
  /// - Parameter batch: takes what silent versions are to be asked.
  func answer(
    _ entities: [[UInt8]], _ recorder: ServedRecorder?, _ isCancelled: Flag,
    asking batch: inout SilentBatch, into reply: inout ReplyWriter
  ) throws(LookupError) {
    let plan = try plan(recorder, reply.version)
    var key: [UInt8] = []
    reply.array(entities.count)
    for entity in entities {
      if isCancelled.isSet { return }
      let read = entity.withUnsafeBytes { text in
        Result { () throws(LookupError) in try plan.readKey(text, into: &key) }
      }
      try read.get()
      let hash = key.withUnsafeBytes { EntityHash.of($0) }
      let start = reply.count
      do throws(StoreError) {
        try plan.read(hash: hash, key, at: time, mode, into: &reply)
      } catch { throw LookupError(error) }
      guard mode == .asServed, let recorder, recorder.isSampled(hash: hash) else { continue }
      plan.record(to: recorder, hash, key, at: time, reply, from: start)
      if !silent.isEmpty { batch.add(silent, key, at: time) }
    }
  }

  private func plan(
    _ recorder: ServedRecorder?, _ version: ProtocolVersion
  ) throws(LookupError) -> ReadPlan {
    do throws(StoreError) {
      let stream = try store.store.stream(view.declaration.stream)
      let question = recorder?.question(
        ServedQuestion(view, over: stream, features: features, shape: .values, version: version))
      let reader = try store.store.reader(
        of: view.declaration.name, features: features, snapshot: store.store.snapshot())
      return ReadPlan(
        number: 0, view: view, features: features, shape: .values, version: version,
        reader: reader, question: question)
    } catch { throw LookupError(error) }
  }
}
