// What look-ups take behind the entity: instants, modes and features, in any order, once each; and the fields
// of a vector.
import FeatureModel
import FeatureServer
import Hindcast
import RESP
import TestSupport
import Testing

@Suite("Words of look-ups")
struct ReadOptionsTests {
  private static let clock = Timestamp(parsing: "2026-11-22T13:17:02Z")!

  private static func read(_ words: [String]) throws -> ReadOptions {
    try withWords(["FS.GET", "view", "entity"] + words) { words in
      try ReadOptions(words, from: 3) { clock }
    }
  }

  private static func error(_ words: [String]) throws -> String? {
    try refusal { _ = try read(words) }
  }

  @Test("Nothing is now, as served")
  func plain() throws {
    let options = try Self.read([])
    #expect(options.isPlain && options.time == nil && options.features == nil)
    #expect(ReadOptions().isPlain)
    #expect(try Self.read(["FEATURES", "1", "a"]).isPlain)
    #expect(try !Self.read(["FRESH"]).isPlain)
    #expect(try !Self.read(["ASOF", "2026-01-01"]).isPlain)
  }

  @Test("Every order of the words means the same")
  func orders() throws {
    let parts = [
      ["asof", "2026-01-02"], ["Known", "1767225600000"], ["FEATURES", "2", "b", "a"],
    ]
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
      let options = try Self.read(order.flatMap { parts[$0] })
      #expect(options.time == Timestamp(parsing: "2026-01-02"))
      #expect(options.mode == .knownAt(Timestamp(parsing: "2026-01-01")!))
      #expect(options.features == ["b", "a"])
    }
    #expect(try Self.read(["corrected"]).mode == .corrected)
    #expect(try Self.read(["fresh"]).mode == .fresh)
    // Names of features may look like words.
    #expect(try Self.read(["FEATURES", "2", "ASOF", "FRESH"]).features == ["ASOF", "FRESH"])
    #expect(try Self.read(["ASOF", "2026-11-22T13:17:02Z"]).time == Self.clock)
  }

  @Test("Mistakes and their texts")
  func mistakes() throws {
    let mistakes: [([String], String)] = [
      (
        ["LATEST"],
        "ERR syntax error: 'LATEST' is none of ASOF, KNOWN, CORRECTED, FRESH and FEATURES"
      ),
      (
        ["ASOF"],
        "ERR syntax error: ASOF needs a time, ISO 8601 (2026-11-22T13:17:02Z) or epoch milliseconds"
      ),
      (
        ["known", "x"],
        "ERR syntax error: KNOWN needs a time, ISO 8601 (2026-11-22T13:17:02Z) or epoch milliseconds"
      ),
      (["ASOF", "1", "ASOF", "1"], "ERR syntax error: ASOF is given twice"),
      (["FRESH", "CORRECTED"], "ERR syntax error: KNOWN, CORRECTED and FRESH exclude each other"),
      (
        ["KNOWN", "1", "KNOWN", "1"],
        "ERR syntax error: KNOWN, CORRECTED and FRESH exclude each other"
      ),
      (["FEATURES", "1", "a", "FEATURES", "1", "a"], "ERR syntax error: FEATURES is given twice"),
      (
        ["ASOF", "2026-11-22T13:17:02.001Z"],
        "ERR ASOF 2026-11-22T13:17:02.001Z lies ahead of the clock: nobody knows yet"
      ),
      (
        ["KNOWN", "2027-01-01"],
        "ERR KNOWN 2027-01-01T00:00:00Z lies ahead of the clock: nobody knows yet"
      ),
    ]
    for (words, text) in mistakes { #expect(try Self.error(words) == text) }
  }

  @Test(
    "A count of features that is not there, however large",
    arguments: [
      [], ["0"], ["-1", "a"], ["x", "a"], ["1"], ["3", "a", "b"], ["9223372036854775807", "a"],
      ["9223372036854775800", "a"], ["9223372036854775808", "a"], ["-9223372036854775808", "a"],
    ])
  func counts(_ rest: [String]) throws {
    let text = "ERR syntax error: FEATURES needs a number and as many names behind it"
    #expect(try Self.error(["FEATURES"] + rest) == text)
  }

  @Test("Random words are read or refused")
  func fuzz() throws {
    let words = [
      "ASOF", "KNOWN", "FRESH", "CORRECTED", "FEATURES", "1", "2", "0", "2026-01-01", "-5", "",
      "9223372036854775807", "a", "\u{0}",
    ]
    var read = 0
    for seed in TestRounds.seeds(20_000) {
      var random = SplitMix64(seed)
      let given = (0..<random.below(9)).map { _ in random.pick(words) }
      let text = try Self.error(given)
      if let text { #expect(text.hasPrefix("ERR "), "seed \(seed)") } else { read += 1 }
    }
    #expect(read > 0)
  }

  // Vectors.

  private static func withSet(_ body: (SetPlan) throws -> Void) throws {
    try withTemporaryDirectory { folder in
      let store = try ServerStore.make(folder)
      var plans: [ReadPlan] = []
      for view in ["people", "places"] {
        plans.append(try Plans.make(store, view, number: UInt32(plans.count)))
      }
      try body(SetPlan(Array("risk".utf8), .resp3, runs: plans, count: 3))
      store.store.close()
    }
  }

  private static func keys(_ set: SetPlan, _ words: [[UInt8]]) throws -> (end: Int, keys: [[UInt8]])
  {
    try withWords([Array("FS.VECTOR".utf8), Array("risk".utf8)] + words) { words in
      let end = try set.take(words, from: 2)
      var keys: [[UInt8]] = []
      for run in 0..<2 { try set.withKey(of: run, words) { keys.append(Array($0)) } }
      return (end, keys)
    }
  }

  @Test("The fields of a vector, in any order, and what stands behind them")
  func fields() throws {
    try Self.withSet { set throws in
      #expect(set.fields == ["who", "site"])
      for words in [["who=a", "site=7"], ["site=7", "who=a"]] {
        let (end, keys) = try Self.keys(set, (words + ["ASOF", "1"]).map { Array($0.utf8) })
        #expect(end == 4 && keys == [Array("a".utf8), Array("a|7".utf8)])
      }
      let (end, keys) = try Self.keys(set, ["who=a=b", "site="].map { Array($0.utf8) })
      #expect(end == 4 && keys == [Array("a=b".utf8), Array("a=b|".utf8)])
      #expect(Array("risk".utf8).withUnsafeBytes { set.matches($0, .resp3) })
      #expect(!Array("risk".utf8).withUnsafeBytes { set.matches($0, .resp2) })
      #expect(!Array("risks".utf8).withUnsafeBytes { set.matches($0, .resp3) })
    }
  }

  @Test("Any bytes of a value are the entity's")
  func values() throws {
    try Self.withSet { set throws in
      for seed in TestRounds.seeds(2000) {
        var random = SplitMix64(seed)
        let values = (0..<2).map { _ in
          (0..<random.below(6)).map { _ in
            random.pick([0x7C, 0x5C, 0x61, 0xFF, 0, 0x3D] as [UInt8])
          }
        }
        let (_, keys) = try Self.keys(
          set, [Array("site=".utf8) + values[1], Array("who=".utf8) + values[0]])
        #expect(keys[0] == values[0], "seed \(seed)")
        var stored: [UInt8] = []
        let isRead = keys[1].withUnsafeBytes { EntityText.read($0, parts: 2, into: &stored) }
        let expected = values.flatMap { value -> [UInt8] in [0, 0, 0, UInt8(value.count)] + value }
        #expect(isRead && stored == expected, "seed \(seed): \(values)")
      }
    }
  }

  @Test("Fields that are missing, unknown or given twice")
  func wrongFields() throws {
    try Self.withSet { set throws in
      let mistakes: [([String], String)] = [
        ([], "ERR the key field 'who' is missing; the set needs who=... site=..."),
        (["ASOF", "1"], "ERR the key field 'who' is missing; the set needs who=... site=..."),
        (["who=a"], "ERR the key field 'site' is missing; the set needs who=... site=..."),
        (["who=a", "who=a"], "ERR the key field 'who' is given twice"),
        (["whom=a"], "ERR no view of the set has the key field 'whom'; it needs who=... site=..."),
        (["=a"], "ERR no view of the set has the key field ''; it needs who=... site=..."),
      ]
      for (words, text) in mistakes {
        #expect(try refusal { _ = try Self.keys(set, words.map { Array($0.utf8) }) } == text)
      }
    }
  }
}
