// FS.FORGET: the store first, then what loops keep in memory, then the served log, which loops fill with what
// they answer. A worker does it; the loops go on, and say when they have let go of what they had.
import FeatureModel
import Glibc
import Hindcast
import Monitoring
import RESP
import Synchronization

/// How far a loop has let go of entities that were forgotten.
final class ForgetMark: Sendable {
  private let seen = Atomic<UInt64>(0)

  func note(_ forgets: UInt64) { seen.store(forgets, ordering: .releasing) }

  func hasSeen(_ forgets: UInt64) -> Bool { seen.load(ordering: .acquiring) >= forgets }
}

extension EventLoop {
  func forget(_ words: RequestWords, _ connection: Connection) throws(LookupError) {
    let isDryRun = words.count > 2 && words.isWord(1, "DRYRUN")
    var parts: [EntityPart] = []
    do throws(StoreError) {
      for place in (isDryRun ? 2 : 1)..<words.count {
        parts.append(try EntityPart(parsing: words[place]))
      }
    } catch { throw LookupError(error) }
    let (context, wanted) = (context, parts)
    handOver(.fsForget, connection) { reply, recorder throws(LookupError) in
      do throws(HindcastError) {
        ForgetReply.write(
          isDryRun
            ? try context.find(wanted) : try context.forget(wanted, recorder), into: &reply)
      } catch { throw LookupError("ERR \(error)") }
    }
  }
}

extension ServerContext {
  /// Tenths of a second that loops have to let go of what they keep; they look ten times a second.
  private static let patience = 100

  fileprivate func forget(
    _ parts: [EntityPart], _ recorder: ServedRecorder?
  ) throws(HindcastError) -> ForgetReport {
    var report = try Self.stored { () throws(StoreError) in try store.store.erase(parts) }
    let late = waitForLoops(store.store.forgets)
    report.add(
      .init(kind: "caches", unit: "loops", erased: forgetMarks.count - late, left: late))
    try addServed(parts, recorder, &report)
    report.add(try Self.stored { () throws(StoreError) in try store.store.find(parts) })
    log.info(
      "forgot an entity",
      [
        "fields": .text(report.fields.joined(separator: " ")), "erased": .int(report.erased),
        "left": .int(report.left),
      ])
    return report
  }

  fileprivate func find(_ parts: [EntityPart]) throws(HindcastError) -> ForgetReport {
    var report = try Self.stored { () throws(StoreError) in try store.store.find(parts) }
    if let servedLog {
      let keys = try Self.stored { () throws(StoreError) in try store.store.keys(of: parts) }
      try servedLog.find(keys, of: store.store).add(to: &report)
    }
    return report
  }

  private func addServed(
    _ parts: [EntityPart], _ recorder: ServedRecorder?, _ report: inout ForgetReport
  ) throws(HindcastError) {
    guard let servedLog else { return }
    let keys = try Self.stored { () throws(StoreError) in try store.store.keys(of: parts) }
    let found = try servedLog.erase(keys, of: store.store, recorder: recorder)
    var served = ForgetReport(fields: report.fields)
    found.add(to: &served)
    report.add(served)
    try Self.stored { () throws(StoreError) in try store.store.noteForgotten(served) }
  }

  private static func stored<Result>(
    _ body: () throws(StoreError) -> Result
  ) throws(HindcastError) -> Result {
    do throws(StoreError) { return try body() } catch { throw .store(error) }
  }

  /// - Returns: how many loops have not let go yet. Those that have ended have nothing.
  private func waitForLoops(_ forgets: UInt64) -> Int {
    var late = 0
    for _ in 0..<Self.patience {
      late = forgetMarks.count { !$0.hasSeen(forgets) }
      if late == 0 || !isReady.load(ordering: .acquiring) { break }
      usleep(20_000)
    }
    return isReady.load(ordering: .acquiring) ? late : 0
  }
}

enum ForgetReply {
  static func write(_ report: ForgetReport, into reply: inout ReplyWriter) {
    reply.map(7)
    reply.bulk("fields")
    RegistryReply.write(report.fields, into: &reply)
    reply.bulk("places")
    reply.array(report.places.count)
    for place in report.places {
      reply.map(5)
      text(["kind": place.kind, "name": place.name, "unit": place.unit], into: &reply)
      number("erased", place.erased, into: &reply)
      number("left", place.left, into: &reply)
    }
    reply.bulk("mentions")
    reply.array(report.mentions.count)
    for mention in report.mentions {
      reply.map(4)
      text(
        ["place": mention.place, "what": mention.what, "way-out": mention.wayOut], into: &reply)
      number("count", mention.count, into: &reply)
    }
    number("bytes-read", report.bytesRead, into: &reply)
    reply.bulk("text-searched")
    reply.typed(.bool(report.isTextSearched))
    number("erased", report.erased, into: &reply)
    number("left", report.left, into: &reply)
  }

  private static func text(
    _ pairs: KeyValuePairs<String, String>, into reply: inout ReplyWriter
  ) {
    for (name, value) in pairs {
      reply.bulk(name)
      reply.bulk(value)
    }
  }

  private static func number(_ name: String, _ value: Int, into reply: inout ReplyWriter) {
    reply.bulk(name)
    reply.integer(Int64(value))
  }
}
