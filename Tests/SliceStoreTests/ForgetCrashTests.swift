// A process that is killed while it forgets: the store opens again and answers for all others, and the next
// call does what was left to do, down to the files.
import CrashStream
import FeatureModel
import Foundation
import SliceStore
import TestSupport
import Testing

@Suite struct ForgetCrashTests {
  @Test(arguments: TestRounds.seeds(1))
  func `What was cut off is completed by calling it again`(seed: UInt64) throws {
    try withTemporaryDirectory { folder in
      var random = SplitMix64(seed)
      let path = folder + "/store"
      let made = try CrashStream.open(path, keepsEvents: true)
      for batch in 0..<400 {
        _ = try made.append(
          CrashStream.batch(batch), to: "victims", durability: .written)
        if batch % 50 == 49 { try made.flush() }
      }
      try made.checkpoint(to: folder + "/whole")
      made.close()
      for name in CrashStream.names {
        #expect(try ForgetTests.files(with: name, in: path).contains { $0.hasSuffix(".sst") })
      }
      let whole = try CrashStream.open(folder + "/whole", keepsEvents: true)
      var cut = 0
      for round in 0..<15 {
        let name = CrashStream.names[20 + round]
        try runAndKill(path, name, after: random.pick([0, 2000, 10_000, 30_000, 60_000]))
        let store = try CrashStream.open(path, keepsEvents: true)
        #expect(try store.verify().defects == [], "seed \(seed), round \(round)")
        let parts = [EntityPart("who", name)]
        let isWhole = try store.find(parts).left > 0
        if isWhole { cut += 1 }
        let report = try store.forget(parts)
        #expect(report.left == 0, "seed \(seed), round \(round): \(report)")
        store.close()
        // Opening it writes the list of files anew.
        let again = try CrashStream.open(path, keepsEvents: true)
        #expect(try ForgetTests.files(with: name, in: path) == [], "seed \(seed), round \(round)")
        try compare(again, whole, without: 20...20 + round, seed)
        again.close()
      }
      #expect(cut > 0, "no kill came in time")
      whole.close()
    }
  }

  private func runAndKill(_ path: String, _ name: String, after microseconds: Int) throws {
    let process = Process()
    process.executableURL = try CrashTests.writer()
    process.arguments = [path, "forget", name]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    _ = pipe.fileHandleForReading.availableData
    usleep(UInt32(microseconds))
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    #expect(process.terminationReason == .uncaughtSignal, "the process ended by itself")
  }

  private func compare(
    _ store: Store, _ whole: Store, without gone: ClosedRange<Int>, _ seed: UInt64
  ) throws {
    let readers = try [store, whole].map { try $0.reader(of: "amounts") }
    let time = CrashStream.start.advanced(by: 30 * 86_400_000)
    for (number, name) in CrashStream.names.enumerated() {
      let answers = try readers.map { try $0.answer(EntityKey(parts: [name]), at: time) }
      if gone.contains(number) {
        #expect(answers[0][0] == .int(0), "seed \(seed): \(name)")
      } else {
        #expect(areSame(answers[0], answers[1]), "seed \(seed): \(name)")
      }
    }
  }
}
