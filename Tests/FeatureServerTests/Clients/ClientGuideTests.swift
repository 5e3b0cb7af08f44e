// The Swift code of docs/clients.md, compiled and run: what stands in the page has to stand here, too.
import FeatureModel
import Foundation
import Hindcast
import TestSupport
import Testing

@Suite struct ClientGuideTests {
  private final class Lines {
    var all: [String] = []
  }

  /// The page's port is the real one's.
  private func guide(_ port: UInt16) async throws -> [String] {
    let lines = Lines()
    func print(_ parts: Any...) { lines.all.append(parts.map { "\($0)" }.joined(separator: " ")) }

    let client = Client(.init(host: "127.0.0.1", port: port))
    let moment = Timestamp(parsing: "2026-01-05")!
    let features = try await client.features(
      of: "by_sender", entity: ["ann"], ["30d_N", "30d_LAST"], at: moment, mode: .corrected)
    for (name, value) in features { print(name, value) }
    let many = try await client.features(of: "by_sender", entities: [["ann"], ["bob"]], at: moment)
    let vector = try await client.vector(of: "risk", keys: ["sender": "bob"])
    print(many.count, vector.map(\.name))

    let mail: Client.Fields = [("sender", .string("eve")), ("sent_at", .timestamp(moment))]
    let id = try await client.add(mail, to: "mails", producer: "swift", id: "1-0")
    let more = (2...1000).map { Client.Event(mail, id: "\($0)-0") }
    for outcome in await client.add(events: more, to: "mails", producer: "swift") {
      guard case .stored = outcome else { fatalError("\(outcome)") }
    }
    print(id, try await client.lastID(of: "mails", producer: "swift") ?? "nothing")

    let rows: [Client.Fields] = [[("sender", .string("eve")), ("tier", .string("new"))]]
    let loaded = try await client.load(rows, into: "tiers")
    let retracted = try await client.retract(["o-1"], from: "orders")
    let mended: Client.Fields = [("id", .string("o-2")), ("at", .timestamp(moment))]
    let amended = try await client.amend(mended, of: "orders")
    let report = try await client.forget(["sender": "eve"])
    print(loaded.added, retracted.retracted, amended.appended, report.left)
    return lines.all
  }

  private static let declarations = [
    """
    { "stream": "mails", "eventTime": "sent_at",
      "fields": { "sender": "string", "sent_at": "timestamp", "size": "int" } }
    """,
    """
    { "view": "by_sender", "stream": "mails", "entity": ["sender"], "slice": "1d", "features": {
      "{window}_N": { "count": true, "windows": ["30d"] },
      "{window}_LAST": { "max": "sent_at", "windows": ["30d"] } } }
    """,
    #"{ "set": "risk", "features": ["by_sender.30d_N", "by_sender.30d_LAST"] }"#,
    """
    { "table": "tiers", "key": { "sender": "string" }, "attributes": { "tier": "string" } }
    """,
    """
    { "stream": "orders", "eventTime": "at", "id": "id", "keep": true,
      "fields": { "id": "string", "at": "timestamp" } }
    """,
  ]

  @Test func `The page's code runs and answers`() async throws {
    try await ClientWorld.with { world in
      let client = world.client()
      try await client.register(declarations: Self.declarations)
      let sent = Value.timestamp(Timestamp(parsing: "2026-01-04T17:00:00Z")!)
      _ = try await client.add([("sender", .string("ann")), ("sent_at", sent)], to: "mails")
      for id in ["o-1", "o-2"] {
        _ = try await client.add([("id", .string(id)), ("at", sent)], to: "orders")
      }
      let lines = try await guide(world.server!.ports[0])
      #expect(
        lines == [
          "30d_N 1", "30d_LAST 2026-01-04T17:00:00Z",
          #"2 ["by_sender.30d_N", "by_sender.30d_LAST"]"#, "1-0 1000-0",
          "1 1 1 0",
        ])
    }
  }

  @Test func `The page's code is this code`() throws {
    let here = try String(contentsOfFile: #filePath, encoding: .utf8)
    let known = Set(here.split(separator: "\n").map { $0.trimmingPrefix { $0 == " " } })
    let lines = try swiftLines(ofPage: "docs/clients.md")
    for line in lines {
      let isKnown = known.contains(line.replacing("7379", with: "port")[...])
      #expect(isKnown, "not in the test: \(line)")
    }
    #expect(lines.count > 12)
  }
}
