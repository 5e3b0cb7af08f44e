// The conformance vectors as values: what schemas/conformance/README.md describes, read with our own JSON
// reader, which keeps the whole 64 bits of an int.
import FeatureModel
import Foundation
import Hindcast

/// One file of schemas/conformance.
struct Vector: Sendable {
  let name: String
  let stream: StreamDeclaration
  /// Another stream, whose events views join to those of the first.
  let joined: StreamDeclaration?
  let views: [ViewDeclaration]
  /// The views as they stand in the file, by name.
  let texts: [String: String]
  /// Over the views.
  let sets: [FeatureSet]
  let steps: [Step]

  /// A row's values in the order of the stream's fields; nil is null.
  typealias Row = [JSONValue]

  enum Step: Sendable {
    case ingest([Row])
    case ingestJoined([Row])
    case refuse([Row])
    case seal(Timestamp)
    case expire(view: String, before: Timestamp)
    case register([String])
    case retract(ids: [String], at: Timestamp)
    case retractJoined(ids: [String], at: Timestamp)
    case amend([Row], at: Timestamp)
    case forget(field: String, text: String)
    case ask([Question])
    case askSets([SetQuestion])
  }

  struct Question: Sendable {
    let view: String
    let entity: [String?]
    let at: Timestamp
    let mode: ReadMode
    let features: [String]
    let expected: Outcome
  }

  /// The views that come later, by a step of their own.
  var later: Set<String> {
    var names: Set<String> = []
    for case .register(let more) in steps { names.formUnion(more) }
    return names
  }

  /// Whether the stream keeps its events for a time only.
  var losesEvents: Bool {
    if case .milliseconds = stream.keep { true } else { false }
  }

  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../schemas/conformance").standardized.path

  static let names: [String] = {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return files.filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.sorted()
  }()
}

/// What a question is answered with.
enum Outcome: Sendable {
  case values([Value])
  /// `unknown_view`, `unknown_feature`, `expired`.
  case error(String)

  func isSame(as other: Outcome) -> Bool {
    switch (self, other) {
    case (.values(let a), .values(let b)):
      a.count == b.count && zip(a, b).allSatisfy { $0.isSame(as: $1) }
    case (.error(let a), .error(let b)): a == b
    default: false
    }
  }
}

struct BadVector: Error { let reason: String }

extension Vector {
  init(named name: String) throws {
    let text = try String(contentsOfFile: "\(Self.folder)/\(name).json", encoding: .utf8)
    let json = try JSONValue.parse(text)
    let reader = FeatureStore.declarations
    let stream = try reader.readStream(Self.member("stream", json).compact)
    self.name = name
    self.stream = stream
    let joined = try json["joined"].map { try reader.readStream($0.compact) }
    self.joined = joined
    let views = try Self.list("views", json).map { try reader.readView($0.compact, over: stream) }
    let types = Dictionary(
      uniqueKeysWithValues: views.map { view in
        (
          view.name,
          Dictionary(uniqueKeysWithValues: view.features.map { ($0.name, $0.type) })
        )
      })
    let sets = try (json["sets"] == nil ? [] : Self.list("sets", json)).map { declared in
      guard case .set(let set)? = try reader.read(declared.compact).first else {
        throw BadVector(reason: "\(declared.compact) is no set")
      }
      return try reader.resolve(set, against: views)
    }
    self.views = views
    texts = try Dictionary(
      uniqueKeysWithValues: Self.list("views", json).map {
        (try Self.text(Self.member("view", $0)), $0.compact)
      })
    self.sets = sets
    var memberTypes: [String: [FieldType]] = [:]
    for set in sets { memberTypes[set.name] = try SetShape(set, over: SetScope(views)).types }
    steps = try Self.list("steps", json).map {
      try Self.step($0, stream, joined, types, memberTypes)
    }
  }

