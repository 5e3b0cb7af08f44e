// Never lost, never twice: a process that ingests is killed at random moments, and each time the store
// opens again, has all that was acknowledged, and goes on where it stands. At the end it holds the same
// bytes as one that nothing ever happened to.
import CrashStream
import FeatureModel
import Foundation
import SliceStore
import TestSupport
import Testing

@Suite struct CrashTests {
  @Test(arguments: TestRounds.seeds(1))
  func `What was acknowledged survives kill -9, and nothing is counted twice`(seed: UInt64) throws {
    try withTemporaryDirectory { folder in
      var random = SplitMix64(seed)
      let path = folder + "/store"
      var acknowledged = 0
      var acknowledging = 0
      for round in 0..<33 {
        let style = ["written", "synced", "bulk"][round % 3]
        let last = try runAndKill(path, style, &random)
        if last > acknowledged { acknowledging += 1 }
        acknowledged = max(acknowledged, last)
        guard FileManager.default.fileExists(atPath: path + "/CURRENT") else {
          #expect(acknowledged == 0)
          continue
        }
        let store = try CrashStream.open(path)
        let position = try CrashStream.position(store)
        #expect(position >= acknowledged, "seed \(seed), round \(round), \(style)")
        #expect(try store.verify().defects == [])
        store.close()
      }
      #expect(acknowledging >= 15, "only \(acknowledging) runs got as far as a write")
      try compareWithUndisturbed(path, folder + "/undisturbed", seed)
    }
  }

  /// - Returns: the last batch that the process said was stored.
  private func runAndKill(
    _ path: String, _ style: String, _ random: inout SplitMix64
  ) throws -> Int {
    let process = Process()
    process.executableURL = try Self.writer()
    process.arguments = [path, style]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    // Some are killed while they open the store, most after their first words.
    var said = Data()
    if random.chance(80) { said = pipe.fileHandleForReading.availableData }
    usleep(UInt32(random.below(120_000)))
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    #expect(process.terminationReason == .uncaughtSignal, "the process ended by itself")
    said += pipe.fileHandleForReading.readDataToEndOfFile()
    // A line is whole once its end was written.
    let lines = String(decoding: said, as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    return lines.compactMap { Int($0) }.max() ?? 0
  }

  static func writer() throws -> URL {
    let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let folders = [own, CommandLine.arguments[0]].map {
      URL(filePath: $0).deletingLastPathComponent()
    }
    let found = folders.map { $0.appending(path: "CrashWriter") }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
    return try #require(found, "CrashWriter is not among \(folders)")
  }

  private func compareWithUndisturbed(_ path: String, _ other: String, _ seed: UInt64) throws {
    let store = try CrashStream.open(path)
    let undisturbed = try CrashStream.open(other)
    let stored = try CrashStream.position(store)
    let end = stored + 10
    for (target, from) in [(store, stored), (undisturbed, 0)] {
      let loader = try target.bulkLoader(for: "victims", workers: 1)
      for batch in from..<end { _ = loader.add(CrashStream.batch(batch), worker: 0) }
      try loader.commit(positions: [CrashStream.position(end)])
    }
    let readers = try [store, undisturbed].map { try $0.reader(of: "amounts") }
    for name in CrashStream.names {
      for day in stride(from: Int64(0), to: 75, by: 5) {
        for mode in [ReadMode.asServed, .corrected] {
          let time = CrashStream.start.advanced(by: day * 86_400_000)
          let answers = try readers.map { try $0.answer(EntityKey(parts: [name]), at: time, mode) }
          #expect(areSame(answers[0], answers[1]), "seed \(seed): \(name) at \(time), \(mode)")
        }
      }
    }
    try store.compact()
    try undisturbed.compact()
    #expect(try store.pairs() == undisturbed.pairs(), "seed \(seed), \(end) batches")
    store.close()
    undisturbed.close()
  }
}
