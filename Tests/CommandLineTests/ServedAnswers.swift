// Answers as a server gives and records them, for the command that holds them against the join.
import FeatureModel
import Hindcast
import Monitoring
import RESP

struct ServedAnswers {
  let store: String
  let view: String
  let entities: [String]
  let times: [String]
  /// Records that the first feature is 41, whatever it is.
  var isWrong = false

  /// All entities at all times, as FS.GET answers them.
  func record(to folder: String) throws {
    let store = try FeatureStore.open(store, .readOnly)
    let registered = try store.store.view(view)
    let reader = try store.store.reader(of: view)
    let names = registered.declaration.features.map(\.name)
    let log = try ServedLog(ServedLogOptions(folder: folder))
    let recorder = log.recorder()
    let question = recorder.question(
      ServedQuestion(
        registered, over: try store.store.stream(registered.declaration.stream), features: names,
        shape: .namedValues, version: .resp3))
    for entity in entities {
      for time in times {
        let time = Timestamp(parsing: time)!
        var values = try reader.answer(EntityKey(parts: [entity]), at: time)
        if isWrong { values[0] = .int(41) }
        var writer = ReplyWriter(.resp3)
        writer.answer(.namedValues, names: names) { values[$0] }
        Array(entity.utf8).withUnsafeBytes { key in
          writer.bytes.withUnsafeBytes {
            recorder.record(at: time, question: question, entity: key, reply: $0)
          }
        }
      }
    }
    recorder.close()
  }
}
