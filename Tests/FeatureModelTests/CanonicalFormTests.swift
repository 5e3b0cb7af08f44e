// One text per meaning, its digest, and what a diff says about two declarations.
import FeatureModel
import Testing

@Suite struct CanonicalFormTests {
  static let plain = #"""
    { "view": "v", "stream": "commits", "entity": ["author"], "where": "parents < 2",
      "features": { "{window}_N": { "count": true, "windows": ["7d", "30d"] },
                    "{window}_R": { "distinct": "repo", "windows": ["30d"] } } }
    """#

  static func text(_ declaration: String) throws -> String {
    CanonicalForm.text(try Samples.view(declaration), over: Samples.stream)
  }

  static func diff(_ old: String, _ new: String) throws -> DeclarationDiff {
    try DeclarationDiff(
      from: Samples.view(old), over: Samples.stream, to: Samples.view(new), over: Samples.stream)
  }

  static func changed(_ old: String, _ new: String) throws -> String {
    let range = try #require(plain.firstRange(of: old))
    return plain.replacingCharacters(in: range, with: new)
  }

  @Test("the canonical form of a view, to the letter") func frozenView() throws {
    let expected =
      #"{"view":"v","stream":"commits","entity":["author"],"slice":"1d","where":"parents < 2","features":{"#
      + #""7d_N":{"count":true,"windows":["7d"]},"30d_N":{"count":true,"windows":["30d"]},"#
      + #""30d_R":{"distinct":"repo","exactUpTo":256,"windows":["30d"]}}}"#
    #expect(try Self.text(Self.plain) == expected)
    let digest = CanonicalForm.digest(try Samples.view(Self.plain), over: Samples.stream)
    #expect(digest.description == "xxh128:4ea1f73be2f546918bcf443278609113")
  }

  @Test("the canonical form of a stream, to the letter") func frozenStream() throws {
    let text = CanonicalForm.text(Samples.stream)
    let expected =
      #"{"stream":"commits","fields":{"event_time":"timestamp","arrival_time":"timestamp","event_id":"string","#
      + #""author":"string","repo":"string","parents":"int","lines_added":"int","score":"double","is_bot":"bool","#
      + #""odd name`s":"int"},"eventTime":"event_time","arrivalTime":"arrival_time","id":"event_id"}"#
    #expect(text == expected)
    #expect(try Samples.reader.readStream(text) == Samples.stream)
  }

  @Test(
    "texts that mean the same have one canonical form",
    arguments: [
      #"{"features": {"7d_N": {"windows": "1w", "count": true}, "30d_N": {"windows": ["720h"], "count": true}, "{window}_R": {"exactUpTo": 256, "distinct": "repo", "windows": "30d"}}, "where": "((parents<2.0))", "slice": "24h", "entity": "author", "stream": "commits", "view": "v"}"#,
      #"""
      // Comments and commas.
      { "$schema": "x", "view": "v", /* over */ "stream": "commits", "entity": ["author",], "slice": "1440m",
        "where": "`parents` < 2", "features": { "{window}_N": { "count": true, "windows": ["7d", "30d"], },
        "{window}_R": { "distinct": "repo", "windows": ["30d"] }, }, }
      """#,
    ])
  func equalMeaning(other: String) throws {
    #expect(try Self.text(other) == Self.text(Self.plain))
    #expect(try Self.diff(Self.plain, other).kind == .identical)
  }

  @Test("the canonical form reads back to the same declaration") func roundTrip() throws {
    let view = try Samples.view(Self.changed(#""where""#, #""retention": "8w", "where""#))
    let text = CanonicalForm.text(view, over: Samples.stream)
    let again = try Samples.view(text)
    #expect(CanonicalForm.text(again, over: Samples.stream) == text)
    #expect(again.features == view.features)
    #expect(again.filter == view.filter)
    #expect(again.retention?.slices == 56)
  }

  @Test(
    "a diff says what differs and how much it matters",
    arguments: [
      (
        #""7d", "30d""#, #""7d", "30d", "90d""#, .compatible,
        [#"features."90d_N": added, {"count":true} over 90d"#]
      ),
      (
        #""7d", "30d""#, #""7d""#, .compatible,
        [#"features."30d_N": removed, {"count":true} over 30d"#]
      ),
      (#""7d", "30d""#, #""30d", "7d""#, .compatible, ["features: in another order"]),
      (
        #""features": {"#, #""features": { "{window}_S": { "sum": "score", "windows": "7d" },"#,
        .newAggregation,
        [#"features."7d_S": added, {"sum":"score"} over 7d (not stored yet)"#]
      ),
      (
        "\"windows\": [\"30d\"]", "\"exactUpTo\": 64, \"windows\": [\"30d\"]", .incompatible,
        [
          #"features."30d_R": {"distinct":"repo","exactUpTo":256} -> {"distinct":"repo","exactUpTo":64}"#
        ]
      ),
      (
        #""{window}_N": { "count": true, "windows": ["7d", "30d"] }"#,
        #""7d_N": { "count": true, "windows": "8d" }, "30d_N": { "count": true, "windows": "30d" }"#,
        .incompatible,
        [#"features."7d_N".window: 7d -> 8d"#]
      ),
      ("parents < 2", "parents < 3", .incompatible, ["where: parents < 2 -> parents < 3"]),
      (#""where": "parents < 2","#, "", .incompatible, ["where: parents < 2 -> none"]),
      (
        #"["author"]"#, #"["author", "repo"]"#, .incompatible,
        [#"entity: ["author"] -> ["author","repo"]"#]
      ),
      (#""where""#, #""slice": "12h", "where""#, .incompatible, ["slice: 1d -> 12h"]),
      (#""where""#, #""retention": "90d", "where""#, .incompatible, ["retention: none -> 90d"]),
    ] as [(String, String, DeclarationDiff.Kind, [String])])
  func viewDiff(old: String, new: String, kind: DeclarationDiff.Kind, lines: [String]) throws {
    let diff = try Self.diff(Self.plain, Self.changed(old, new))
    #expect(diff.kind == kind)
    #expect(diff.lines == lines)
    #expect(try Self.text(Self.changed(old, new)) != Self.text(Self.plain))
  }

  @Test("streams may gain fields, and nothing else") func streamDiff() throws {
    let old = Samples.stream
    func diff(_ fields: [StreamDeclaration.Field], _ eventTime: Int = 0, id: Int? = 2)
      -> DeclarationDiff
    {
      let new = StreamDeclaration(
        name: "commits", fields: fields, eventTime: eventTime, arrivalTime: old.arrivalTime, id: id)
      return DeclarationDiff(from: old, to: new)
    }
    #expect(diff(old.fields).kind == .identical)
    let more = diff(old.fields + [.init(name: "x", type: .bool)])
    #expect(more.kind == .compatible && more.lines == ["fields.x: added, bool"])
    let fewer = diff(old.fields.dropLast())
    #expect(fewer.kind == .incompatible && fewer.lines == [#"fields."odd name`s": int -> none"#])
    let clocks = diff(old.fields, 1, id: nil)
    #expect(clocks.kind == .incompatible)
    #expect(clocks.lines == ["eventTime: event_time -> arrival_time", "id: event_id -> none"])
  }

  @Test("a digest grows with its bytes and has one text") func digests() {
    // From `xxhsum -H2` of the same bytes.
    #expect(Digest(of: "").description == "xxh128:99aa06d3014798d86001c324468d497f")
    var digester = Digester()
    #expect(digester.value == Digest(of: ""))
    var bytes: [UInt8] = []
    var random = SeededRandom(71)
    for _ in 0..<200 {
      let more = (0..<Int.random(in: 0..<100, using: &random)).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
      bytes += more
      more.withUnsafeBytes { digester.update($0) }
      #expect(digester.value == bytes.withUnsafeBytes { Digest(of: $0) })
    }
    #expect(Digest(digester.value.description) == digester.value)
    for text in [
      "", "xxh128:", "xxh128:99AA06d3014798d86001c324468d497f",
      "xxh128:+9aa06d3014798d86001c324468d497f",
    ] {
      #expect(Digest(text) == nil)
    }
  }
}
