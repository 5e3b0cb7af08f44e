// Compiled plugins in the place of declaration files, and the command that writes one to begin with.
import FeatureModel
import Foundation
import TestSupport
import Testing

@Suite("Plugins on the command line")
struct PluginTests {
  /// The plugin lies beside the tool.
  private static let plugin = URL(fileURLWithPath: Tool.path).deletingLastPathComponent()
    .appendingPathComponent("MailPlugin").path

  private static let declarations = """
    [ { "stream": "mails",
        "fields": { "sender": "string", "at": "timestamp", "size": "int", "domain": "string" }, "eventTime": "at" },
      { "view": "by_domain", "stream": "mails", "entity": "domain", "where": "size > 0",
        "features": { "{window}_MAIL_COUNT": { "count": true, "windows": ["7d", "30d"] },
                      "{window}_SENDER_COUNT": { "distinct": "sender", "windows": ["30d"] } } },
      { "view": "by_sender", "stream": "mails", "entity": "sender",
        "features": { "{window}_SIZE": { "sum": "size", "windows": ["30d"] } } } ]
    """
  private static let mails = """
    sender,size,at
    ann@a.org,10,2026-01-03T08:00:00Z
    bob@a.org,20,2026-01-04T08:00:00Z
    ,30,2026-01-05T08:00:00Z
    ann@a.org,0,2026-01-05T08:00:00Z

    """

  private func withFiles(_ body: (String) throws -> Void) throws {
    try withTemporaryDirectory { folder in
      let whole = Self.mails.split(separator: "\n").map { line in
        let sender = line.prefix { $0 != "," }
        let domain = sender == "sender" ? "domain" : sender.isEmpty ? "" : "a.org"
        return "\(line),\(domain)"
      }
      for (name, text) in [
        ("mails.json", Self.declarations), ("mails.csv", Self.mails),
        ("whole.csv", whole.joined(separator: "\n") + "\n"),
        ("bad.csv", Self.mails + "x@y,,2026-01-05\n"),
      ] { try text.write(toFile: folder + "/" + name, atomically: false, encoding: .utf8) }
      try body(folder)
    }
  }

  private func run(_ words: String..., in folder: String, code: Int32 = 0) throws -> Outcome {
    let outcome = try Tool.run(words, in: folder)
    #expect(outcome.code == code, "\(words): \(outcome.output)\(outcome.errors)")
    return outcome
  }

