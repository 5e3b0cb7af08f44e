// What crashes, bad disks and other programs leave of a log: it is read as far as it is whole, the rest is
// told, and nothing crashes.
import FeatureModel
import Foundation
import Hindcast
import Monitoring
import RESP
import TestSupport
import Testing

@Suite struct DamageTests {
  /// The one segment of a log, with the offsets at which its frames begin, and its end.
  private struct Log {
    let path: String
    let bytes: [UInt8]
    let frames: [Int]

    init(_ mails: Mails) throws {
      mails.recorder.flush()
      let folder = mails.folder + "/served"
      let names = try FileManager.default.contentsOfDirectory(atPath: folder)
      path = folder + "/" + names[0]
      let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
      self.bytes = bytes
      var offsets = [32]
      while let last = offsets.last, last < bytes.count {
        let length = (0..<4).reduce(0) { $0 | Int(bytes[last + 8 + $1]) << (8 * $1) }
        offsets.append(last + 13 + length)
      }
      frames = offsets
    }

    func write(_ bytes: some Sequence<UInt8>) throws {
      try Data(bytes).write(to: URL(fileURLWithPath: path))
    }
  }

  /// Five answers to one question: six frames.
  private func withLog(_ body: (Mails, Log) throws -> Void) throws {
    try Mails.with { mails in
      for day in 5...9 { try mails.answer("ann", at: "2026-01-0\(day)", .namedValues, .resp3) }
      let log = try Log(mails)
      #expect(log.frames.count == 7 && log.frames.last == log.bytes.count)
      try body(mails, log)
    }
  }

  private func verify(_ mails: Mails) throws -> ServedReport {
    try ServedReplay(mails.folder + "/served").verify(mails.store)
  }

  @Test func `A frame that is cut off anywhere at the end is ignored, and counted`() throws {
    try withLog { mails, log in
      for end in log.frames[5]..<log.bytes.count {
        try log.write(log.bytes[..<end])
        let report = try verify(mails)
        #expect(report.records == 4 && report.compared == 4, "cut at \(end)")
        #expect(report.tornTails == (end == log.frames[5] ? 0 : 1) && report.isClean)
      }
      // Down to nothing, and with the zeros of a power cut.
      for end in 0..<log.frames[5] {
        try log.write(log.bytes[..<end])
        #expect(try verify(mails).mismatchCount == 0)
      }
      try log.write(log.bytes[..<log.frames[4]] + [UInt8](repeating: 0, count: 5000))
      let report = try verify(mails)
      #expect(report.compared == 3 && report.tornTails == 1 && report.damaged == 0)
    }
  }

  @Test func `Damage in the middle costs the frames it is in, and is told with its place`() throws {
    try withLog { mails, log in
      for offset in log.frames[2]..<log.frames[3] {
        var bytes = log.bytes
        bytes[offset] ^= 0x10
        try log.write(bytes)
        let report = try verify(mails)
        #expect(report.compared == 4 && report.mismatchCount == 0, "byte \(offset)")
        #expect(report.damaged == 1 && !report.isClean && report.tornTails == 0)
        let length = log.frames[3] - log.frames[2]
        #expect(report.damage[0].contains("\(length) bytes from byte \(log.frames[2])"))
      }
    }
  }

  @Test func `Without their question's frame answers are not compared, and counted`() throws {
    try withLog { mails, log in
      var bytes = log.bytes
      bytes[log.frames[0] + 20] ^= 1
      try log.write(bytes)
      let report = try verify(mails)
      #expect(report.records == 5 && report.compared == 0 && report.damaged == 1)
      #expect(report.unreplayable == ["the frame of the question is damaged": 5])
    }
  }

  @Test func `A segment of another format is left alone, by name`() throws {
    try withLog { mails, log in
      var header = Array(log.bytes[..<24])
      header[8] = 9
      let checksum = header.withUnsafeBytes { Digest(of: $0).low }
      withUnsafeBytes(of: checksum.littleEndian) { header += $0 }
      try log.write(header + log.bytes[32...])
      let report = try verify(mails)
      #expect(report.records == 0 && report.damage.first?.contains("format 9") == true)
      header[9] = 1
      try log.write(header + log.bytes[32...])
      #expect(try verify(mails).compared == 5)
      #expect(try verify(mails).damaged == 1)
    }
  }

  @Test func `Flipped, lost and doubled bytes never crash, and never pass as answers`() throws {
    try withLog { mails, log in
      for seed in TestRounds.seeds(300) { try damage(mails, log, seed) }
    }
  }

  private func damage(_ mails: Mails, _ log: Log, _ seed: UInt64) throws {
    var random = SplitMix64(seed)
    var bytes = log.bytes
    for _ in 0...random.below(4) {
      if bytes.isEmpty { break }
      let place = random.below(bytes.count)
      switch random.below(4) {
      case 0: bytes.remove(at: place)
      case 1: bytes.insert(UInt8(random.below(256)), at: place)
      case 2: bytes.removeSubrange(place..<min(bytes.count, place + random.below(200)))
      default: bytes[place] ^= 1 << UInt8(random.below(8))
      }
    }
    try log.write(bytes)
    let report = try verify(mails)
    #expect(report.records <= 5 && report.mismatchCount == 0, "seed \(seed): \(report)")
    let isWhole = bytes == log.bytes
    #expect(
      isWhole || report.records < 5 || report.damaged + report.tornTails > 0, "seed \(seed)")
  }
}
