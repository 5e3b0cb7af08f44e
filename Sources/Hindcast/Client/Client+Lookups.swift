// Look-ups through a client: what `FeatureStore.get` answers in the process, with the same values in their
// bits.
import FeatureModel
import RESP

extension Client {
  /// A feature with its value.
  public typealias Feature = (name: String, value: Value)

  /// The features of one entity. One round trip; the first look-up of a view takes another for its types.
  /// - Parameters:
  ///   - entity: one text per key field of the view, in its order. An entity that is not known has empty
  ///     windows.
  ///   - names: the features, in this order; nil for all of the view.
  ///   - time: nil for the moment of the call, by the server's clock; what lies ahead of it is refused.
  public func features(
    of view: String, entity: [String], _ names: [String]? = nil, at time: Timestamp? = nil,
    mode: ReadMode = .asServed
  ) async throws(ClientError) -> [Feature] {
    let entity = try Self.text(of: entity, in: view, try await self.view(view))
    var words = ["FS.GET", view, entity]
    words += Self.options(time, mode)
    if let names { words += ["FEATURES", String(names.count)] + names }
    let reply = try await ask(words)
    return try await read(view, reply) { known in
      guard let pairs = reply.pairs else { return nil }
      return Self.all(pairs) { pair in
        guard let name = pair.key.text, let type = known.types[name],
          let value = pair.value.value(type)
        else { return nil }
        return (name, value)
      }
    }
  }

  /// The features of many entities at the same instant, in the order of the entities. One round trip.
  /// - Parameter entities: each as `features(of:entity:_:at:mode:)` takes it; as many as the server admits in
  ///   one command (131,072 words of 16 MiB).
  public func features(
    of view: String, entities: [[String]], _ names: [String]? = nil, at time: Timestamp? = nil,
    mode: ReadMode = .asServed
  ) async throws(ClientError) -> [[Feature]] {
    guard !entities.isEmpty else { return [] }
    let known = try await self.view(view)
    var words = ["FS.MGET", view, String(entities.count)]
    for entity in entities { words.append(try Self.text(of: entity, in: view, known)) }
    words += Self.options(time, mode)
    if let names { words += ["FEATURES", String(names.count)] + names }
    let reply = try await ask(words)
    return try await read(view, reply) { known in
      guard let rows = reply.items, rows.count == entities.count else { return nil }
      let names = names ?? known.features
      return Self.all(rows) { row in
        guard let values = row.items, values.count == names.count else { return nil }
        return Self.all(Array(zip(names, values))) { name, reply in
          guard let type = known.types[name], let value = reply.value(type) else { return nil }
          return (name, value)
        }
      }
    }
  }

  /// All members of a set in its order, named `view.feature`, or as they are declared where they are derived.
  /// One round trip; the first look-up of a set takes one more.
  /// - Parameter keys: every key field of the set's views with its value.
  public func vector(
    of set: String, keys: [String: String], at time: Timestamp? = nil, mode: ReadMode = .asServed
  ) async throws(ClientError) -> [Feature] {
    let words =
      ["FS.VECTOR", set] + keys.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
      + Self.options(time, mode)
    let reply = try await ask(words)
    for isNew in [false, true] {
      let members = try await self.set(set, isNew: isNew)
      guard let values = reply.items, values.count == members.count else { continue }
      let features: [Feature]? = Self.all(Array(members.indices)) { index in
        guard let value = values[index].value(members[index].type) else { return nil }
        return (members[index].name, value)
      }
      if let features { return features }
      catalogue.removeAll()
    }
    throw .unexpectedReply("values that do not fit the features of '\(set)'")
  }
}

// Requests and replies.
extension Client {
  /// An entity as commands have it: the parts between bars, where `\|` and `\\` stand for the characters; the
  /// text itself where there is one part.
  private static func text(
    of entity: [String], in view: String, _ known: ClientCatalogue.View
  ) throws(ClientError) -> String {
    guard entity.count == known.entity.count else {
      throw .usage(
        "the view '\(view)' has the key \(known.entity.joined(separator: ", ")): it needs "
          + "\(known.entity.count) parts, not \(entity.count)")
    }
    guard entity.count > 1 else { return entity[0] }
    return entity.map { part in
      String(decoding: part.utf8.flatMap(escaped), as: UTF8.self)
    }.joined(separator: "|")
  }

  private static func escaped(_ byte: UInt8) -> [UInt8] {
    byte == UInt8(ascii: "|") || byte == UInt8(ascii: "\\") ? [UInt8(ascii: "\\"), byte] : [byte]
  }

  private static func options(_ time: Timestamp?, _ mode: ReadMode) -> [String] {
    let instant = time.map { ["ASOF", String($0.milliseconds)] } ?? []
    return switch mode {
    case .asServed: instant
    case .corrected: instant + ["CORRECTED"]
    case .knownAt(let known): instant + ["KNOWN", String(known.milliseconds)]
    case .fresh: instant + ["FRESH"]
    }
  }

  /// Reads a reply by what is known of its view; where that does not fit, by what the server says now.
  private func read<Answer>(
    _ view: String, _ reply: RESPValue, _ body: (ClientCatalogue.View) -> Answer?
  ) async throws(ClientError) -> Answer {
    if let answer = body(try await self.view(view)) { return answer }
    if let answer = body(try await self.view(view, isNew: true)) { return answer }
    throw .unexpectedReply("values that do not fit the features of '\(view)'")
  }

  /// Nil where one of them is.
  private static func all<Element, Result>(
    _ elements: [Element], _ body: (Element) -> Result?
  ) -> [Result]? {
    var results: [Result] = []
    results.reserveCapacity(elements.count)
    for element in elements {
      guard let result = body(element) else { return nil }
      results.append(result)
    }
    return results
  }
}
