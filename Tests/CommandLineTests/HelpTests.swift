// Help that can be trusted: every command shows its usage, every example works as it stands, and the
// reference page is what the commands say of themselves.
import FeatureModel
import Foundation
import TestSupport
import Testing

@Suite("Help")
struct HelpTests {
  @Test("Every command shows its usage and an example", arguments: Tool.commands)
  func help(_ command: String) throws {
    for words in [[command, "--help"], [command, "-h"], ["help", command]] {
      let outcome = try Tool.run(words)
      #expect(outcome.code == 0 && outcome.errors.isEmpty)
      #expect(outcome.output.contains("usage: hindcast \(command) "))
      #expect(
        outcome.output.contains("  hindcast \(command) ./store")
          || ["check", "new-view"].contains(command))
      #expect(outcome.output.contains("exit codes: 0 done"))
      #expect(!outcome.output.split(separator: "\n").contains { $0.count > 110 })
    }
  }

  @Test("The overview lists every command, and these tests know them all")
  func overview() throws {
    let outcome = try Tool.run(["--help"])
    #expect(outcome.code == 0)
    let listed = outcome.output.split(separator: "\n", omittingEmptySubsequences: false)
      .filter { $0.hasPrefix("  ") }.map { String($0.dropFirst(2).prefix { $0 != " " }) }
    #expect(listed == Tool.commands)
    #expect(try Tool.run([]).code == 2)
    #expect(try Tool.run(["--version"]).output.hasPrefix("hindcast "))
  }

  /// What one example needs of another comes first.
  private static let order = [
    "check", "new-view", "register", "plan", "ingest", "load", "views", "describe", "get",
    "explain", "seal", "join", "compare", "stats", "checkpoint", "compact", "expire",
    "verify-store", "serve", "verify-served", "retract", "amend", "promote", "deprecate", "forget",
    "audit", "drop",
  ]

  private static func examples(of command: String) throws -> [String] {
    let lines = try Tool.run([command, "--help"]).output
      .split(separator: "\n", omittingEmptySubsequences: false)
    var examples: [String] = []
    var continues = false
    for line in lines.drop(while: { !$0.hasPrefix("example") }).dropFirst().prefix(while: {
      $0 != ""
    }) {
      if continues {
        examples[examples.count - 1] += "\n" + line
      } else {
        examples.append(String(line))
      }
      continues = line.hasSuffix("\\")
    }
    return examples
  }

  @Test("Every example works as it stands, one after the other in one folder")
  func examples() throws {
    #expect(Set(Self.order) == Set(Tool.commands))
    try Tool.withFolder { folder in
      for command in Self.order {
        if command == "compare" {
          try ServedAnswers(
            store: folder + "/store", view: "author_activity",
            entities: ["42ef077bcaef", "nobody"],
            times: ["2015-06-01", "2015-06-02T12:00:00Z"]
          ).record(to: folder + "/served")
        }
        let examples = try Self.examples(of: command)
        #expect(!examples.isEmpty, "\(command)")
        for example in examples {
          // A server goes on until it is stopped, and then says that all went well.
          let stopped = command == "serve" ? "timeout --preserve-status -s TERM 2 " : ""
          let line = stopped + example.drop { $0 == " " }
          let outcome = try Tool.shell(line, in: folder)
          #expect(outcome.code == 0, "\(example)\n\(outcome.errors)")
          // Progress is for terminals; what is left on standard error here is one line at most.
          #expect(!outcome.errors.contains("\u{1B}") && !outcome.errors.contains("\r"))
        }
      }
      // The figures are the store's, not empty windows.
      let answer = try Tool.shell(try Self.examples(of: "get").last ?? "", in: folder).firstJSON()
      guard case .int(let count) = answer["features"]?["30d_COMMIT_COUNT"]?.content else {
        Issue.record("\(answer.compact)")
        return
      }
      #expect(count > 0)
      let leftovers = try FileManager.default.contentsOfDirectory(atPath: folder)
      #expect(!leftovers.contains { $0.contains(".partial") }, "\(leftovers)")
    }
  }

  @Test("docs/reference/commands.md is what the commands say (HINDCAST_RECORD=1 writes it anew)")
  func reference() throws {
    var page = """
      # Commands

      What `hindcast COMMAND --help` prints, for all commands. The tests write this page
      (`HINDCAST_RECORD=1 swift test --filter CommandLineTests`), hold it and the commands together, and run
      every example in a clone's root folder.


      """
    page += "```text\n\(try Tool.run(["--help"]).output)```\n"
    for command in Tool.commands {
      let help = try Tool.run([command, "--help"]).output
      page += "\n## hindcast \(command)\n\n```text\n\(help)```\n"
    }
    let path = Tool.root + "/docs/reference/commands.md"
    if ProcessInfo.processInfo.environment["HINDCAST_RECORD"] == "1" {
      try page.write(toFile: path, atomically: true, encoding: .utf8)
    }
    #expect(try String(contentsOfFile: path, encoding: .utf8) == page)
  }
}
