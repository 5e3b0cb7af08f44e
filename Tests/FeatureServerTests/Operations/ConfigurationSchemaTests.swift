// The schema for editors, the example and the reader say the same: names, defaults, bounds and choices.
import FeatureModel
import FeatureServer
import Foundation
import Testing

@Suite struct ConfigurationSchemaTests {
  static let schemas = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../../schemas").standardized

  static func schema() throws -> JSONValue {
    let file = schemas.appending(path: "server.schema.json")
    return try JSONValue.parse(String(contentsOf: file, encoding: .utf8))
  }

  static func names(_ value: JSONValue?) -> [String] {
    guard case .object(let members)? = value?.content else { return [] }
    return members.map(\.name)
  }

  /// The schemas of all settings by their paths, `port` and `tls.port`.
  static func properties() throws -> [(path: String, schema: JSONValue)] {
    let schema = try schema()
    var found: [(String, JSONValue)] = []
    for name in names(schema["properties"]) where name != "$schema" && name != "users" {
      let property = schema["properties"]![name]!
      if let inner = schema["$defs"]?[name]?["properties"] {
        for member in names(inner) { found.append(("\(name).\(member)", inner[member]!)) }
      } else {
        found.append((name, property))
      }
    }
    return found
  }

  /// A configuration in which one setting has a value; TLS alone needs more than one setting.
  static func problems(_ path: String, _ value: JSONValue) -> [String] {
    let parts = path.split(separator: ".")
    var text = "\"\(parts.last!)\": \(value.compact)"
    if parts.count == 2 { text = "\"\(parts[0])\": { \(text) }" }
    return ConfigurationMistakeTests.problems("{ \(text) }").filter { $0.contains("$.\(path)") }
  }

  @Test func `The schema has the settings of the reader, and no others`() throws {
    let inSchema = try Self.properties().map(\.path)
    #expect(inSchema.sorted() == ServerSetting.all.map(\.path).sorted())
    let user = try Self.schema()["$defs"]?["user"]?["properties"]
    #expect(Self.names(user) == ["password", "passwordHash", "passwordFile", "role"])
  }

  @Test func `A default of the schema is the reader's`() throws {
    let plain = "\(try ServerConfiguration.read(file: nil))"
    var count = 0
    for (path, schema) in try Self.properties() {
      guard let value = schema["default"] else { continue }
      count += 1
      let parts = path.split(separator: ".")
      var text = "\"\(parts.last!)\": \(value.compact)"
      if parts.count == 2 { text = "\"\(parts[0])\": { \(text) }" }
      #expect("\(try ConfigurationTests.read("{ \(text) }"))" == plain, "\(path)")
    }
    #expect(count >= 20)
    #expect(ServerSetting.all.count - count <= 9)
  }

  @Test func `Bounds, choices and examples of the schema are the reader's`() throws {
    for (path, schema) in try Self.properties() {
      if case .int(let least)? = schema["minimum"]?.content,
        case .int(let most)? = schema["maximum"]?.content
      {
        #expect(Self.problems(path, .int(least)) == [], "\(path)")
        #expect(Self.problems(path, .int(most)) == [], "\(path)")
        #expect(Self.problems(path, .int(least - 1)).count == 1, "\(path)")
        #expect(Self.problems(path, .int(most + 1)).count == 1, "\(path)")
      }
      if case .array(let choices)? = schema["enum"]?.content {
        let reason = Self.problems(path, "?").first ?? ""
        let names = choices.map { $0.compact.filter { $0 != "\"" } }.joined(separator: ", ")
        #expect(reason.contains("one of \(names) expected"), "\(reason)")
      }
      // Files of TLS are not there.
      guard case .array(let examples)? = schema["examples"]?.content, !path.hasPrefix("tls")
      else { continue }
      for example in examples { #expect(Self.problems(path, example) == [], "\(path)") }
    }
  }

  @Test func `The packaged configuration writes out the defaults`() throws {
    let file = Self.schemas.appending(path: "../tools/packaging/hindcast.json").standardized
    let packaged = try ServerConfiguration.read(file: file.path)
    #expect("\(packaged)" == "\(ServerConfiguration())")
    #expect(try String(contentsOf: file, encoding: .utf8).contains(#""blockCacheBytes":"#))
  }

  @Test func `The example is right once its files are there`() throws {
    let file = Self.schemas.appending(path: "examples/server.json")
    let example = try String(contentsOf: file, encoding: .utf8)
    guard ServerConfiguration.canServeTLS else {
      let problems = ConfigurationMistakeTests.problems(example)
      #expect(problems.contains { $0.contains("$.tls.port: this build has no TLS") })
      return
    }
    try Certificates.with { certificates in
      try FileManager.default.copyItem(
        atPath: certificates.path("authority.pem"), toPath: certificates.path("clients.pem"))
      try Data("a password\n".utf8).write(to: URL(filePath: certificates.path("password")))
      let text = example.replacing("/etc/hindcast", with: certificates.folder)
      let configuration = try ConfigurationTests.read(text)
      #expect(configuration.tls.port == 7380 && configuration.port == nil)
      let users = configuration.users
      #expect(users.authenticate(password: "a password") == .admin)
      #expect(users.authenticate(name: "models", password: "a long password") == .read)
      #expect(users.all.map(\.role) == [.admin, .read, .write])
      #expect(configuration.servedLog.maxBytes == 4 << 30)
    }
  }
}