  @Test("A plugin registers what a file that says the same registers, and answers the same")
  func twins() throws {
    try withFiles { folder in
      let own = try run("register", "own", Self.plugin, in: folder)
      let file = try run("register", "file", "mails.json", in: folder)
      #expect(own.output == file.output && own.output.contains("view by_domain: registered"))
      for name in ["mails", "by_domain", "by_sender"] {
        #expect(
          try run("describe", "own", name, "--json", in: folder).output
            == run("describe", "file", name, "--json", in: folder).output)
      }
      // The one is known under the name of the other.
      #expect(
        try run("register", "file", Self.plugin, "--json", in: folder).output
          .contains("registered") == false)
      let taken = try run(
        "ingest", "own", "mails", "mails.csv", "--plugin", Self.plugin, "--json", in: folder)
      #expect(try taken.firstJSON()["rows"] == 4)
      _ = try run("ingest", "file", "mails", "whole.csv", in: folder)
      for (words, feature, value) in [
        (["by_domain", "a.org"], "30d_MAIL_COUNT", 2),
        (["by_sender", "ann@a.org"], "30d_SIZE", 10),
        (["by_domain", "b.org"], "7d_MAIL_COUNT", 0),
      ] as [([String], String, JSONValue)] {
        let answers = try ["own", "file"].map { store in
          try Tool.run(["get", store] + words + ["--as-of", "2026-01-06", "--json"], in: folder)
        }
        #expect(answers[0].output == answers[1].output)
        #expect(try answers[0].firstJSON()["features"]?[feature] == value)
      }
      let again = try run(
        "ingest", "own", "mails", "mails.csv", "--plugin", Self.plugin, "--json", in: folder)
      #expect(try again.firstJSON()["rows"] == 0 && again.firstJSON()["rowsBefore"] == 4)
    }
  }

  @Test("A plugin is checked on a sample that lacks what it computes")
  func check() throws {
    try withFiles { folder in
      let plain = try run("check", Self.plugin, "--json", in: folder)
      #expect(try plain.firstJSON()["views"] == ["by_domain", "by_sender"])
      let own = try run("check", Self.plugin, "--sample", "mails.csv", "--json", in: folder)
      let file = try run("check", "mails.json", "--sample", "whole.csv", "--json", in: folder)
      #expect(own.output == file.output && own.output.contains("a.org"))
      let bad = try run("check", Self.plugin, "--sample", "bad.csv", in: folder, code: 1)
      #expect(bad.errors.contains("bad row: line 6: field 'size': a value is missing"))
    }
  }

  @Test("What goes wrong with a plugin is said, with its exit code")
  func mistakes() throws {
    try withFiles { folder in
      _ = try run("register", "s", Self.plugin, in: folder)
      let bad = try run(
        "ingest", "s", "mails", "bad.csv", "--plugin", Self.plugin, in: folder, code: 3)
      #expect(bad.errors.contains("bad.csv: line 6: field 'size': a value is missing"))
      let stream = try run(
        "ingest", "s", "mail", "bad.csv", "--plugin", Self.plugin, in: folder, code: 3)
      #expect(stream.errors.contains("did you mean 'mails'?"))
      let file = try run(
        "ingest", "s", "mails", "mails.csv", "--plugin", "mails.json", in: folder, code: 3)
      #expect(file.errors.contains("mails.json: not a plugin"))
      // A program that is no plugin is never run.
      let program = try run("register", "s", "/bin/sh", in: folder, code: 3)
      #expect(program.errors.contains("/bin/sh: not a plugin, which is a whole program"))
      let plugin = try Tool.shell("\(Self.plugin) declaration", in: folder)
      #expect(plugin.code == 2 && plugin.errors.contains("declarations  "))
    }
  }

  @Test("What is no whole plugin is refused as such, and leaves no store behind")
  func broken() throws {
    try withFiles { folder in
      let whole = try Data(contentsOf: URL(fileURLWithPath: Self.plugin))
      var library = whole
      // Where a library's header has no place to start at.
      library.replaceSubrange(24..<32, with: Data(count: 8))
      for (name, bytes) in [
        ("cut", whole.prefix(4096)), ("head", whole.prefix(20)), ("library.so", library),
      ] {
        try bytes.write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
        chmod("\(folder)/\(name)", 0o755)
        for words in [["check", name], ["register", "new", name]] {
          let failed = try Tool.run(words, in: folder)
          #expect(failed.code == 3 && failed.errors.contains("\(name): not a plugin"), "\(failed)")
        }
      }
      // A program that ends before it has said anything.
      let third = whole.prefix(whole.count / 3) + Data("hindcast".utf8)
      try third.write(to: URL(fileURLWithPath: folder + "/third"))
      let failed = try Tool.run(["register", "new", "third"], in: folder)
      #expect(failed.code == 3 && !failed.errors.contains("1:1"), "\(failed)")
      try "[ {".write(toFile: folder + "/new.json", atomically: false, encoding: .utf8)
      _ = try run("register", "new", "new.json", in: folder, code: 3)
      #expect(!FileManager.default.fileExists(atPath: folder + "/new"))
      // In a folder that is there already it leaves nothing either, and what is right makes a store in it.
      let empty = folder + "/empty"
      try FileManager.default.createDirectory(atPath: empty, withIntermediateDirectories: false)
      _ = try run("register", "empty", "new.json", in: folder, code: 3)
      #expect(try FileManager.default.contentsOfDirectory(atPath: empty) == [])
      _ = try run("register", "empty", "mails.json", in: folder)
      let files = try FileManager.default.contentsOfDirectory(atPath: empty)
      #expect(files.contains("CURRENT") && !files.contains { $0.contains("trial") })
    }
  }

  @Test("What a plugin says of itself is a declaration file, and it registers and reads by itself")
  func itself() throws {
    try withFiles { folder in
      _ = try run("register", "s", Self.plugin, in: folder)
      let said = try Tool.shell("\(Self.plugin) declarations > said.json", in: folder)
      #expect(said.code == 0)
      #expect(
        try run("register", "s", "said.json", in: folder).output.contains("registered") == false)
      let registered = try Tool.shell("\(Self.plugin) register other", in: folder)
      #expect(registered.output.contains("view by_sender: registered"))
      let rows = try Tool.shell("\(Self.plugin) rows mails mails.csv", in: folder)
      #expect(
        try rows.json()[0]
          == JSONValue.parse(
            #"{"sender":"ann@a.org","at":"2026-01-03T08:00:00Z","size":10,"domain":"a.org"}"#))
      #expect(try rows.json()[2]["domain"] == .null)
    }
  }

  @Test("A new view as a file can be checked at once; nothing is written over")
  func newView() throws {
    try withTemporaryDirectory { folder in
      let made = try run(
        "new-view", "shop_use", "--fields",
        "shop:string,when:timestamp,price:double,is_new:bool,kind:string", "--json", in: folder)
      #expect(made.output == "shop_use/shop_use.json\nshop_use/sample.csv\n")
      let checked = try run(
        "check", "shop_use/shop_use.json", "--sample", "shop_use/sample.csv", "--json", in: folder)
      guard case .array(let views) = try checked.firstJSON().content else {
        Issue.record("\(checked.output)")
        return
      }
      #expect(views.map { $0["rows"] } == [6] && views[0]["warnings"] == [])
      #expect(views[0]["features"]?["30d_PRICE_SUM"] == "double")
      let again = try run("new-view", "shop_use", "--json", in: folder, code: 3)
      #expect(again.errors.contains("shop_use.json is there already"))
      let package = try run("new-view", "shop_use", "--hindcast", Tool.root, in: folder, code: 3)
      #expect(package.errors.contains("sample.csv is there already"))
    }
  }

  @Test("A new view's type has a name of its own", arguments: ["count", "plugin", "event_stream"])
  func newViewNames(name: String) throws {
    try withTemporaryDirectory { folder in
      let made = try run("new-view", name, "--hindcast", Tool.root, in: folder)
      let type =
        name.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
        + "View"
      #expect(made.output.contains("\(name)/Sources/\(type)/\(type).swift\n"), "\(made.output)")
      let manifest = try String(contentsOfFile: "\(folder)/\(name)/Package.swift", encoding: .utf8)
      #expect(manifest.contains(".target(name: \"\(type)\""))
      #expect(manifest.contains(".executable(name: \"\(name)\", targets: [\"Plugin\"])"))
    }
  }

  @Test(
    "Mistakes of a new view's words are named",
    arguments: [
      ("new-view 1shop", "'1shop' is no name"),
      ("new-view hindcast", "is the name of Hindcast's own package"),
      ("new-view shop --fields a", "'a': write NAME:TYPE"),
      ("new-view shop --fields a:strin", "did you mean 'string'?"),
      ("new-view shop --fields a:int,a:int", "'a' is there twice"),
      ("new-view shop --fields a:double", "needs an entity"),
      ("new-view shop --fields a:int,at:int", "write at:timestamp"),
    ])
  func newViewMistakes(_ line: String, _ expected: String) throws {
    try withTemporaryDirectory { folder in
      let outcome = try Tool.run(line.split(separator: " ").map(String.init), in: folder)
      #expect(outcome.code == 2 && outcome.errors.contains(expected), "\(outcome.errors)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }
  }
}
