// The examples under schemas/ are read, and the schemas know what the reader knows.
import Aggregates
import FeatureModel
import Foundation
import Testing

@Suite struct ExampleTests {
  static let schemas = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "schemas")

  static let reader = DeclarationReader(signatures: AggregateCatalog.signatures)

  static func declarations() throws -> [ParsedDeclaration] {
    let folder = schemas.appending(path: "examples")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    let kinds = [".stream.json", ".view.json", ".set.json", ".table.json"]
    return try names.filter { name in kinds.contains { name.hasSuffix($0) } }.flatMap {
      try reader.read(String(contentsOf: folder.appending(path: $0), encoding: .utf8))
    }
  }

  @Test("every example is right, and keeps its meaning in canonical form") func examples() throws {
    var streams: [String: StreamDeclaration] = [:]
    var views: [UnresolvedView] = []
    var sets: [UnresolvedSet] = []
    var tables: [TableDeclaration] = []
    for declaration in try Self.declarations() {
      switch declaration {
      case .stream(let stream): streams[stream.name] = stream
      case .view(let view): views.append(view)
      case .set(let set): sets.append(set)
      case .table(let table): tables.append(table)
      }
    }
    #expect(streams.keys.sorted() == ["commits", "emails"])
    #expect(
      views.map(\.name) == [
        "author_activity", "author_habits", "author_profile", "component_churn", "domain_history",
        "sender_history",
      ])
    var declared: [ViewDeclaration] = []
    for view in views {
      let stream = try #require(streams[view.stream])
      let resolved = try Self.reader.resolve(view, against: stream)
      let text = CanonicalForm.text(resolved, over: stream)
      let again = try Self.reader.readView(text, over: stream)
      #expect(CanonicalForm.text(again, over: stream) == text)
      declared.append(resolved)
    }
    #expect(tables.map(\.name) == ["ip_list", "sender_reputation"])
    for table in tables {
      #expect(try Self.reader.readTable(CanonicalForm.text(table)) == table)
      declared.append(table.view)
    }
    #expect(sets.map(\.name) == ["sender_risk", "sender_standing", "sender_surprise"])
    for set in sets {
      let resolved = try Self.reader.resolve(set, against: declared)
      #expect(try Self.reader.readSet(CanonicalForm.text(resolved)) == resolved)
    }
  }

  @Test("the schemas allow just the names that the reader allows") func names() throws {
    func schema(_ name: String) throws -> JSONValue {
      try JSONValue.parse(String(contentsOf: Self.schemas.appending(path: name), encoding: .utf8))
    }
    func names(_ schema: JSONValue, _ definition: String) -> [String] {
      guard case .object(let members)? = schema["$defs"]?[definition]?["properties"]?.content else {
        return []
      }
      return members.map(\.name)
    }
    let view = try schema("view.schema.json")
    #expect(
      names(view, "view") == [
        "$schema", "view", "stream", "join", "derive", "entity", "slice", "where", "retention",
        "features",
      ])
    let signatures = AggregateCatalog.signatures
    let inFeature = signatures.map(\.name) + signatures.flatMap(\.parameters).map(\.name)
    #expect(
      Set(names(view, "feature"))
        == Set(inFeature + ["where", "by", "limit", "derive", "windows"]))
    #expect(
      names(try schema("stream.schema.json"), "stream")
        == ["$schema", "stream", "fields", "eventTime", "arrivalTime", "id", "keep"])
    #expect(
      names(try schema("table.schema.json"), "table")
        == ["$schema", "table", "key", "validFrom", "attributes", "slice"])
    let set = try schema("set.schema.json")
    #expect(names(set, "set") == ["$schema", "set", "features", "keys"])
    #expect(names(set, "member") == ["view", "feature", "default"])
    #expect(names(set, "derived") == ["name", "derive", "default"])
  }
}
