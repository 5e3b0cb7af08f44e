// Declarations that change, over the C interface: planned, silent beside what serves, promoted, deprecated,
// dropped and told of; a view over kept events has its history when the call returns.
import FeatureModel
import Foundation
import TestSupport
import Testing

@Suite struct EvolutionTests {
  private static let stream = """
    {"stream": "kept", "fields": {"at": "timestamp", "who": "string", "size": "int"},
     "eventTime": "at", "keep": true}
    """
  private static func view(_ more: String = "") -> String {
    """
    {"view": "by_who", "stream": "kept", "entity": ["who"], "slice": "1d", \(more)
     "features": {"30d_N": {"count": true, "windows": ["30d"]}}}
    """
  }

  private static func declared(_ text: String, _ flags: String...) -> JSONValue {
    let one = JSONValue.object([("name", "text"), ("text", .string(text))])
    return .object([("declarations", .array([one]))] + flags.map { ($0, true) })
  }

  @Test func `Versions are planned, registered, promoted and dropped`() throws {
    try withTemporaryDirectory { folder in
      let library = try Library(folder + "/store", "create")
      try library.register([Self.stream, Self.view()])
      let changed = Self.view(#""where": "size > 1","#)
      let plan = try library.call("plan_register", Self.declared(changed, "silent"))
      #expect(plan.compact.contains(#""name":"by_who@2","action":"new""#))
      #expect(throws: CallFailure.self) {
        try library.call("plan_register", Self.declared(changed))
      }
      _ = try library.call("register", Self.declared(changed, "silent"))
      let promoted = try library.call("promote", .object([("version", "by_who@2")]))
      #expect(promoted["previous"]?.content == .string("by_who@1"))
      #expect(promoted["version"]?.content == .int(2))
      let views = try library.call("views")
      #expect(views.compact.contains(#""state":"deprecated""#))
      let gone = try library.call("drop", .object([("view", "by_who@1")]))
      #expect(gone.compact.contains("version 2 serves"))
      _ = try library.call("deprecate", .object([("name", "by_who.30d_N"), ("reason", "old")]))
      #expect(try library.call("views").compact.contains("old"))
      _ = try library.call("deprecate", .object([("name", "by_who.30d_N"), ("undo", true)]))
      for arguments in [[], [("view", "by_who"), ("set", "x")]] as [[(String, JSONValue)]] {
        #expect(throws: CallFailure.self) { try library.call("drop", .object(arguments)) }
      }
      #expect(throws: CallFailure.self) {
        try library.call(
          "deprecate", .object([("name", "by_who"), ("reason", "x"), ("undo", true)]))
      }
      let trail = try library.call("audit").compact
      for action in ["registered", "promoted", "dropped", "deprecated", "undeprecated"] {
        #expect(trail.contains("\"action\":\"\(action)\""))
      }
    }
  }
}
