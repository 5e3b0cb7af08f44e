// The proof from the command line: what it prints and returns for honest answers, wrong ones, and mistakes.
import FeatureModel
import Foundation
import TestSupport
import Testing

@Suite struct VerifyServedTests {
  private func serve(_ folder: String, isWrong: Bool = false) throws {
    _ = try Tool.run(["seal", "s", "mails", "2026-01-08"], in: folder)
    try ServedAnswers(
      store: folder + "/s", view: "by_sender", entities: ["ann", "bob", "no|one"],
      times: ["2026-01-05T10:00:00Z", "2026-01-08"], isWrong: isWrong
    ).record(to: folder + "/served")
  }

  @Test func `Honest answers give 0 mismatches, also after more has arrived`() throws {
    try Tool.withStore { folder in
      try serve(folder)
      let late = "sender,at,seen,size\nann,2026-01-03,2026-01-03,1\n"
      _ = try Tool.run(
        ["ingest", "s", "mails", "-", "--format", "csv", "--source", "late"], in: folder,
        input: late)
      let outcome = try Tool.run(["verify-served", "s", "served"], in: folder)
      #expect(outcome.code == 0, "\(outcome.output)\(outcome.errors)")
      #expect(
        outcome.output == """
          view       compared  mismatches
          by_sender         6           0
          6 answers from 2026-01-05T10:00:00Z to 2026-01-08T00:00:00Z in 1 segment: \
          6 compared, 0 mismatches

          """)
      let json = try Tool.run(["verify-served", "s", "served", "--json"], in: folder).firstJSON()
      #expect(json["compared"] == 6 && json["mismatches"] == 0 && json["damaged"] == 0)
    }
  }

  @Test func `Wrong answers are named, with exit code 1`() throws {
    try Tool.withStore { folder in
      try serve(folder, isWrong: true)
      let outcome = try Tool.run(["verify-served", "s", "served", "--limit", "2"], in: folder)
      #expect(outcome.code == 1)
      for line in [
        "2026-01-05T10:00:00Z by_sender of ann: 1d_N was 41 when served, and is 0 in the join",
        "... and 4 more (--limit)", "6 compared, 6 mismatches",
      ] { #expect(outcome.output.contains(line), "\(outcome.output)") }
      let json = try Tool.run(["verify-served", "s", "served", "--json"], in: folder).firstJSON()
      guard case .array(let found) = json["found"]?.content, found.count == 6 else {
        Issue.record("\(json.compact)")
        return
      }
      #expect(found[0]["entity"] == ["ann"])
    }
  }

  @Test(arguments: [
    ("verify-served s", 2, "usage: hindcast verify-served"),
    ("verify-served s none", 3, "No such file"),
    ("verify-served none served", 4, "there is no store"),
    ("verify-served s served --limit few", 2, "no number of mismatches"),
  ])
  func `Mistakes have the documented exit code`(_ line: String, _ code: Int32, _ text: String)
    throws
  {
    try Tool.withStore { folder in
      try serve(folder)
      let outcome = try Tool.run(line.split(separator: " ").map(String.init), in: folder)
      #expect(outcome.code == code && outcome.output.isEmpty)
      #expect(outcome.errors.contains(text), "\(outcome.errors)")
    }
  }

  @Test func `Answers of which none can be compared are no proof`() throws {
    try Tool.withStore { folder in
      try serve(folder)
      _ = try Tool.run(["register", "other", "mails.stream.json"], in: folder)
      let outcome = try Tool.run(["verify-served", "other", "served"], in: folder)
      #expect(outcome.code == 1)
      #expect(
        outcome.output.contains(
          "not compared: 6 answers: view 'by_sender' is not in the store"), "\(outcome.output)")
    }
  }
}
