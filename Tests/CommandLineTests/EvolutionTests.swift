// Declarations that change, on the command line: a view over kept events is planned, built and dropped, and the
// trail tells of it.
import FeatureModel
import Foundation
import TestSupport
import Testing

@Suite struct EvolutionCommandTests {
  private static let stream = """
    {"stream": "mails", "fields": {"at": "timestamp", "sender": "string", "size": "int"},
     "eventTime": "at", "keep": true}
    """
  private static func view(_ more: String = "") -> String {
    """
    {"view": "by_sender", "stream": "mails", "entity": ["sender"], "slice": "1d", \(more)
     "features": {"30d_N": {"count": true, "windows": ["30d"]}}}
    """
  }

  @Test func `A view that comes after its events is planned, built, replaced and dropped`() throws {
    try Tool.withFolder { folder in
      func run(_ line: String) throws -> Outcome {
        try Tool.run(line.split(separator: " ").map(String.init), in: folder)
      }
      func write(_ text: String, _ name: String) throws {
        try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
      }
      try write(Self.stream, "stream.json")
      try write(Self.view(), "view.json")
      try write(Self.view(#""where": "size > 1","#), "large.json")
      let rows = (1...9).map { "2026-03-0\($0)T10:00:00Z,ann,\($0 % 3)\n" }.joined()
      try write("at,sender,size\n" + rows, "mails.csv")
      #expect(try run("register s stream.json").code == 0)
      #expect(try run("ingest s mails mails.csv").code == 0)
      let plan = try run("plan s view.json").output
      #expect(plan == "view by_sender: new: built from 9 kept events, then live\n")
      let built = try run("register s view.json")
      #expect(built.output == "view by_sender: built from kept events\n" && built.errors.isEmpty)
      let ask = "get s by_sender ann --as-of 2026-03-20 --json"
      #expect(try run(ask).output.contains(#""30d_N":9"#))
      // The file again is nothing new to a view that was built from what it brought.
      #expect(try run("ingest s mails mails.csv").code == 0)
      #expect(try run(ask).output.contains(#""30d_N":9"#))
      #expect(try run("register s large.json").code != 0)
      #expect(
        try run("plan s large.json --replace").output.contains("while the present one serves"))
      #expect(try run("register s large.json --replace").code == 0)
      #expect(try run(ask).output.contains(#""30d_N":3"#))
      #expect(try run("drop s by_sender").output == "dropped by_sender\n")
      #expect(try run(ask).code != 0)
      let trail = try run("audit s").output
      for action in ["registered  stream 'mails'", "replaced  view 'by_sender'", "dropped  view"] {
        #expect(trail.contains(action))
      }
    }
  }
}
