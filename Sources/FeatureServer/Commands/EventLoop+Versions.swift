// Versions of views, and what is deprecated, over the socket.
import FeatureModel
import Hindcast
import RESP

extension EventLoop {
  /// FS.PROMOTE version [SILENT]
  func promote(_ words: RequestWords, _ connection: Connection) throws(LookupError) {
    let (store, name) = (context.store.store, words.string(1))
    let silencing = words.count == 3
    if silencing, !words.isWord(2, "SILENT") {
      throw LookupError("ERR syntax error: FS.PROMOTE takes a version, and SILENT behind it")
    }
    handOver(.fsPromote, connection) { reply, _ throws(LookupError) in
      do throws(StoreError) {
        let promotion = try store.promote(name, silencing: silencing)
        reply.map(4)
        reply.bulk("view")
        reply.bulk(promotion.view)
        reply.bulk("version")
        reply.integer(Int64(promotion.version))
        reply.bulk("previous")
        reply.typed(promotion.previous.map { .string($0) } ?? .null)
        reply.bulk("sets")
        RegistryReply.write(promotion.sets, into: &reply)
      } catch { throw LookupError(error) }
    }
  }

  /// FS.DEPRECATE name [REASON text | UNDO]
  func deprecate(_ words: RequestWords, _ connection: Connection) throws(LookupError) {
    let (store, name) = (context.store.store, words.string(1))
    let isUndone = words.count == 3 && words.isWord(2, "UNDO")
    guard words.count == 2 || isUndone || words.count == 4 && words.isWord(2, "REASON") else {
      throw LookupError(
        "ERR syntax error: FS.DEPRECATE takes VIEW or VIEW.FEATURE, and behind it REASON text or UNDO"
      )
    }
    let reason = words.count == 4 ? words.string(3) : ""
    handOver(.fsDeprecate, connection) { reply, _ throws(LookupError) in
      do throws(StoreError) {
        if isUndone {
          try store.undeprecate(name)
        } else {
          try store.deprecate(name, reason: reason)
        }
      } catch { throw LookupError(error) }
      reply.ok()
    }
  }
}
