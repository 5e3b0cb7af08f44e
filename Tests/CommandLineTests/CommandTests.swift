// What the commands print and return: exit codes, JSON, times, mistakes and their ways out.
import FeatureModel
import Foundation
import TestSupport
import Testing

@Suite("Commands")
struct CommandTests {
  @Test("What --json prints is JSON")
  func json() throws {
    try Tool.withStore { folder in
      let lines = [
        "register s mails.stream.json by_sender.view.json --json",
        "check mails.stream.json by_sender.view.json --json",
        "check mails.stream.json by_sender.view.json --sample mails.csv --json",
        "check by_sender.view.json --store s --sample mails.csv --json",
        "ingest s mails mails.csv --json", "get s by_sender ann --json",
        "get s by_sender nobody --as-of 2026-01-06 --fresh --json",
        "explain s by_sender ann 30d_N --as-of 2026-01-06 --json", "views s --json",
        "describe s by_sender --json", "describe s mails --json", "stats s --json",
        "seal s mails 2026-01-02 --json", "expire s by_sender --before 1960-01-01 --json",
        "verify-store s --json",
        "join s mails.csv --view by_sender --time at -o out.csv --receipt r.json",
        "join s mails.csv --verify r.json --json",
      ]
      for line in lines {
        let outcome = try Tool.run(line.split(separator: " ").map(String.init), in: folder)
        #expect(outcome.code == 0, "\(line): \(outcome.errors)")
        let values = message { _ = try outcome.json() }
        #expect(values == nil, "\(line): \(outcome.output)")
        #expect(outcome.output.isEmpty == line.contains("--receipt"), "\(line)")
      }
      let report = try Tool.run(
        ["join", "s", "mails.csv", "--view", "by_sender", "-o", "o.csv", "--json"], in: folder)
      #expect(try JSONValue.parse(report.errors)["rows"] == 4)
    }
  }

