// The log on its disk: bounded, continued by later runs, and never in the way of an answer, whether the disk is
// full or somebody took the folder away.
import FeatureModel
import Foundation
import Hindcast
import Monitoring
import RESP
import Synchronization
import TestSupport
import Testing

@Suite struct FolderTests {
  private static func sizes(_ folder: String) throws -> [String: Int] {
    var sizes: [String: Int] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
      let attributes = try FileManager.default.attributesOfItem(atPath: folder + "/" + name)
      sizes[name] = (attributes[.size] as? Int) ?? 0
    }
    return sizes
  }

  private func flood(_ recorder: ServedRecorder, _ mails: Mails, answers: Int) throws {
    let question = recorder.question(try mails.question(.values, .resp2))
    let reply = Array("*2\r\n:1\r\n$3\r\n1.5\r\n".utf8)
    for index in 0..<answers {
      reply.withUnsafeBytes { reply in
        Array("ann".utf8).withUnsafeBytes {
          recorder.record(
            at: Timestamp(parsing: "2026-01-06")!, question: question, entity: $0, reply: reply)
        }
      }
      if index % 50 == 49 { recorder.flush() }
    }
    recorder.flush()
  }

  @Test func `The disk is bounded at every moment, and the oldest segments go first`() throws {
    try Mails.with(maxBytes: 200_000, segmentBytes: 10_000) { mails in
      let folder = mails.folder + "/served"
      let recorders = (0..<3).map { _ in mails.log.recorder() }
      var before: Set<String> = []
      for round in 0..<60 {
        for recorder in recorders { try flood(recorder, mails, answers: 120) }
        let sizes = try Self.sizes(folder)
        #expect(sizes.values.reduce(0, +) <= 200_000, "round \(round)")
        let statistics = mails.log.statistics
        #expect(statistics.storedBytes == sizes.values.reduce(0, +))
        #expect(statistics.segments == sizes.count)
        let gone = before.subtracting(sizes.keys)
        #expect(gone.allSatisfy { name in sizes.keys.allSatisfy { name < $0 } })
        before = Set(sizes.keys)
      }
      let report = try mails.verify()
      #expect(mails.log.statistics.records == 60 * 360 && mails.log.statistics.dropped == 0)
      #expect(report.isClean && report.compared > 1500 && report.compared < 60 * 360)
      #expect(report.segments > 15)
    }
  }

  @Test func `A limit that is smaller than what is written loses answers, not the bound`() throws {
    try Mails.with(maxBytes: 4000, segmentBytes: 1 << 20) { mails in
      for _ in 0..<20 {
        try flood(mails.recorder, mails, answers: 50)
        #expect(try Self.sizes(mails.folder + "/served").values.reduce(0, +) <= 4000)
      }
      let statistics = mails.log.statistics
      #expect(statistics.records + statistics.dropped == 1000 && statistics.dropped > 0)
      #expect(try mails.verify().isClean)
    }
  }

  @Test func `Later runs go on beside what earlier ones left, and count it`() throws {
    try Mails.with { mails in
      let folder = mails.folder + "/served"
      try mails.answer("ann", at: "2026-01-06")
      mails.recorder.close()
      let first = try Self.sizes(folder)
      try "mine".write(toFile: folder + "/notes.txt", atomically: false, encoding: .utf8)
      var options = ServedLogOptions(folder: folder)
      options.maxBytes = 100_000
      options.segmentBytes = 5000
      let second = try ServedLog(options)
      #expect(second.statistics.segments == 1)
      try flood(second.recorder(), mails, answers: 500)
      var sizes = try Self.sizes(folder)
      #expect(first.allSatisfy { sizes[$0.key] == $0.value })
      #expect(try mails.verify().compared == 501)
      try flood(second.recorder(), mails, answers: 3000)
      sizes = try Self.sizes(folder)
      #expect(first.keys.allSatisfy { sizes[$0] == nil } && sizes["notes.txt"] == 4)
    }
  }

  /// Fails with "no space left" once so many bytes are written, until there is space again.
  private final class FullDisk: Sendable {
    let space = Atomic(1 << 40)

    func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
      let count = min(bytes.count, space.load(ordering: .relaxed))
      if count == 0 {
        errno = ENOSPC
        return -1
      }
      space.wrappingSubtract(count, ordering: .relaxed)
      return Glibc.write(descriptor, bytes.baseAddress, count)
    }
  }

  @Test(arguments: [0, 1, 31, 32, 33, 500, 900])
  func `A full disk loses answers and nothing else, until there is space`(_ space: Int) throws {
    let disk = FullDisk()
    try Mails.with(bufferBytes: 8000, disk: disk.write) { mails in
      disk.space.store(space, ordering: .relaxed)
      try flood(mails.recorder, mails, answers: 400)
      #expect(try mails.verify().isClean)
      let full = mails.log.statistics
      #expect(full.errors > 0 && full.dropped > 0 && full.records < 20)
      disk.space.store(1 << 40, ordering: .relaxed)
      try flood(mails.recorder, mails, answers: 400)
      let after = mails.log.statistics
      #expect(after.errors == full.errors && after.records >= 400)
      #expect(after.records + after.dropped == 800)
      let report = try mails.verify()
      #expect(report.compared == after.records && report.isClean && report.tornTails == 0)
      let sizes = try Self.sizes(mails.folder + "/served")
      #expect(after.storedBytes == sizes.values.reduce(0, +))
    }
  }

  @Test func `A folder that is taken away comes back, and answers go on`() throws {
    try Mails.with { mails in
      let folder = mails.folder + "/served"
      try flood(mails.recorder, mails, answers: 10)
      try FileManager.default.removeItem(atPath: folder)
      try flood(mails.recorder, mails, answers: 10)
      try flood(mails.recorder, mails, answers: 10)
      #expect(try mails.verify().compared == 10 && mails.log.statistics.dropped == 10)
      // Now there is a file in its place.
      try FileManager.default.removeItem(atPath: folder)
      try "x".write(toFile: folder, atomically: false, encoding: .utf8)
      try flood(mails.recorder, mails, answers: 100)
      #expect(mails.log.statistics.errors > 0)
      try FileManager.default.removeItem(atPath: folder)
      try flood(mails.recorder, mails, answers: 10)
      #expect(try mails.verify().isClean && mails.log.statistics.segments == 1)
    }
  }

  @Test func `What is too large to be recorded is dropped, and counted`() throws {
    try Mails.with { mails in
      let question = mails.recorder.question(try mails.question(.values, .resp2))
      let huge = [UInt8](repeating: 0, count: 1 << 20)
      huge.withUnsafeBytes {
        mails.recorder.record(at: .earliest, question: question, entity: nil, reply: $0)
        mails.recorder.record(at: .earliest, question: -1, entity: nil, reply: $0)
        mails.recorder.record(at: .earliest, question: 99, entity: nil, reply: $0)
      }
      mails.recorder.flush()
      #expect(mails.log.statistics.dropped == 3 && mails.log.statistics.records == 0)
      #expect(throws: HindcastError.self) {
        try ServedLog(ServedLogOptions(folder: mails.folder + "/none/served"))
      }
    }
  }
}

