// The proof: what was served comes out of the as-of join in the same bytes, whatever arrived since; and what
// was not served so does not.
import FeatureModel
import Hindcast
import Monitoring
import RESP
import TestSupport
import Testing

@Suite struct ReplayTests {
  @Test func `What was served comes out of the join again, byte for byte`() throws {
    var (informative, raw, all) = (0, 0, 0)
    for seed in TestRounds.seeds(24) {
      try withTemporaryDirectory { folder in
        var world = try ServedWorld(seed: seed, at: folder)
        var options = ServedLogOptions(folder: folder + "/served")
        options.segmentBytes = 20_000
        let log = try ServedLog(options)
        try world.run(log)
        let report = try ServedReplay(folder + "/served").verify(world.store)
        #expect(report.mismatchCount == 0, "\(world.seeded("\(report.mismatches.first!)"))")
        #expect(report.compared == world.answered.count, "\(world.seeded("\(report)"))")
        #expect(report.records == log.statistics.records && report.compared > 100)
        #expect(report.isClean && report.tornTails == 0 && report.unsealed == 0)
        checkOracle(world)
        informative += world.answered.count { $0.isInformative }
        raw += world.answered.count {
          $0.isInformative && $0.key.map { String(validating: $0, as: UTF8.self) == nil } ?? false
        }
        all += world.answered.count
      }
    }
    #expect(informative > all / 10, "\(informative) of \(all)")
    if all > 5000 { #expect(raw > 20, "\(raw) of \(all)") }
  }

  /// What was served is what the contract says, computed from all events in the end.
  private func checkOracle(_ world: ServedWorld) {
    if world.hasRawNames { return }
    for answer in world.answered.prefix(60) {
      let place = world.views.firstIndex { $0.name == answer.view.name }!
      let parts = answer.key.map { EntityKey(bytes: $0).parts(count: answer.view.entity.count)! }
      let all = world.oracles[place].answer(
        parts ?? answer.view.entity.map { _ in "\u{1}" }, at: answer.time, .asServed)
      let wanted = answer.features.map { name in
        all[answer.view.features.firstIndex { $0.name == name }!]
      }
      #expect(areSame(answer.values, wanted), "\(world.seeded("\(answer)"))")
    }
  }

  @Test func `Every wrong answer is found, and named with its time, entity and feature`() throws {
    for seed in TestRounds.seeds(8) {
      try withTemporaryDirectory { folder in
        var world = try ServedWorld(seed: seed, at: folder)
        let log = try ServedLog(ServedLogOptions(folder: folder + "/served"))
        try world.run(log)
        let wrong = world.answered.shuffled(using: &world.random).prefix(25).map(\.altered)
        let recorder = log.recorder()
        for answer in wrong { try world.record(answer, .namedTexts, by: recorder) }
        recorder.close()
        let replay = try ServedReplay(folder + "/served")
        let report = try replay.verify(world.store, limit: 1000)
        #expect(report.mismatchCount == 25 && !report.isClean, "\(world.seeded("\(report)"))")
        #expect(report.compared == world.answered.count + 25)
        for answer in wrong {
          let found = report.mismatches.contains {
            $0.time == answer.time && $0.question.view == answer.view.name && $0.key == answer.key
              && $0.differences.first?.feature == answer.features[0]
          }
          #expect(found, "\(world.seeded("\(answer)"))")
        }
        #expect(try replay.verify(world.store, limit: 3).mismatches.count == 3)
      }
    }
  }

  @Test func `A mismatch says what was served and what the join says`() throws {
    try Mails.with { mails in
      try mails.answer("ann", at: "2026-01-06", .namedValues, .resp3)
      try mails.answer("ann", at: "2026-01-06", .values, .resp3, as: [.int(5), .double(2.5)])
      try mails.answer("b\u{0}b", at: "2026-01-06", .texts, .resp2, as: [.int(0), .null])
      let report = try mails.verify()
      #expect(report.compared == 3 && report.mismatchCount == 2)
      let found = report.mismatches
      #expect(
        found[0].differences.map(Mails.words)
          == [["1d_N", "5", "1"], ["7d_SCORE", "2.5", "1.5"]])
      #expect(found[0].entity == ["ann"] && found[0].question.view == "by_sender")
      #expect(found[1].differences.map(Mails.words) == [["7d_SCORE", "null", "'0.0'"]])
    }
  }

  @Test func `Declarations may grow; what meant something else is left out, by name`() throws {
    try Mails.with { mails in
      try mails.answer("ann", at: "2026-01-06", .values, .resp2)
      try mails.register(Mails.view.replacing("\"7d\"", with: "\"7d\", \"2d\""))
      #expect(try mails.verify().compared == 1)
      try mails.answer("ann", at: "2026-01-06", .values, .resp2)
      // Another store, where the same names mean something else or nothing.
      for (view, reason) in [
        (Mails.view.replacing("\"sum\": \"score\"", with: "\"max\": \"score\""), "otherwise"),
        (Mails.view.replacing("\"7d\"", with: "\"8d\""), "no feature '7d_SCORE' any more"),
        (Mails.view.replacing("by_sender", with: "others"), "view 'by_sender' is not in the"),
      ] {
        let report = try mails.verify(against: try mails.store(with: view))
        #expect(report.compared == 0 && report.records == 2 && !report.isClean)
        #expect(report.unreplayable.values.reduce(0, +) == 2)
        #expect(report.unreplayable.keys.allSatisfy { $0.contains(reason) }, "\(report)")
      }
    }
  }

  @Test func `Windows below the floor and slices after a copy's seal are counted apart`() throws {
    try Mails.with { mails in
      try mails.answer("ann", at: "2026-01-06", .values, .resp2)
      try mails.answer("ann", at: "2026-01-20", .values, .resp2)
      try mails.checkpoint()
      try mails.ingest("ann", at: "2026-01-20T01:00:00Z")
      try mails.answer("ann", at: "2026-01-21", .values, .resp2, sealing: true)
      #expect(try mails.verify().compared == 3)
      let copy = try mails.verify(against: try mails.openCheckpoint())
      #expect(copy.compared == 2 && copy.unsealed == 1 && copy.mismatchCount == 0)
      try mails.store.store.expire("by_sender", before: Timestamp(parsing: "2026-01-10")!)
      let report = try mails.verify()
      #expect(report.expired == 1 && report.compared == 2 && report.isClean)
    }
  }

  @Test func `Repairs that were noted are named`() throws {
    try Mails.with { mails in
      mails.log.note("rebuilt from backup", at: Timestamp(parsing: "2026-01-07")!)
      try mails.answer("ann", at: "2026-01-06", .values, .resp2)
      let report = try mails.verify()
      #expect(report.notes.map(\.text) == ["rebuilt from backup"] && report.segments == 2)
    }
  }
}
