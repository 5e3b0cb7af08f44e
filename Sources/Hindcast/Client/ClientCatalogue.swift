// What a client knows of views and sets: the types that the protocol does not carry (an instant comes as text)
// and the fields of keys. Asked for once by name, and again where an answer does not fit it.
import FeatureModel
import RESP
import Synchronization

/// The declarations that a client has asked for.
final class ClientCatalogue: Sendable {
  struct View: Sendable {
    let entity: [String]
    /// In declared order.
    let features: [String]
    let types: [String: FieldType]
  }

  /// The members of a set, in its order.
  typealias Members = [(name: String, type: FieldType)]

  private struct Known {
    var views: [String: View] = [:]
    var sets: [String: Members] = [:]
  }

  private let known = Mutex(Known())

  func view(_ name: String) -> View? { known.withLock { $0.views[name] } }
  func set(_ name: String) -> Members? { known.withLock { $0.sets[name] } }
  func add(_ view: View, _ name: String) { known.withLock { $0.views[name] = view } }
  func add(_ set: Members, _ name: String) { known.withLock { $0.sets[name] = set } }
  func removeAll() { known.withLock { $0 = Known() } }
}

extension Client {
  /// - Parameter isNew: asks the server whatever is known.
  func view(_ name: String, isNew: Bool = false) async throws(ClientError) -> ClientCatalogue.View {
    if !isNew, let known = catalogue.view(name) { return known }
    let (kind, declaration, reply) = try await describe(name)
    guard kind == "view" else { throw .usage("'\(name)' is a \(kind), not a view") }
    var features: [String] = []
    var types: [String: FieldType] = [:]
    for pair in reply["features"]?.pairs ?? [] {
      guard let feature = pair.key.text, let type = pair.value.text.flatMap(FieldType.init) else {
        throw .unexpectedReply("a feature of '\(name)' without name or type")
      }
      features.append(feature)
      types[feature] = type
    }
    let view = ClientCatalogue.View(
      entity: declaration["entity"]?.texts ?? [], features: features, types: types)
    catalogue.add(view, name)
    return view
  }

  func set(
    _ name: String, isNew: Bool = false
  ) async throws(ClientError) -> ClientCatalogue.Members {
    if !isNew, let known = catalogue.set(name) { return known }
    let (kind, _, reply) = try await describe(name)
    guard kind == "set" else {
      // FS.DESCRIBE tells of a view or stream where one has the name, too.
      throw .usage("'\(name)' is a \(kind), and as such not a feature set")
    }
    var members: ClientCatalogue.Members = []
    for pair in reply["features"]?.pairs ?? [] {
      guard let member = pair.key.text, let type = pair.value.text.flatMap(FieldType.init) else {
        throw .unexpectedReply("a feature of '\(name)' without name or type")
      }
      members.append((member, type))
    }
    catalogue.add(members, name)
    return members
  }

  private func describe(
    _ name: String
  ) async throws(ClientError) -> (kind: String, declaration: JSONValue, reply: RESPValue) {
    let reply = try await ask(["FS.DESCRIBE", name])
    guard let kind = reply["kind"]?.text, let text = reply["declaration"]?.text,
      let declaration = try? JSONValue.parse(text)
    else { throw .unexpectedReply("no description of '\(name)'") }
    return (kind, declaration, reply)
  }
}

extension JSONValue {
  /// The texts of an array.
  fileprivate var texts: [String]? {
    guard case .array(let elements) = content else { return nil }
    return elements.compactMap { if case .string(let text) = $0.content { text } else { nil } }
  }
}

extension RESPValue {
  /// The value of a map under a name.
  subscript(name: String) -> RESPValue? { pairs?.first { $0.key.text == name }?.value }

  /// As a value of a feature; nil where it is none of this type.
  func value(_ type: FieldType) -> Value? {
    switch (self, type) {
    case (.null, _): .null
    case (.integer(let value), .int): .int(value)
    case (.double(let value), .double): .double(value)
    case (.bool(let value), .bool): .bool(value)
    case (.bulk, .string): text.map { .string($0) }
    case (.bulk, .timestamp): text.flatMap { Timestamp(parsing: $0) }.map { .timestamp($0) }
    default: nil
    }
  }
}
