// Forgetting over the C interface, with the proof of it, and checks of declarations. What a server recorded is
// forgotten by the tests of the Python package, which have a server.
import CHindcast
import FeatureModel
import Foundation
import Hindcast
import TestSupport
import Testing

@Suite struct ForgetTests {
  private static let ann = "ann.forgettable@example.com"
  private static let stream = """
    {"stream":"mails","fields":{"sender":"string","at":"timestamp","size":"int","ratio":"double"},
     "eventTime":"at","keep":true}
    """

  private func forget(_ library: Library, _ arguments: String) throws -> JSONValue {
    try library.call("forget", try JSONValue.parse("{\(arguments)}"))
  }

  /// A store with mails of ann and bob.
  private func withStore(_ body: (Library, _ folder: String) throws -> Void) throws {
    try withTemporaryDirectory { folder in
      let ledger = Ledger()
      let library = try Library(folder + "/s", "create")
      try library.register([Self.stream, HostileTests.view])
      let events = [
        HostileTests.texts("sender", [Self.ann, "bob", Self.ann]),
        HostileTests.times("at", [0, 1, 2]), HostileTests.ints("size", [1, 2, 3]),
        MadeColumn(name: "ratio", format: "g", values: [.double(0.5), .double(1), .double(2)]),
      ]
      _ = try library.ingest(MadeStream(events, ledger), into: "mails", "{\"source\":\"a\"}")
      try body(library, folder)
    }
  }

  @Test func `An entity goes from everywhere, and the report proves it`() throws {
    try withStore { library, _ in
      let entity = #""entity":{"sender":"\#(Self.ann)"}"#
      let dry = try forget(library, entity + #","dry_run":true"#)
      #expect(dry["left"]?.compact != "0" && dry["erased"]?.compact == "0")
      let report = try forget(library, entity)
      #expect(report["left"]?.compact == "0", "\(report.compact)")
      #expect(report["fields"]?.compact == #"["sender"]"#)
      #expect(report["text_searched"]?.content == .bool(true))
      #expect(
        report.compact.contains(#""kind":"kept events","name":"mails","unit":"events","erased":2"#))
      #expect(!report.compact.contains(Self.ann))
      let get = { (who: String) in
        try library.call(
          "get",
          .object([
            ("view", "by_sender"), ("entity", .array([.string(who)])), ("at", "2026-01-10"),
            ("mode", "corrected"),
          ]))["N"]?["value"]?.compact
      }
      #expect(try get(Self.ann) == "0" && get("bob") == "1")
      #expect(try forget(library, entity)["erased"]?.compact == "0")
      #expect(try library.call("audit").compact.contains("an entity named by 'sender'"))
    }
  }

  @Test func `What cannot be forgotten is an error, and changes nothing`() throws {
    try withStore { library, folder in
      let before = try library.call("audit").compact
      for (arguments, code, reason) in [
        ("", 1, "'entity' names nothing"), (#""entity":{}"#, 1, "'entity' names nothing"),
        (#""entity":{"sendr":"bob"}"#, 1, "did you mean 'sender'?"),
        (#""entity":{"sender":1}"#, 1, "an object of strings"),
        (#""entity":{"sender":"bob"},"dryrun":true"#, 1, "did you mean 'dry_run'?"),
        (#""entity":{"sender":"bob"},"served_log":"\#(folder)/none""#, 9, "none"),
      ] as [(String, Int32, String)] {
        let failure = #expect(throws: CallFailure.self) { try forget(library, arguments) }
        #expect(failure?.code == code && failure!.message.contains(reason), "\(failure!)")
      }
      #expect(try library.call("audit").compact == before)
      let reader = try Library(folder + "/s")
      let refused = #expect(throws: CallFailure.self) {
        try forget(reader, #""entity":{"sender":"bob"}"#)
      }
      #expect(refused?.code == 6)
      let found = try forget(reader, #""entity":{"sender":"bob"},"dry_run":true"#)
      #expect(found["left"]?.compact != "0")
    }
  }

  @Test func `Declarations are checked with mistakes, warnings and notes`() throws {
    try withStore { library, _ in
      let check = { (text: String) in
        try library.call(
          "check",
          .object([
            ("declarations", .array([.object([("name", "d"), ("text", .string(text))])]))
          ])
        ).compact
      }
      #expect(try check(HostileTests.view) == #"{"mistakes":[],"warnings":[],"notes":[]}"#)
      let bounded =
        #"{"stream":"m2","fields":{"sender":"string","at":"timestamp","size":"int","#
        + #""ratio":"double"},"eventTime":"at","keep":"7d"}"#
      let view = HostileTests.view.replacing("\"mails\"", with: "\"m2\"")
        .replacing("by_sender", with: "b2")
      let warned = try library.call(
        "check",
        .object([
          (
            "declarations",
            .array(
              [bounded, view].map { .object([("name", "d"), ("text", .string($0))]) })
          )
        ]))
      #expect(warned["warnings"]?.compact.contains("view b2: 'N', 'LAST' reach") == true)
      #expect(try check("{\"view\":\"x\"}").hasPrefix(#"{"mistakes":["d: "#))
      let expired = try library.call(
        "expire", .object([("view", "by_sender"), ("before", "2026-01-02T12:00:00Z")]))
      #expect(expired.compact == #"{"view":"by_sender","floor":"2026-01-02T00:00:00Z"}"#)
    }
  }
}
