// Entities of one hash: identity is the bytes of a key, and a hash that two keys share must cost time only.
// Such keys are made by running XXH64 backwards, which every step of it allows.
import FeatureModel
import Hindcast
import TestSupport
import Testing

/// XXH64 of a key of 12 bytes, run backwards; the steps are those of its specification
/// (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md).
private enum Backwards {
  private static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
  private static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
  private static let prime3: UInt64 = 0x1656_67B1_9E37_79F9
  private static let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
  private static let prime5: UInt64 = 0x27D4_EB2F_1656_67C5

  /// A printable key of 12 bytes with a given hash.
  static func key(hash: UInt64, _ random: inout SplitMix64) -> String {
    let beforeTail = unrotated((unavalanched(hash) &- prime3) &* inverse(prime2), 23)
    while true {
      let tail = (0..<4).map { _ in UInt8(97 + random.below(26)) }
      let word = tail.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      let afterHead = beforeTail ^ (word &* prime1)
      let beforeHead = unrotated((afterHead &- prime4) &* inverse(prime1), 27)
      let mixed = beforeHead ^ (EntityHash.seed &+ prime5 &+ 12)
      let head = unrotated(mixed &* inverse(prime1), 31) &* inverse(prime2)
      let bytes = (0..<8).map { UInt8(truncatingIfNeeded: head >> UInt64(8 * $0)) }
      if bytes.allSatisfy({ (33..<127).contains($0) }) {
        return String(decoding: bytes + tail, as: UTF8.self)
      }
    }
  }

  private static func unavalanched(_ hash: UInt64) -> UInt64 {
    var value = hash ^ (hash >> 32)
    value &*= inverse(prime3)
    value ^= value >> 29 ^ value >> 58
    value &*= inverse(prime2)
    return value ^ value >> 33
  }

  private static func unrotated(_ value: UInt64, _ by: UInt64) -> UInt64 {
    value >> by | value << (64 - by)
  }

  /// Of an odd number modulo 2^64, by Newton's iteration.
  private static func inverse(_ number: UInt64) -> UInt64 {
    var result = number
    for _ in 0..<6 { result &*= 2 &- number &* result }
    return result
  }
}

@Suite("Entities of one hash")
struct CollisionTests {
  @Test("Keys that share a hash keep their own histories, alone and in joins")
  func collisions() throws {
    try withTemporaryDirectory { folder in
      var random = SplitMix64(5)
      let hash = EntityKey(parts: ["ann"]).hash64
      let names = ["ann"] + (0..<3).map { _ in Backwards.key(hash: hash, &random) }
      try #require(names.allSatisfy { EntityKey(parts: [$0]).hash64 == hash })
      let world = try World(folder)
      // The first has one mail a day, the second two, ...; the last has none.
      var batch = EventBatch(try world.store.store.stream("mails").declaration)
      for day in 1...10 {
        let time = Value.timestamp(Timestamp(parsing: "2026-01-\(day < 10 ? "0" : "")\(day)")!)
        for (index, name) in names.dropLast().enumerated() {
          for _ in 0...index { batch.append([.string(name), time, time, .int(1), .null]) }
        }
      }
      _ = try world.store.store.append(batch, to: "mails")
      var spine = SpineTable(["sender": .string, "when": .timestamp])
      for row in 0..<600 {
        let time = Timestamp(parsing: "2026-01-\(10 + row % 7)")!
        spine.rows.append([.string(names[row % 4]), .timestamp(time)])
      }
      let request = JoinRequest(views: [("by_sender", ["30d_N"])], time: "when")
      let answers = try world.store.join([spine.batch], request)
      for (row, cells) in spine.rows.enumerated() {
        guard case .timestamp(let time) = cells[1] else { continue }
        let single = try world.store.get(
          "by_sender", entity: [names[row % 4]], at: time, features: ["30d_N"])
        let days = min(10, 9 + Int64(row % 7))
        let wanted = row % 4 == 3 ? 0 : days * Int64(row % 4 + 1)
        #expect(answers.values(row) == [.int(wanted)] && single[0].value == .int(wanted))
      }
    }
  }
}
