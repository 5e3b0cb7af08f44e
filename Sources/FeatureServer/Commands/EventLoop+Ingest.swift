// XLEN and XINFO STREAM: how far the producers of a stream have come.
import FeatureModel
import Hindcast
import RESP

extension EventLoop {
  /// Every producer of the stream is looked at, so it is the workers' to do.
  func describeProducers(
    _ id: CommandID, _ words: RequestWords, _ connection: Connection
  ) throws(LookupError) {
    let place = id == .xlen ? 1 : 2
    let key: (stream: String, producer: String)
    do throws(EventStage.Problem) { key = try EventStage.split(words[place]) } catch {
      throw LookupError(error.text)
    }
    let hasProducer = words[place].contains(UInt8(ascii: ":"))
    let store = context.store.store
    handOver(id, connection) { reply, _ throws(LookupError) in
      do throws(StoreError) {
        let stream = try store.stream(key.stream)
        let marks = try ProducerMark.all(of: key.stream, in: store)
        let total = marks.values.reduce(UInt64(0)) { $0 + $1.count }
        let own = marks[key.producer] ?? ProducerMark()
        let length = Int64(hasProducer ? own.count : total)
        if id == .xlen { return reply.integer(length) }
        Self.describe(stream, length, own, marks, into: &reply)
      } catch { throw LookupError(error) }
    }
  }

  private static func describe(
    _ stream: RegisteredStream, _ length: Int64, _ own: ProducerMark,
    _ marks: [String: ProducerMark], into out: inout ReplyWriter
  ) {
    out.map(8)
    out.bulk("length")
    out.integer(length)
    out.bulk("last-generated-id")
    out.bulk(own.last.description)
    // What Redis's clients look for: events are kept as aggregates, so there are none to be shown.
    out.bulk("entries-added")
    out.integer(length)
    out.bulk("groups")
    out.integer(0)
    for name in ["first-entry", "last-entry"] {
      out.bulk(name)
      out.null()
    }
    out.bulk("seal")
    out.typed(stream.seal.map { .timestamp($0) } ?? .null)
    out.bulk("producers")
    out.map(marks.count)
    for (name, mark) in marks.sorted(by: { $0.key < $1.key }) {
      out.bulk(name)
      out.map(2)
      out.bulk("length")
      out.integer(Int64(mark.count))
      out.bulk("last-generated-id")
      out.bulk(mark.last.description)
    }
  }
}
