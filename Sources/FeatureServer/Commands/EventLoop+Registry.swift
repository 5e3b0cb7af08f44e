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
      let (texts, how) = (declarations(words), way(words))
      let builder = context.builder
      handOver(id, connection) { reply, _ throws(LookupError) in
        do throws(HindcastError) {
          let reports = try store.register(
            texts, replacing: how == "REPLACE", silent: how == "SILENT")
          RegistryReply.write(reports, into: &reply)
        } catch { throw LookupError("ERR \(error)") }
        builder.wake()
      }
    case .fsPlan:
      let (texts, how) = (declarations(words), way(words))
      handOver(id, connection) { reply, _ throws(LookupError) in
        do throws(HindcastError) {
          let plans = try store.plan(
            texts, replacing: how == "REPLACE", silent: how == "SILENT")
          EvolutionReply.write(plans, into: &reply)
        } catch { throw LookupError("ERR \(error)") }
      }
    case .fsDrop: drop(words, connection)
    case .fsLoad: load(words, connection)
    case .fsForget: try forget(words, connection)
    case .fsAudit:
      handOver(id, connection) { reply, _ throws(LookupError) in
        do throws(StoreError) {
          EvolutionReply.write(try store.store.auditTrail(), into: &reply)
        } catch { throw LookupError(error) }
      }
    case .fsPromote: try promote(words, connection)
    case .fsDeprecate: try deprecate(words, connection)
    case .fsCheck: check(words, connection)
    case .fsViews:
      let builder = context.builder
      handOver(id, connection) { reply, _ throws(LookupError) in
        RegistryReply.writeViews(store.store, builder, into: &reply)
      }
    case .fsDescribe:
      let (name, uses) = (words.string(1), context.uses)
      handOver(id, connection) { reply, _ throws(LookupError) in
        do throws(StoreError) { try uses.flush(to: store.store) } catch { throw LookupError(error) }
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

  /// FS.DROP.
  private func drop(_ words: RequestWords, _ connection: Connection) {
    let (store, uses) = (context.store.store, context.uses)
    let kind = words.count == 3 ? words.name(1) : ""
    let name = words.string(words.count - 1)
    handOver(.fsDrop, connection) { reply, _ throws(LookupError) in
      do throws(StoreError) {
        try uses.flush(to: store)
        switch kind {
        case "SET": try store.drop(set: name)
        case "TABLE": try store.drop(table: name)
        default: _ = try store.drop(view: name)
        }
      } catch { throw LookupError(error) }
      reply.ok()
    }
  }

  /// FS.LOAD.
  private func load(_ words: RequestWords, _ connection: Connection) {
    let store = context.store
    let table = words.string(1)
    let rows = (2..<words.count).map { Array(words[$0]) }
    var options = LoadOptions()
    options.now = context.timekeeper.reading
    handOver(.fsLoad, connection) { [options] reply, _ throws(LookupError) in
      do throws(HindcastError) {
        RegistryReply.write(
          try store.load(rows: rows, called: "FS.LOAD", into: table, options), into: &reply)
      } catch { throw LookupError("ERR \(error)") }
    }
  }

  /// FS.CHECK. Of the words of other commands it knows none: they would be declarations, and are none.
  private func check(_ words: RequestWords, _ connection: Connection) {
    let store = context.store
    let tellsAll = words.count > 2 && words.isWord(1, "REMARKS")
    let texts = declarations(words, from: tellsAll ? 2 : 1)
    handOver(.fsCheck, connection) { reply, _ throws(LookupError) in
      do throws(HindcastError) {
        let findings = try store.findings(on: texts)
        if tellsAll {
          RegistryReply.write(findings, into: &reply)
        } else {
          RegistryReply.write(findings.mistakes, into: &reply)
        }
      } catch { throw LookupError("ERR \(error)") }
    }
  }

  /// `REPLACE`, `SILENT` or nothing.
  private func way(_ words: RequestWords) -> String? {
    guard words.count > 2 else { return nil }
    let word = words.name(1)
    return word == "REPLACE" || word == "SILENT" ? word : nil
  }

  private func declarations(_ words: RequestWords) -> [DeclarationText] {
    declarations(words, from: way(words) == nil ? 1 : 2)
  }

  private func declarations(_ words: RequestWords, from first: Int) -> [DeclarationText] {
    (first..<words.count).map { place in
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

  static func write(_ report: LoadReport, into reply: inout ReplyWriter) {
    let change = report.change
    reply.map(6)
    for (name, count) in [
      ("rows", report.rows), ("added", change.added), ("changed", change.changed),
      ("removed", change.removed), ("unchanged", change.unchanged),
    ] {
      reply.bulk(name)
      reply.integer(Int64(count))
    }
    reply.bulk("known-from")
    reply.typed(change.time.map { .timestamp($0) } ?? .null)
  }

  static func write(_ texts: [String], into reply: inout ReplyWriter) {
    reply.array(texts.count)
    for text in texts { reply.bulk(text) }
  }

  private static func text(_ name: String, _ value: String, into reply: inout ReplyWriter) {
    reply.bulk(name)
    reply.bulk(value)
  }

  static func write(_ findings: DeclarationFindings, into reply: inout ReplyWriter) {
    reply.map(3)
    reply.bulk("mistakes")
    write(findings.mistakes, into: &reply)
    reply.bulk("warnings")
    write(findings.warnings, into: &reply)
    reply.bulk("notes")
    write(findings.notes, into: &reply)
  }

  static func writeViews(
    _ store: Store, _ builder: HistoryBuilder, into reply: inout ReplyWriter
  ) {
    let (views, building, sets) = (store.views, store.building.map(\.view), store.sets)
    reply.array(views.count + building.count + sets.count)
    for (index, view) in (views + building).enumerated() {
      let declaration = view.declaration
      reply.map(10)
      state(declaration.name, store, into: &reply)
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
      write(set.declaration.members.map(\.name), into: &reply)
      text("digest", set.digest.description, into: &reply)
    }
  }

  /// The number of a version, and whether it serves, is `silent`, `deprecated`, or stands `beside`.
  private static func state(_ name: String, _ store: Store, into reply: inout ReplyWriter) {
    let standing = store.standing(of: name)
    reply.bulk("version")
    reply.integer(Int64(standing.version))
    text("state", standing.word(of: name) ?? "serving", into: &reply)
  }

  /// A name may stand for one of each kind; the first of view, stream and set is told.
  static func describe(
    _ name: String, _ store: Store, into reply: inout ReplyWriter
  ) throws(LookupError) {
    do throws(StoreError) {
      if let view = try? store.view(name) {
        try describe(view, store, into: &reply)
      } else if let stream = store.streams.first(where: { $0.declaration.name == name }) {
        reply.map(5)
        head("stream", name, CanonicalForm.json(stream.declaration), stream.digest, into: &reply)
        reply.bulk("seal")
        reply.typed(stream.seal.map { .timestamp($0) } ?? .null)
      } else if let set = store.sets.first(where: { $0.declaration.name == name }) {
        // A view may have lost a feature while nobody looked at sets; then the declaration is all there is.
        let shape = try? store.shape(of: set.declaration)
        reply.map(shape == nil ? 4 : 6)
        head("set", name, CanonicalForm.json(set.declaration), set.digest, into: &reply)
        guard let shape else { return }
        reply.bulk("key")
        write(shape.keyFields, into: &reply)
        reply.bulk("features")
        reply.map(shape.types.count)
        for (member, type) in zip(set.declaration.members, shape.types) {
          text(member.name, type.rawValue, into: &reply)
        }
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
    let table = store.tables.first { $0.declaration.name == declaration.name }
    reply.map(table == nil ? 11 : 12)
    if let table { text("table", CanonicalForm.text(table.declaration), into: &reply) }
    head(
      "view", declaration.name, CanonicalForm.json(declaration.plain, over: stream.declaration),
      view.digest, into: &reply)
    state(declaration.name, store, into: &reply)
    reply.bulk("deprecated")
    let deprecations = store.deprecations(of: declaration.name)
    reply.map(deprecations.count)
    for (subject, deprecation) in deprecations {
      let use = store.use(of: subject.description).map { "; \($0.text)" } ?? ""
      text(subject.description, deprecation.text + use, into: &reply)
    }
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
