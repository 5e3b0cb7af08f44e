// Declarations and the store as a whole. All of it is carried out by the workers: what is registered goes to
// the disk, and what is described may be long.
import FeatureModel
import Hindcast
import RESP

extension EventLoop {
  func performRegistry(
    _ id: CommandID, _ words: RequestWords, _ connection: Connection
  ) throws(LookupError) {
    let store = context.store
    switch id {
    case .fsRegister:
      let (texts, replacing) = (declarations(words), replaces(words))
      let builder = context.builder
      handOver(id, connection) { reply, _ throws(LookupError) in
        do throws(HindcastError) {
          RegistryReply.write(try store.register(texts, replacing: replacing), into: &reply)
        } catch { throw LookupError("ERR \(error)") }
        builder.wake()
      }
    case .fsPlan:
      let (texts, replacing) = (declarations(words), replaces(words))
      handOver(id, connection) { reply, _ throws(LookupError) in
        do throws(HindcastError) {
          EvolutionReply.write(try store.plan(texts, replacing: replacing), into: &reply)
        } catch { throw LookupError("ERR \(error)") }
      }
    case .fsDrop:
      let isSet = words.count == 3
      let name = words.string(words.count - 1)
      handOver(id, connection) { reply, _ throws(LookupError) in
        do throws(StoreError) {
          if isSet { try store.store.drop(set: name) } else { try store.store.drop(view: name) }
        } catch { throw LookupError(error) }
        reply.ok()
      }
    case .fsForget: try forget(words, connection)
    case .fsAudit:
      handOver(id, connection) { reply, _ throws(LookupError) in
        do throws(StoreError) {
          EvolutionReply.write(try store.store.auditTrail(), into: &reply)
        } catch { throw LookupError(error) }
      }
    case .fsCheck:
      let texts = declarations(words)
      handOver(id, connection) { reply, _ throws(LookupError) in
        RegistryReply.write(try RegistryReply.mistakes(texts, store), into: &reply)
      }
    case .fsViews:
      let builder = context.builder
      handOver(id, connection) { reply, _ throws(LookupError) in
        RegistryReply.writeViews(store.store, builder, into: &reply)
      }
    case .fsDescribe:
      let name = words.string(1)
      handOver(id, connection) { reply, _ throws(LookupError) in
        try RegistryReply.describe(name, store.store, into: &reply)
      }
    case .fsStats:
      handOver(id, connection) { reply, _ throws(LookupError) in
        do throws(StoreError) {
          RegistryReply.write(try store.store.statistics(), into: &reply)
        } catch { throw LookupError(error) }
      }
    default:
      let folder = words.string(1)
      handOver(id, connection) { reply, _ throws(LookupError) in
        do throws(StoreError) { try store.store.checkpoint(to: folder) } catch {
          throw LookupError(error)
        }
        reply.ok()
      }
    }
  }

  private func replaces(_ words: RequestWords) -> Bool {
    words.count > 2 && words.name(1) == "REPLACE"
  }

  private func declarations(_ words: RequestWords) -> [DeclarationText] {
    let first = replaces(words) ? 2 : 1
    return (first..<words.count).map { place in
      let name = words.count == first + 1 ? "declaration" : "declaration \(place - first + 1)"
      return DeclarationText(name: name, text: Array(words[place]))
    }
  }
}

/// What the registry's commands tell.
enum RegistryReply {
  static func write(_ reports: [RegistrationReport], into reply: inout ReplyWriter) {
    reply.array(reports.count)
    for report in reports {
      reply.map(5)
      text("kind", report.kind.rawValue, into: &reply)
      text("name", report.name, into: &reply)
      text("outcome", report.outcome.name, into: &reply)
      reply.bulk("differences")
      write(report.outcome.differences, into: &reply)
      reply.bulk("lacks-history")
      reply.typed(.bool(report.lacksHistory))
    }
  }

  static func write(_ texts: [String], into reply: inout ReplyWriter) {
    reply.array(texts.count)
    for text in texts { reply.bulk(text) }
  }

  private static func text(_ name: String, _ value: String, into reply: inout ReplyWriter) {
    reply.bulk(name)
    reply.bulk(value)
  }

  static func mistakes(
    _ texts: [DeclarationText], _ store: FeatureStore
  ) throws(LookupError) -> [String] {
    do throws(HindcastError) {
      _ = try store.resolve(texts)
      return []
    } catch {
      if case .declarations(let mistakes) = error { return mistakes }
      throw LookupError("ERR \(error)")
    }
  }

