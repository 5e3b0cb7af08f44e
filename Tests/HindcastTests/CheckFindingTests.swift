// What a dry run says of a declaration and a sample: each message once, with the declaration that brings it
// about. A declaration that nothing is wrong with brings none.
import FeatureModel
import Foundation
import Hindcast
import TestSupport
import Testing

@Suite("What check finds")
struct CheckFindingTests {
  private static let stream = """
    { "stream": "mails", "fields": { "id": "int", "sender": "string", "at": "timestamp",
        "size": "int", "score": "double", "tag": "string", "spam": "bool" },
      "eventTime": "at" KEEP }
    """

  /// 40 mails of eight senders in four days; some have no sender. Tags are all different.
  private static let mails: String = {
    var rows = ["id,sender,at,size,score,tag,spam"]
    for id in 0..<40 {
      let sender = id % 10 == 9 ? "" : "p\(id % 8)@\(id % 2 == 0 ? "a" : "b").org"
      let time = "2026-01-0\(1 + id / 10)T0\(id % 10):00:00Z"
      rows.append("\(id),\(sender),\(time),\(id),0.\(id % 10),t\(id),\(id % 3 == 0)")
    }
    return rows.joined(separator: "\n") + "\n"
  }()

  private static func check(
    _ view: String, keep: String = "", mails: String = mails
  ) throws -> CheckedView {
    try withTemporaryDirectory { folder in
      try mails.write(toFile: folder + "/mails.csv", atomically: false, encoding: .utf8)
      let store = try FeatureStore.open(folder + "/store", .create)
      let texts = [stream.replacing("KEEP", with: keep), view].map {
        DeclarationText(name: "text", text: Array($0.utf8))
      }
      let resolved = try store.resolve(texts)
      return try FeatureStore.check(
        resolved.views, of: resolved.streams[0], sample: folder + "/mails.csv")[0]
    }
  }

  /// A view by sender with the given members and features.
  private static func view(
    _ features: String, entity: String = "sender", slice: String = "1d", _ members: String = ""
  ) -> String {
    """
    { "view": "v", "stream": "mails", "entity": ["\(entity)"], "slice": "\(slice)", \(members)
      "features": { \(features) } }
    """
  }

  private static let count = #""{window}_N": { "count": true, "windows": ["2d"] }"#
  private static let noSender =
    "key field 'sender' is null in 4 of the sample's 40 rows: these belong to no entity"

