// FS.RETRACT and FS.AMEND: events that were wrong. Carried out by the workers, since kept events are read for
// them.
import FeatureModel
import Hindcast
import RESP
import RowFiles

extension EventLoop {
  func correct(
    _ id: CommandID, _ words: RequestWords, _ connection: Connection
  ) throws(LookupError) {
    let stream = words.string(1)
    let store = context.store
    let timekeeper = context.timekeeper
    if id == .fsRetract {
      let ids = words.strings(from: 2)
      return handOver(id, connection) { reply, _ throws(LookupError) in
        do throws(HindcastError) {
          write(
            try store.retract(ids, from: stream, clock: { timekeeper.reading }), into: &reply)
        } catch { throw LookupError("ERR \(error)") }
      }
    }
    let events = try event(words, of: stream)
    handOver(id, connection) { reply, _ throws(LookupError) in
      do throws(HindcastError) {
        write(try store.amend(events, of: stream, clock: { timekeeper.reading }), into: &reply)
      } catch { throw LookupError("ERR \(error)") }
    }
  }

  /// The words of FS.AMEND as a batch of one event.
  private func event(
    _ words: RequestWords, of stream: String
  ) throws(LookupError) -> EventBatch {
    let declaration: StreamDeclaration
    do throws(StoreError) { declaration = try context.store.store.stream(stream).declaration } catch
    {
      throw LookupError(error)
    }
    guard words.count % 2 == 0 else {
      throw LookupError("ERR wrong number of arguments for 'fs.amend' command")
    }
    var batch = EventBatch(declaration)
    for place in stride(from: 2, to: words.count, by: 2) {
      let name = words.string(place)
      guard let field = declaration.index(of: name) else {
        let hint = Suggestion.phrase(for: name, among: declaration.fields.map(\.name))
        throw LookupError("ERR stream '\(stream)' has no field '\(name)'\(hint)")
      }
      guard batch.columns[field].words.isEmpty else {
        throw LookupError("ERR field '\(name)' is given twice")
      }
      if let problem = ValueParser.append(words[place + 1], to: &batch.columns[field]) {
        throw LookupError("ERR field '\(name)': \(problem)")
      }
    }
    for index in batch.columns.indices where batch.columns[index].words.isEmpty {
      batch.columns[index].appendNull()
    }
    return batch
  }
}

private func write(_ report: CorrectionReport, into reply: inout ReplyWriter) {
  reply.map(4)
  reply.bulk("known-from")
  reply.typed(.timestamp(report.time))
  for (name, count) in [
    ("retracted", report.retracted), ("appended", report.appended), ("slices", report.slices),
  ] {
    reply.bulk(name)
    reply.integer(Int64(count))
  }
}
