// `hindcast forget` as people run it: what it prints and returns, and that nothing tells the name afterwards.
import FeatureModel
import Foundation
import TestSupport
import Testing

@Suite struct ForgetTests {
  @Test func `An entity goes from store and served log, and the trail tells it without a name`()
    throws
  {
    try Tool.withStore { folder in
      _ = try Tool.run(["seal", "s", "mails", "2026-01-08"], in: folder)
      try ServedAnswers(
        store: folder + "/s", view: "by_sender", entities: ["ann", "bob"],
        times: ["2026-01-05T10:00:00Z", "2026-01-08"]
      ).record(to: folder + "/served")
      let words = ["forget", "s", "sender=ann", "--served-log", "served"]
      let dry = try Tool.run(words + ["--dry-run"], in: folder)
      #expect(dry.code == 1 && dry.output.contains("served log served"), "\(dry)")
      let outcome = try Tool.run(words, in: folder)
      #expect(outcome.code == 0, "\(outcome.output)\(outcome.errors)")
      #expect(outcome.output.contains("view by_sender") && outcome.output.contains(": 0 left"))
      #expect(!outcome.output.contains("ann"))
      let json = try Tool.run(words + ["--json"], in: folder).firstJSON()
      #expect(json["left"] == 0 && json["erased"] == 0 && json["fields"] == ["sender"])
      #expect(try Tool.run(words + ["--dry-run"], in: folder).code == 0)
      let verified = try Tool.run(["verify-served", "s", "served", "--json"], in: folder)
      #expect(try verified.firstJSON()["compared"] == 2 && verified.code == 0)
      let trail = try Tool.run(["audit", "s"], in: folder).output
      #expect(trail.contains("forgot  an entity named by 'sender'") && !trail.contains("ann"))
      let get = ["get", "s", "by_sender", "ann", "--as-of", "2026-01-08", "--json"]
      #expect(try Tool.run(get, in: folder).firstJSON()["features"]?["30d_N"] == 0)
      #expect(try Tool.run(["verify-store", "s"], in: folder).code == 0)
    }
  }

  @Test(arguments: [
    ("forget s", 2, "usage: hindcast forget"), ("forget s ann", 4, "write FIELD=VALUE"),
    ("forget s sendr=ann", 4, "did you mean 'sender'?"), ("forget none sender=ann", 4, "no store"),
    ("forget s size=10", 4, "no view has it in its key"),
    ("forget s sender=ann --served-log none", 3, "No such file"),
  ])
  func `Mistakes are told`(line: String, code: Int32, reason: String) throws {
    try Tool.withStore { folder in
      let outcome = try Tool.run(line.split(separator: " ").map(String.init), in: folder)
      #expect(outcome.code == code && outcome.errors.contains(reason), "\(outcome)")
    }
  }
}