  @Test("Nothing is found where nothing is wrong")
  func clean() throws {
    let view = Self.view(
      #""{window}_SIZE": { "sum": "size", "windows": ["2d"] }"#, entity: "id")
    let checked = try Self.check(view)
    #expect(checked.warnings == [] && checked.notes == [])
    #expect(checked.answers.count == 3)
  }

  @Test(
    "Filters that let nothing through, and filters that let all through",
    arguments: [
      (
        "size > 100", "", ["the filter matches none of the sample's rows"],
        ["'2d_N' is 0 for all 8 entities that were asked: nothing is told apart"]
      ),
      (
        "size >= 0", "", [],
        ["the filter lets all of the sample's 40 rows through: on this sample it does nothing"]
      ),
      (
        "spam", #", "{window}_BIG": { "count": true, "where": "size > 100", "windows": ["1d"] }"#,
        [
          "the filter 'size > 100' of '1d_BIG' matches none of the sample's rows that the view counts"
        ],
        []
      ),
      (
        "spam",
        #", "{window}_BIG": { "count": true, "where": "spam and size >= 0", "windows": ["1d", "2d"] }"#,
        [],
        [
          "the filter 'spam = true and size >= 0' of '1d_BIG', '2d_BIG' lets all of the sample's 14 rows "
            + "that the view counts through: on this sample it does nothing"
        ]
      ),
    ])
  func filters(
    filter: String, feature: String, warnings: [String], notes: [String]
  ) throws {
    let checked = try Self.check(
      Self.view(Self.count + feature, #""where": "\#(filter)","#))
    #expect(checked.warnings == warnings)
    let told = checked.notes.filter { $0.contains("filter") }
    #expect(told == notes.filter { $0.contains("filter") })
    for note in notes { #expect(checked.notes.contains(note), "\(checked.notes)") }
  }

  @Test("Derived fields that are null, mostly null, or one value in all rows")
  func derived() throws {
    let checked = try Self.check(
      Self.view(
        Self.count, entity: "id",
        #"""
        "derive": { "never": "after(sender, '#')", "seldom": "if(size < 10, size, null)",
                    "always": "length('abc') + 0 * size", "name": "before(sender, '@')" },
        """#))
    #expect(checked.warnings == ["derived field 'never' is null in all of the sample's rows"])
    #expect(
      checked.notes == [
        "derived field 'seldom' is null in 30 of the sample's 40 rows",
        "derived field 'always' is 3 in all of the sample's 40 rows",
        "'2d_N' is 1 for all 40 entities that were asked: nothing is told apart",
      ])
    #expect(checked.derived.map(\.name) == ["never", "seldom", "always", "name"])
  }

  @Test(
    "Keys that are null in all rows, in most, or in some",
    arguments: [
      ("after(sender, '#')", "key field 'k' is null in all of the sample's rows", true),
      (
        "if(size < 10, size, null)",
        "key field 'k' is null in 30 of the sample's 40 rows: these belong to no entity", true
      ),
      (
        "if(size < 30, size, null)",
        "key field 'k' is null in 10 of the sample's 40 rows: these belong to no entity", false
      ),
    ])
  func keys(key: String, text: String, isWarning: Bool) throws {
    let checked = try Self.check(
      Self.view(Self.count, entity: "k", #""derive": { "k": "\#(key)" },"#))
    #expect((isWarning ? checked.warnings : checked.notes).contains(text))
    #expect(checked.warnings.count == (isWarning ? 1 : 0))
  }

  @Test("Features that have one value for all entities are told together, by value")
  func constant() throws {
    let checked = try Self.check(
      Self.view(
        #"""
        "{window}_N": { "count": true, "windows": ["1d"] },
        "{window}_MEAN": { "mean": "score", "windows": ["1d"] },
        "{window}_SD": { "stddev": "score", "windows": ["1d"] },
        "{window}_SKEW": { "skew": "score", "windows": ["1d"] }
        """#, entity: "id"))
    #expect(
      checked.notes == [
        "'1d_N' is 1 for all 40 entities that were asked: nothing is told apart",
        "'1d_SD', '1d_SKEW' are null for all 40 entities that were asked: nothing is told apart",
      ])
  }

  @Test("Bounds that an entity of the sample goes beyond")
  func bounds() throws {
    let checked = try Self.check(
      Self.view(
        #"""
        "{window}_TAGS": { "distinct": "tag", "exactUpTo": 3, "windows": ["2d", "lifetime"] },
        "{window}_TOP": { "topK": "tag", "keep": 2, "windows": ["2d"] },
        "{window}_BY": { "count": true, "by": "tag", "limit": 4, "windows": ["2d", "lifetime"] },
        "{window}_FEW": { "distinct": "spam", "exactUpTo": 2, "windows": ["2d"] }
        """#))
    #expect(
      checked.notes.filter { $0.hasPrefix("one entity") } == [
        "one entity of the sample has 5 values of 'tag'; beyond 3 (exactUpTo) the number is an estimate: "
          + "'lifetime_TAGS'",
        "one entity of the sample has 3 values of 'tag' within 2d; beyond 2 (keep) only some of the values are "
          + "known: '2d_TOP'",
        "one entity of the sample has 5 values of 'tag'; beyond 4 (limit) only a sample of the categories is "
          + "told: 'lifetime_BY'",
      ])
  }

  @Test("Windows that reach further back than events are kept")
  func kept() throws {
    let features = #"""
      "{window}_N": { "count": true, "windows": ["2d", "10d", "30d"] },
      "DOUBLE": { "derive": "30d_N * 2" }
      """#
    let checked = try Self.check(Self.view(features), keep: #", "keep": "10d""#)
    #expect(
      checked.warnings == [
        "'30d_N' reaches further back than stream 'mails' keeps its events (10d): where the view is built from "
          + "kept events, it refuses such answers until the windows are full; keep them for 30d, or ingest the files"
      ])
    let life = Self.view(#""{window}_N": { "count": true, "windows": ["lifetime"] }"#)
    let warning = try #require(try Self.check(life, keep: #", "keep": "10d""#).warnings.first)
    #expect(warning.hasSuffix(#"keep events for ever ("keep": true), or ingest the files"#))
    #expect(try Self.check(Self.view(features), keep: #", "keep": true"#).warnings == [])
    #expect(try Self.check(Self.view(features)).warnings == [])
  }

  @Test("What is large, and what is slow to look up")
  func costs() throws {
    let long = String(repeating: "x", count: 2000)
    let checked = try Self.check(
      Self.view(
        #"""
        "{window}_SCORES": { "distinct": "score", "exactUpTo": 65536, "windows": ["lifetime", "1h"] },
        "{window}_P": { "quantile": "size", "maxBuckets": 65536, "windows": ["2h"] },
        "{window}_TAGS": { "topK": "tag", "windows": ["2h"] },
        "{window}_BY": { "count": true, "by": "tag", "windows": ["50d"] },
        "{window}_N": { "count": true, "windows": ["1000d"] }
        """#, slice: "1h"), mails: Self.mails.replacing(",t39,", with: ",\(long),"))
    let notes = checked.notes.filter { $0 != Self.noSender && !$0.contains("told apart") }
    #expect(
      notes == [
        "'lifetime_SCORES', '1h_SCORES' may take up to 512 KiB for one entity and slice (exactUpTo: 65536, of up "
          + "to 8 bytes each); a smaller 'exactUpTo' bounds it closer",
        "'lifetime_SCORES' reads a block for every 128h of an entity's life (128 slices of 1h): lifetimes over "
          + "longer slices cost a look-up less",
        "'2h_P' may take up to 384 KiB for one entity and slice (maxBuckets: 65536, of up to 6 bytes each); a "
          + "smaller 'maxBuckets' bounds it closer",
        "'2h_TAGS' may take up to 502 KiB for one entity and slice (keep: 256, of up to 2008 bytes each); a "
          + "smaller 'keep' bounds it closer",
        "'50d_BY' may take up to 196 KiB for one entity and slice (limit: 100, of up to 2008 bytes each); a "
          + "smaller 'limit' bounds it closer",
        "'50d_BY' merges up to 1200 wide partials at a look-up (slices of 1h): a longer slice costs less",
        "'1000d_N' merges up to 24000 partials at a look-up (slices of 1h): a longer slice costs less",
      ])
  }

  @Test("All mistakes of all texts are told at once, whichever text has the stream")
  func mistakes() throws {
    let view = #"""
      { "view": "v", "stream": "mails", "derive": { "name": "before(sender, '@')" }, "entity": ["nam"],
        "features": {
          "{window}_N": { "count": true, "by": "tga", "windows": ["2 days"] },
          "{window}_P": { "quantile": "size", "permile": 900, "windows": ["2d"] },
          "R": { "derive": "2d_P / 2d_M" } } }
      """#
    let expected = [
      "view: 1:91 $.entity[0]: stream 'mails' has no field 'nam'; did you mean 'name'?",
      #"view: 3:42 $.features."{window}_N".by: stream 'mails' has no field 'tga'; did you mean 'tag'?"#,
      #"view: 3:61 $.features."{window}_N".windows[0]: '2 days' is no window; write a whole number with m, h, d or w, as in '30d', or 'lifetime'"#,
      #"view: 4:41 $.features."{window}_P".permile: 'permile' is not known here; did you mean 'permille'?"#,
      "view: 5:22 $.features.R.derive: at character 8: there is no field '2d_M'; did you mean '2d_P'?",
    ]
    try withTemporaryDirectory { folder in
      let store = try FeatureStore.open(folder + "/store", .create)
      let stream = DeclarationText(
        name: "stream", text: Array(Self.stream.replacing("KEEP", with: "").utf8))
      let view = DeclarationText(name: "view", text: Array(view.utf8))
      for texts in [[stream, view], [view, stream]] {
        #expect(Self.mistakes(texts, store) == expected)
      }
      _ = try store.register([stream])
      #expect(Self.mistakes([view], store) == expected)
    }
  }

  private static func mistakes(_ texts: [DeclarationText], _ store: FeatureStore) -> [String] {
    do throws(HindcastError) {
      _ = try store.resolve(texts)
      return []
    } catch {
      if case .declarations(let mistakes) = error { return mistakes }
      return ["\(error)"]
    }
  }
}