@Suite struct SamplingTests {
  @Test func `A sample takes its share of entities, of every shard, and always the same ones`() {
    for oneIn: UInt32 in [1, 2, 10, 100] {
      let sample = EntitySample(oneIn: oneIn)
      let total = 400_000
      // By the first and by the last bits of the hash, which shards and tables go by.
      var (first, last) = ([Int](repeating: 0, count: 4), [Int](repeating: 0, count: 4))
      var taken = 0
      for index in 0..<total {
        let hash = EntityKey(parts: ["entity \(index)"]).hash64
        guard sample.contains(hash: hash) else { continue }
        #expect(EntitySample(oneIn: oneIn).contains(hash: hash))
        taken += 1
        first[Int(hash >> 62)] += 1
        last[Int(hash & 3)] += 1
      }
      let share = Double(total) / Double(oneIn)
      #expect(oneIn > 1 || taken == total)
      #expect(abs(Double(taken) - share) < 5 * share.squareRoot(), "1 in \(oneIn): \(taken)")
      for count in first + last {
        #expect(abs(Double(count) - share / 4) < 5 * (share / 4).squareRoot() + 1)
      }
    }
    // Also of hashes that are no good ones.
    let half = EntitySample(oneIn: 2)
    for shift in [0, 20, 40, 56] {
      let count = (0..<256).count { half.contains(hash: UInt64($0) << UInt64(shift)) }
      #expect(count > 80 && count < 176, "bits from \(shift) on: \(count)")
    }
    #expect(EntitySample(oneIn: 0).oneIn == 1)
  }

  @Test func `A recorder asks the same sample`() throws {
    try Mails.with(oneIn: 10) { mails in
      for hash in 0..<1000 {
        let hash = UInt64(hash) &* 0x9E37_79B9_7F4A_7C15
        #expect(mails.recorder.isSampled(hash: hash) == mails.log.sample.contains(hash: hash))
      }
    }
  }
}