  static func writeViews(
    _ store: Store, _ builder: HistoryBuilder, into reply: inout ReplyWriter
  ) {
    let (views, building, sets) = (store.views, store.building.map(\.view), store.sets)
    reply.array(views.count + building.count + sets.count)
    for (index, view) in (views + building).enumerated() {
      let declaration = view.declaration
      reply.map(8)
      reply.bulk("built")
      reply.typed(
        .double(index < views.count ? 1 : min(0.99, builder.fraction(of: declaration.name))))
      text("kind", "view", into: &reply)
      text("name", declaration.name, into: &reply)
      text("stream", declaration.stream, into: &reply)
      reply.bulk("entity")
      write(declaration.entity, into: &reply)
      text("slice", DurationText.text(declaration.slice.milliseconds), into: &reply)
      reply.bulk("features")
      write(declaration.features.map(\.name), into: &reply)
      text("digest", view.digest.description, into: &reply)
    }
    for set in sets {
      reply.map(4)
      text("kind", "set", into: &reply)
      text("name", set.declaration.name, into: &reply)
      reply.bulk("features")
      write(set.declaration.members.map { "\($0.view).\($0.feature)" }, into: &reply)
      text("digest", set.digest.description, into: &reply)
    }
  }

  /// A name may stand for one of each kind; the first of view, stream and set is told.
  static func describe(
    _ name: String, _ store: Store, into reply: inout ReplyWriter
  ) throws(LookupError) {
    do throws(StoreError) {
      if let view = store.views.first(where: { $0.declaration.name == name }) {
        try describe(view, store, into: &reply)
      } else if let stream = store.streams.first(where: { $0.declaration.name == name }) {
        reply.map(5)
        head("stream", name, CanonicalForm.json(stream.declaration), stream.digest, into: &reply)
        reply.bulk("seal")
        reply.typed(stream.seal.map { .timestamp($0) } ?? .null)
      } else if let set = store.sets.first(where: { $0.declaration.name == name }) {
        reply.map(4)
        head("set", name, CanonicalForm.json(set.declaration), set.digest, into: &reply)
      } else {
        let names =
          store.views.map(\.declaration.name) + store.streams.map(\.declaration.name)
          + store.sets.map(\.declaration.name)
        throw .invalid(
          "the store has no view, stream or set '\(name)'\(Suggestion.phrase(for: name, among: names))"
        )
      }
    } catch { throw LookupError(error) }
  }

  private static func head(
    _ kind: String, _ name: String, _ declaration: JSONValue, _ digest: Digest,
    into reply: inout ReplyWriter
  ) {
    text("kind", kind, into: &reply)
    text("name", name, into: &reply)
    text("declaration", declaration.compact, into: &reply)
    text("digest", digest.description, into: &reply)
  }

  private static func describe(
    _ view: RegisteredView, _ store: Store, into reply: inout ReplyWriter
  ) throws(StoreError) {
    let declaration = view.declaration
    let stream = try store.stream(declaration.stream)
    reply.map(8)
    head(
      "view", declaration.name, CanonicalForm.json(declaration, over: stream.declaration),
      view.digest, into: &reply)
    reply.bulk("seal")
    reply.typed(stream.seal.map { .timestamp($0) } ?? .null)
    reply.bulk("floor")
    reply.typed(view.floor.map { .timestamp(declaration.slice.start(of: $0)) } ?? .null)
    reply.bulk("features")
    reply.map(declaration.features.count)
    for feature in declaration.features { text(feature.name, feature.type.rawValue, into: &reply) }
    reply.bulk("sources")
    write(try store.positions(in: view.id).map(\.source), into: &reply)
  }

  static func write(_ statistics: StoreStatistics, into reply: inout ReplyWriter) {
    reply.map(4)
    reply.bulk("keys")
    reply.integer(Int64(clamping: statistics.keysEstimate))
    reply.bulk("bytes")
    reply.integer(Int64(clamping: statistics.fileBytes))
    reply.bulk("files")
    reply.integer(Int64(statistics.files))
    reply.bulk("views")
    reply.map(statistics.views.count)
    for view in statistics.views {
      reply.bulk(view.view)
      reply.integer(Int64(clamping: view.bytes))
    }
  }
}
