// An entity out of a served log: its answers go, those of all others stay byte for byte and still prove what
// they proved, whether the log is at rest or being written.
import FeatureModel
import Foundation
import Hindcast
import Monitoring
import RESP
import TestSupport
import Testing

@Suite struct ForgetServedTests {
  @Test(arguments: TestRounds.seeds(20))
  func `An entity's answers go, and the rest is still verified`(seed: UInt64) throws {
    try withTemporaryDirectory { folder in
      var world = try ServedWorld(seed: seed, at: folder)
      guard world.views.contains(where: { $0.entity.contains("who") }) else { return }
      var options = ServedLogOptions(folder: folder + "/served")
      options.segmentBytes = 4096
      let log = try ServedLog(options)
      try world.run(log)
      let name = Self.name(of: world)
      let parts = [EntityPart("who", name)]
      let own = world.answered.filter { Self.isOf(name, $0) }
      let store = world.store.store
      let keys = try store.keys(of: parts)
      let found = try ServedErasure.find(keys, in: options.folder, of: store)
      #expect(found.left == own.count && own.count > 0, "seed \(seed)")
      let isRunning = seed % 2 == 0
      var further = 0
      var erased = ServedErasure(options.folder)
      #expect(try store.forget(parts).left == 0, "seed \(seed)")
      if isRunning {
        // Answers that still wait in memory, and a segment that is not ended.
        let recorder = log.recorder()
        for answer in own {
          try world.record(answer, .values, by: recorder)
          if further == own.count / 2 { recorder.flush() }
          further += 1
        }
        erased = try log.erase(keys, of: store, recorder: recorder)
      } else {
        erased = try ServedErasure.erase(keys, from: options.folder, of: store)
      }
      #expect(erased.left == 0 && erased.unread == 0, "seed \(seed): \(erased)")
      #expect(erased.erased == own.count + further, "seed \(seed)")
      let report = try ServedReplay(options.folder).verify(world.store)
      #expect(report.records == world.answered.count - own.count, "seed \(seed)")
      #expect(report.mismatchCount == 0 && report.damaged == 0 && report.tornTails == 0)
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: options.folder).allSatisfy {
          $0.hasSuffix(".log")
        })
      #expect(
        isRunning ? log.statistics.storedBytes == report.bytes : true,
        "seed \(seed): the bound counts what is there")
    }
  }

  @Test func `Unreadable bytes go where they may be the entity's, and answers of lost views`()
    throws
  {
    try withTemporaryDirectory { folder in
      var world = try ServedWorld(seed: 4, at: folder)
      let log = try ServedLog(ServedLogOptions(folder: folder + "/served"))
      try world.run(log)
      let who = try #require(world.views.first { $0.entity == ["who"] }).name
      let name = Self.name(of: world)
      let own = world.answered.filter { Self.isOf(name, $0) }
      let store = world.store.store
      let parts = [EntityPart("who", name)]
      try store.drop(view: who)
      let path = try #require(
        try FileManager.default.contentsOfDirectory(atPath: folder + "/served").first)
      let file = try #require(FileHandle(forWritingAtPath: folder + "/served/" + path))
      try file.seekToEnd()
      // The beginning of a frame that was never finished.
      try file.write(contentsOf: Data([1, 2, 3, 4, 5, 6, 7, 8, 200, 0, 0, 0, 2] + name))
      try file.close()
      guard let keys = try? store.keys(of: parts) else { return }
      let erased = try ServedErasure.erase(keys, from: folder + "/served", of: store)
      #expect(erased.left == 0)
      #expect(erased.erased >= own.count, "\(erased), \(own.count)")
      #expect(try ServedReplay(folder + "/served").verify(world.store).tornTails <= 1)
    }
  }

  /// The entity of the most answers.
  private static func name(of world: ServedWorld) -> [UInt8] {
    var counts: [[UInt8]: Int] = [:]
    for answer in world.answered {
      if let name = Self.who(answer) { counts[name, default: 0] += 1 }
    }
    return counts.max { ($0.value, $1.key.count) < ($1.value, $0.key.count) }?.key ?? []
  }

  private static func who(_ answer: Answered) -> [UInt8]? {
    guard let key = answer.key, let place = answer.view.entity.firstIndex(of: "who") else {
      return nil
    }
    return key.withUnsafeBytes { bytes in
      EntityKey.partRanges(of: bytes, count: answer.view.entity.count).map {
        Array(bytes[$0[place]])
      }
    }
  }

  private static func isOf(_ name: [UInt8], _ answer: Answered) -> Bool { who(answer) == name }
}