  @Test("Answers are the contract's, in tables and in JSON, for times in every notation")
  func answers() throws {
    try Tool.withStore { folder in
      func count(_ words: String...) throws -> JSONValue? {
        let outcome = try Tool.run(["get", "s", "by_sender"] + words + ["--json"], in: folder)
        return try outcome.firstJSON()["features"]?["30d_N"]
      }
      for time in [
        "2026-01-06", "2026-01-06T23:59:59.999Z", "1767657600000", "2026-01-06 02:00+02",
      ] {
        #expect(try count("ann", "--as-of", time) == 1)
        #expect(try count("ann", "--as-of=\(time)", "--corrected") == 2)
        #expect(try count("ann", "--as-of", time, "--known-at", "2026-01-08") == 2)
        #expect(try count("ann", "--as-of", time, "--known-at", "1767830399999") == 1)
      }
      // Before the epoch, and a key that looks like an option and has what separates parts elsewhere.
      let old = try Tool.run(
        ["get", "s", "by_sender", "--as-of", "0", "--json", "--", "-1|x"], in: folder)
      #expect(try old.firstJSON()["features"]?["1d_N"] == 1)
      #expect(try old.firstJSON()["entity"] == ["-1|x"])
      let table = try Tool.run(
        ["get", "s", "by_sender", "ann", "--as-of", "2026-01-06"], in: folder)
      #expect(
        table.output == """
          by_sender of ann at 2026-01-06T00:00:00Z, as served
          feature   type  value
          1d_N      int       0
          30d_N     int       1
          30d_SIZE  int      10

          """)
    }
  }

  @Test(
    "Mistakes have the documented exit code and name the way out",
    arguments: [
      ("gett s by_sender ann", 2, "did you mean 'get'?"),
      ("get s by_sender", 2, "usage: hindcast get"),
      ("get s by_sender ann extra", 2, "a word too many"),
      ("get s by_sender ann --asof 2026-01-01", 2, "did you mean '--as-of'?"),
      ("get s by_sender ann --as-of", 2, "--as-of TIME"),
      ("get s by_sender ann --as-of soon", 2, "ISO 8601"),
      ("get s by_sender ann --as-of 2026-02-30", 2, "ISO 8601"),
      ("get s by_sender ann --json=yes", 2, "takes no value"),
      ("get s by_sender ann --as-of 1 --as-of 2", 2, "given twice"),
      ("get s by_sender ann --fresh --corrected", 2, "exclude each other"),
      ("get s by_sender ann --features 1d_N,1d_N", 2, "named twice"),
      ("get s by_sender ann --features ,", 2, "no feature is named"),
      ("get s by_sendr ann", 4, "did you mean 'by_sender'?"),
      ("get s by_sender ann --features 2d_N", 4, "'1d_N'"),
      ("explain s by_sender ann 30d_M", 4, "did you mean '30d_N'?"),
      ("get none by_sender ann", 4, "'hindcast register none FILE...' makes one"),
      ("ingest none mails mails.csv", 4, "'hindcast register none FILE...' makes one"),
      ("ingest s mails none.csv", 3, "No such file"), ("ingest s mail mails.csv", 4, "'mails'"),
      ("ingest s mails mails.csv mails.csv --source x", 2, "one by one"),
      ("ingest s mails -", 3, "--source NAME"),
      ("ingest s mails mails.csv --format xml", 2, "write csv or jsonl"),
      ("register s none.json", 3, "cannot be read"),
      ("register s mails.csv", 3, "mails.csv: "),
      ("check by_sender.view.json", 3, "neither registered nor declared"),
      ("check mails.stream.json --sample mails.csv", 2, "declare none"),
      ("join s mails.csv", 2, "--view VIEW"),
      ("join s mails.csv --view by_sender --key from", 2, "FIELD=COLUMN"),
      ("join s mails.csv --view by_sender --key sendr=x", 2, "'sender'"),
      ("join s mails.csv --view by_sender --time att", 3, "'at'"),
      ("join s mails.csv --view by_sender -o out.txt --output-format xml", 2, "jsonl"),
      ("join s mails.csv --view by_sender --receipt none/r.json -o o.csv", 3, "none/r.json"),
      ("join s mails.csv --view by_sender --corrected --receipt r.json -o o.csv", 3, "--known-at"),
      ("join s mails.csv --verify mails.csv", 3, "not a receipt"),
      ("seal s mails 2999-01-01", 3, "ahead of the clock"),
      ("seal s mails soon", 2, "ISO 8601"),
      ("expire s by_sender", 2, "--before TIME"), ("checkpoint s s", 4, "s"),
      ("describe s by_sendr", 4, "did you mean 'by_sender'?"),
      ("verify-store none", 4, "there is no store"), ("stats s s", 2, "a word too many"),
    ])
  func mistakes(_ line: String, _ code: Int32, _ text: String) throws {
    try Tool.withStore { folder in
      let outcome = try Tool.run(line.split(separator: " ").map(String.init), in: folder)
      #expect(outcome.code == code, "\(outcome.errors)")
      #expect(outcome.errors.contains(text), "\(outcome.errors)")
      #expect(outcome.errors.hasPrefix("hindcast: ") && outcome.output.isEmpty)
      #expect(!outcome.errors.contains("Error("), "\(outcome.errors)")
      let sealed = try Tool.run(["describe", "s", "mails"], in: folder).output
      #expect(sealed.contains("not sealed"))
    }
  }

  @Test("A check that finds something returns 1, and leaves no trace in the temporary folder")
  func check() throws {
    try Tool.withStore { folder in
      let scratch = folder + "/tmp"
      try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
      try (Tool.mails + "x,y,z\n").write(
        toFile: folder + "/bad.csv", atomically: false, encoding: .utf8)
      for (sample, code) in [("mails.csv", Int32(0)), ("bad.csv", 1), ("none.csv", 3)] {
        let outcome = try Tool.run(
          ["check", "mails.stream.json", "by_sender.view.json", "--sample", sample], in: folder,
          environment: ["TMPDIR": scratch])
        #expect(outcome.code == code, "\(outcome.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch).isEmpty)
        if code == 1 { #expect(outcome.output.contains("bad row: line 6: 3 cells instead of 4")) }
      }
      // Nor in the store.
      #expect(try Tool.run(["views", "s"], in: folder).output.split(separator: "\n").count == 2)
    }
  }

  @Test("A check tells mistakes, warnings and notes as JSON, too, and a plan what costs much")
  func checkAsJSON() throws {
    try Tool.withStore { folder in
      let files = [
        "kept.json": Tool.stream.replacing("mails", with: "kept")
          .replacing(#""arrivalTime""#, with: #""keep": "7d", "arrivalTime""#),
        "by_size.json": """
        { "view": "by_size", "stream": "kept", "entity": ["size"], "features": {
          "{window}_N": { "count": true, "where": "size > 99", "windows": ["30d"] },
          "{window}_D": { "distinct": "sender", "exactUpTo": 65536, "windows": ["7d"] } } }
        """,
        "wrong.json": """
        { "view": "wrong", "stream": "mails", "entity": ["sendr"], "features": {
          "{window}_N": { "sum": "sender", "windows": ["30d"] } } }
        """,
      ]
      for (name, text) in files {
        try text.write(toFile: folder + "/" + name, atomically: false, encoding: .utf8)
      }
      let wrong = try Tool.run(["check", "wrong.json", "--store", "s", "--json"], in: folder)
      #expect(wrong.code == 3 && wrong.errors.isEmpty)
      #expect(
        try wrong.firstJSON().compact
          == #"{"mistakes":["wrong.json: 1:50 $.entity[0]: stream 'mails' has no field 'sendr'; did you mean 'sender'?","wrong.json: 2:26 $.features.\"{window}_N\".sum: 'sender' is string, 'sum' takes int, double; these would do: size"]}"#
      )
      let words = ["kept.json", "by_size.json"]
      let text = try Tool.run(["check"] + words + ["--json"], in: folder)
      let warning =
        "'30d_N' reaches further back than stream 'kept' keeps its events (7d): where the view is built "
        + "from kept events, it refuses such answers until the windows are full; keep them for 30d, or "
        + "ingest the files"
      let note =
        "'7d_D' may take up to 512 KiB for one entity and slice (exactUpTo: 65536, of up to 8 bytes "
        + "each); a smaller 'exactUpTo' bounds it closer"
      let told = try text.firstJSON()
      #expect(text.code == 1 && told["warnings"]?.compact == #"["view by_size: \#(warning)"]"#)
      #expect(told["notes"]?.compact == #"["view by_size: \#(note)"]"#)
      let sample = try Tool.run(
        ["check"] + words + ["--sample", "mails.csv", "--json"], in: folder)
      #expect(sample.code == 1)
      let filter = "the filter 'size > 99' of '30d_N' matches none of the sample's rows"
      guard case .array(let views) = try sample.firstJSON().content else {
        throw ToolFailure(text: sample.output)
      }
      #expect(views[0]["warnings"]?.compact == #"["\#(filter)","\#(warning)"]"#)
      #expect(views[0]["notes"]?.compact == #"["\#(note)"]"#)
      let plan = try Tool.run(["plan", "s"] + words, in: folder)
      #expect(plan.code == 0)
      #expect(plan.output.hasSuffix("\n  warning: \(warning)\n  note: \(note)\n"))
      let plans = try Tool.run(["plan", "s"] + words + ["--json"], in: folder).firstJSON()
      guard case .array(let all) = plans.content else { throw ToolFailure(text: plans.compact) }
      #expect(all[0]["warnings"]?.compact == "[]")
      #expect(all[1]["warnings"]?.compact == #"["\#(warning)"]"#)
    }
  }

  @Test("A receipt is verified, and what changed is told with exit code 1")
  func receipts() throws {
    try Tool.withStore { folder in
      let join = [
        "join", "s", "mails.csv", "--view", "by_sender", "-o", "out.csv", "--receipt", "r",
      ]
      #expect(try Tool.run(join, in: folder).code == 0)
      let late = "sender,at,seen,size\nann,2026-01-03,2026-01-03,1\n"
      _ = try Tool.run(
        ["ingest", "s", "mails", "-", "--format", "csv", "--source", "late"], in: folder,
        input: late)
      let same = try Tool.run(["join", "s", "mails.csv", "--verify", "r"], in: folder)
      #expect(same.code == 0 && same.output == "the same 4 rows, byte for byte\n")
      let rows = try Tool.run(["join", "s", "mails.csv", "--verify", "r", "-o", "-"], in: folder)
      #expect(try rows.output == String(contentsOfFile: folder + "/out.csv", encoding: .utf8))
      try (Tool.mails + "ann,2026-01-06,,\n").write(
        toFile: folder + "/mails.csv", atomically: false, encoding: .utf8)
      let other = try Tool.run(["join", "s", "mails.csv", "--verify", "r"], in: folder)
      #expect(other.code == 1)
      for what in ["rows: 4 in the receipt, 5 now", "spine: xxh128:", "answer: xxh128:"] {
        #expect(other.output.contains(what))
      }
    }
  }

  /// The message of what a call throws.
  private func message(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch { return "\(error)" }
  }
}