  private static func step(
    _ json: JSONValue, _ stream: StreamDeclaration, _ joined: StreamDeclaration?,
    _ types: [String: [String: FieldType]],
    _ memberTypes: [String: [FieldType]]
  ) throws -> Step {
    guard case .object(let members) = json.content, members.count == 1 else {
      throw BadVector(reason: "a step has one member")
    }
    let value = members[0].value
    switch members[0].name {
    case "ingest": return .ingest(try rows(value, stream))
    case "ingest_joined":
      guard let joined else { throw BadVector(reason: "no stream is joined") }
      return .ingestJoined(try rows(value, joined))
    case "refuse": return .refuse(try rows(value, stream))
    case "seal": return .seal(try time(value))
    case "expire":
      return .expire(
        view: try text(member("view", value)), before: try time(member("before", value)))
    case "register":
      guard case .array(let list) = value.content else { throw BadVector(reason: "register") }
      return .register(try list.map(text))
    case "retract":
      return .retract(ids: try ids(value), at: try time(member("at", value)))
    case "retract_joined":
      return .retractJoined(ids: try ids(value), at: try time(member("at", value)))
    case "amend":
      return .amend(
        try rows(member("rows", value), stream), at: try time(member("at", value)))
    case "forget":
      guard case .object(let fields) = value.content, fields.count == 1 else {
        throw BadVector(reason: "forget")
      }
      return .forget(field: fields[0].name, text: try text(fields[0].value))
    case "ask":
      guard case .array(let list) = value.content else { throw BadVector(reason: "ask") }
      return .ask(try list.map { try question($0, types) })
    case "ask_sets":
      guard case .array(let list) = value.content else { throw BadVector(reason: "ask_sets") }
      return .askSets(try list.map { try setQuestion($0, memberTypes) })
    default: throw BadVector(reason: "unknown step \(members[0].name)")
    }
  }

  private static func ids(_ json: JSONValue) throws -> [String] {
    try list("ids", json).map { id in
      if case .int(let number) = id.content { String(number) } else { try text(id) }
    }
  }

  private static func rows(_ json: JSONValue, _ stream: StreamDeclaration) throws -> [Row] {
    guard case .array(let list) = json.content else { throw BadVector(reason: "rows") }
    return try list.map { row in
      guard case .object(let members) = row.content,
        members.allSatisfy({ stream.index(of: $0.name) != nil })
      else { throw BadVector(reason: "a row has a field that its stream has not") }
      return stream.fields.map { row[$0.name] ?? .null }
    }
  }

  private static func question(
    _ json: JSONValue, _ types: [String: [String: FieldType]]
  ) throws -> Question {
    let view = try text(member("view", json))
    let features = try list("features", json).map(text)
    let expected: Outcome
    if let error = json["error"] {
      expected = .error(try text(error))
    } else {
      expected = .values(
        try zip(features, try list("values", json)).map { feature, value in
          try self.value(value, types[view]?[feature])
        })
    }
    return Question(
      view: view,
      entity: try list("entity", json).map { $0.content == .null ? nil : try text($0) },
      at: try time(member("at", json)), mode: try mode(json), features: features, expected: expected
    )
  }

  static func mode(_ json: JSONValue) throws -> ReadMode {
    switch try text(member("mode", json)) {
    case "as_served": .asServed
    case "corrected": .corrected
    case "fresh": .fresh
    case "known_at": .knownAt(try time(member("known", json)))
    case let other: throw BadVector(reason: "mode \(other)")
    }
  }

  static func value(_ json: JSONValue, _ type: FieldType?) throws -> Value {
    switch (json.content, type) {
    case (.null, _): .null
    case (.int(let value), .int): .int(value)
    case (.double(let value), .double): .double(value)
    case (.bool(let value), .bool): .bool(value)
    case (.string(let value), .string): .string(value)
    case (.string, .timestamp): .timestamp(try time(json))
    default: throw BadVector(reason: "\(json.compact) is no \(type?.rawValue ?? "known type")")
    }
  }

  static func time(_ json: JSONValue) throws -> Timestamp {
    switch json.content {
    case .int(let value): if let time = Timestamp(milliseconds: value) { return time }
    case .string(let value): if let time = Timestamp(parsing: value) { return time }
    default: break
    }
    throw BadVector(reason: "\(json.compact) is no time")
  }

  static func text(_ json: JSONValue) throws -> String {
    guard case .string(let text) = json.content else {
      throw BadVector(reason: "\(json.compact) is no text")
    }
    return text
  }

  static func member(_ name: String, _ json: JSONValue) throws -> JSONValue {
    guard let value = json[name] else { throw BadVector(reason: "no \(name)") }
    return value
  }

  static func list(_ name: String, _ json: JSONValue) throws -> [JSONValue] {
    guard case .array(let list) = try member(name, json).content else {
      throw BadVector(reason: "\(name) is no list")
    }
    return list
  }
}
