// Feature sets on the command line: registered, shown, joined, and told about when something is wrong.
import FeatureModel
import Foundation
import TestSupport
import Testing

@Suite struct SetTests {
  private func withSet(_ body: (String) throws -> Void) throws {
    try Tool.withStore { folder in
      let outcome = try Tool.run(["register", "s", "risk_model.set.json"], in: folder)
      #expect(outcome.code == 0 && outcome.output == "set risk_model: registered\n")
      try body(folder)
    }
  }

  private func run(_ line: String, _ folder: String) throws -> Outcome {
    try Tool.run(line.split(separator: " ").map(String.init), in: folder)
  }

  @Test func `A set is checked with its views, beside it or in a store`() throws {
    try Tool.withStore { folder in
      let files = "mails.stream.json by_sender.view.json risk_model.set.json"
      let whole = try run("check \(files)", folder)
      #expect(whole.output == "1 streams, 1 views, 1 sets, 0 tables, no mistakes\n")
      let json = try run("check risk_model.set.json --store s --json", folder)
      #expect(try json.firstJSON()["sets"] == ["risk_model"])
      let lost = try run("check risk_model.set.json", folder)
      #expect(lost.code == 3 && lost.output.isEmpty)
      #expect(lost.errors.contains("risk_model.set.json: 1:37 $.features[0]: view 'by_sender'"))
      #expect(try run("views s", folder).output.contains("risk_model") == false)
    }
  }

  @Test func `Sets are listed behind the views and described feature by feature`() throws {
    try withSet { folder in
      #expect(
        try run("views s", folder).output == """
          view       stream  entity  slice  features
          by_sender  mails   sender  1d            3

          set         views      features
          risk_model  by_sender         2

          """)
      let listed = try run("views s --json", folder).firstJSON()
      guard case .array(let sets)? = listed["sets"]?.content else {
        Issue.record("\(listed.compact)")
        return
      }
      #expect(sets.map { $0["set"] } == ["risk_model"])
      #expect(
        sets[0]["features"] == [
          .object([("view", "by_sender"), ("feature", "30d_SIZE")]),
          .object([("view", "by_sender"), ("feature", "1d_N")]),
        ])
      let described = try run("describe s risk_model", folder).output
      #expect(described.hasPrefix("set risk_model   xxh128:"))
      #expect(
        described.hasSuffix(
          """

          feature   type  view       entity
          30d_SIZE  int   by_sender  sender
          1d_N      int   by_sender  sender

          """))
      #expect(
        try run("describe s risk_model --json", folder).output
          == #"{"set":"risk_model","features":["by_sender.30d_SIZE","by_sender.1d_N"]}"# + "\n")
    }
  }

  @Test func `A join of a set has the columns of its features, and a receipt`() throws {
    try withSet { folder in
      let bySet = try run(
        "join s mails.csv --set risk_model --time seen -o a.csv --receipt r.json", folder)
      #expect(bySet.code == 3, "a row of the mails has no arrival time")
      let set = try run("join s mails.csv --set risk_model", folder)
      let views = try run("join s mails.csv --view by_sender:30d_SIZE,1d_N", folder)
      #expect(set.code == 0 && set.output == views.output)
      #expect(set.output.hasPrefix("sender,at,seen,size,30d_SIZE,1d_N\n"))
      let both = try run("join s mails.csv --set risk_model --view by_sender:30d_N", folder)
      #expect(both.output.hasPrefix("sender,at,seen,size,30d_N,30d_SIZE,1d_N\n"))
      let receipt = try run("join s mails.csv --set risk_model -o a.csv --receipt r.json", folder)
      #expect(receipt.code == 0, "\(receipt.errors)")
      let same = try run("join s mails.csv --verify r.json", folder)
      #expect(same.output == "the same 4 rows, byte for byte\n")
    }
  }

  @Test(arguments: [
    ("join s mails.csv --set risk_modl", 4, "did you mean 'risk_model'?"),
    ("join s mails.csv --set risk_model --view by_sender", 3, "asked for twice"),
    ("join s mails.csv --set risk_model --key sendr=x", 2, "'sender'"),
    ("join s mails.csv", 2, "--set NAME"),
    (
      "describe s risk_modl", 4,
      "no view, stream, set or table 'risk_modl'; did you mean 'risk_model'?"
    ),
    (
      "register s less.view.json", 3,
      "cannot lose the feature '1d_N': the set 'risk_model' names it"
    ),
    ("register s other.set.json", 3, "features: in another order"),
  ])
  func `A mistake with a set has the documented exit code and names the way out`(
    line: String, code: Int32, text: String
  ) throws {
    try withSet { folder in
      for (name, text) in [
        ("less.view.json", Tool.view.replacing(#""1d", "30d""#, with: #""30d""#)),
        (
          "other.set.json",
          #"{"set": "risk_model", "features": ["by_sender.1d_N", "by_sender.30d_SIZE"]}"#
        ),
      ] { try text.write(toFile: folder + "/" + name, atomically: false, encoding: .utf8) }
      let outcome = try run(line, folder)
      #expect(outcome.code == code, "\(outcome.errors)")
      #expect(outcome.errors.contains(text), "\(outcome.errors)")
      #expect(outcome.errors.hasPrefix("hindcast: ") && outcome.output.isEmpty)
    }
  }
}
