// Versions on the command line: registered silently, compared with what serves over a spine, promoted and
// back; deprecations that joins warn of on standard error alone.
import FeatureModel
import Foundation
import TestSupport
import Testing

@Suite struct VersionCommandTests {
  private static let stream = """
    {"stream": "mails", "fields": {"at": "timestamp", "sender": "string", "size": "int"},
     "eventTime": "at", "keep": true}
    """
  private static func view(_ more: String = "") -> String {
    """
    {"view": "by_sender", "stream": "mails", "entity": ["sender"], "slice": "1d", \(more)
     "features": {"{window}_N": {"count": true, "windows": ["7d", "30d"]}}}
    """
  }

  @Test func `A silent version is built, compared, promoted and taken back`() throws {
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
      #expect(try run("register s stream.json view.json").code == 0)
      #expect(try run("ingest s mails mails.csv").code == 0)
      let plan = try run("plan s large.json --silent").output
      #expect(plan.hasPrefix("view by_sender@2: new: built from 9 kept events, then live; silent"))
      #expect(plan.contains("where: none -> size > 1"))
      #expect(
        try run("register s large.json --silent").output
          == "view by_sender@2: built from kept events\n")
      #expect(try run("register s large.json --silent").output.contains("by_sender@2: unchanged"))
      #expect(try run("register s view.json --silent").output == "view by_sender: unchanged\n")
      #expect(try run("register s large.json --silent --replace").code != 0)
      #expect(try run("views s").output.contains("silent"))
      #expect(try run("describe s by_sender@2").output.contains("version: 2, silent"))
      let get = { (view: String) in try run("get s \(view) ann --as-of 2026-03-20 --json").output }
      #expect(try get("by_sender").contains(#""30d_N":9"#))
      #expect(try get("by_sender@2").contains(#""30d_N":3"#))

      let compared = try run("compare s by_sender@2 mails.csv")
      #expect(compared.code == 0 && compared.output.contains("9 pairs of answers compared"))
      let json = try run("compare s by_sender@2 mails.csv --json").firstJSON()
      let window = json["features"]?["30d_N"]
      #expect(window?["same"]?.content == .int(1) && window?["compared"]?.content == .int(9))
      #expect(window?["example"]?["served"]?.content == .string("7"))
      #expect(window?["example"]?["other"]?.content == .string("2"))

      let promoted = try run("promote s by_sender@2").output
      #expect(promoted.contains("by_sender is version 2 now"))
      #expect(try get("by_sender").contains(#""30d_N":3"#))
      #expect(try get("by_sender@1").contains(#""30d_N":9"#))
      let joined = try run("join s mails.csv --view by_sender@1")
      #expect(joined.errors.contains("'by_sender@1' is deprecated since"))
      #expect(!joined.output.contains("deprecated") && joined.code == 0)
      #expect(try run("join s mails.csv --view by_sender").errors.isEmpty)
      #expect(try run("promote s by_sender@1 --silence").code == 0)
      #expect(try get("by_sender").contains(#""30d_N":9"#))
      #expect(try run("drop s by_sender@2").output == "dropped by_sender@2\n")
      #expect(try run("verify-store s").code == 0)
      // A number is never given twice.
      #expect(try run("register s large.json --silent").output.contains("by_sender@3"))

      #expect(try run("deprecate s by_sender.7d_N --reason short").code == 0)
      #expect(try run("join s mails.csv --view by_sender:30d_N").errors.isEmpty)
      #expect(
        try run("join s mails.csv --view by_sender").errors
          .contains("'by_sender.7d_N' is deprecated since"))
      #expect(try run("plan s view.json").output.contains("feature '7d_N' is deprecated"))
      #expect(try run("describe s by_sender").output.contains("by_sender.7d_N is deprecated"))
      #expect(try run("deprecate s by_sender.7d_N --undo").code == 0)
      let trail = try run("audit s").output
      for line in ["promoted  view 'by_sender@2'", "deprecated  feature '7d_N'", "undeprecated"] {
        #expect(trail.contains(line), "\(line)")
      }
    }
  }
}
