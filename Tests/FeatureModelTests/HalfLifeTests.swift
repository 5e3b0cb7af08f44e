// Half-lives in declarations: how they are written, what they are refused for, and what difference another
// one makes.
import Aggregates
import FeatureModel
import Testing

@Suite struct HalfLifeTests {
  private static let reader = DeclarationReader(signatures: AggregateCatalog.signatures)

  private static func view(_ feature: String, slice: String = "1d", _ more: String = "") -> String {
    #"{"view": "v", "stream": "commits", "entity": "author", "slice": "\#(slice)", "features": {"X": {\#(feature)}\#(more)}}"#
  }

  private static func read(_ text: String) throws -> ViewDeclaration {
    try reader.readView(text, over: Samples.stream)
  }

  @Test(
    "a half-life has one text, that of its largest unit",
    arguments: [
      (#""decayedCount": true, "halfLife": "1w", "windows": "30d""#, "7d", "1d"),
      (#""halfLife": "24h", "windows": ["30d"], "decayedCount": "repo""#, "1d", "1h"),
      (#""decayedCount": "score", "halfLife": "90m", "windows": "lifetime""#, "90m", "15m"),
      (
        #""decayedCount": true, "by": "repo", "halfLife": "100000d", "windows": "1d""#, "100000d",
        "1d"
      ),
      (
        #""decayedCount": true, "where": "parents = 1", "halfLife": "1d", "windows": "1d""#, "1d",
        "1d"
      ),
    ])
  func canonical(feature: String, text: String, slice: String) throws {
    let view = try Self.read(Self.view(feature, slice: slice))
    #expect(
      view.features[0].aggregation.parameters == ["halfLife": DurationText.milliseconds(text)!])
    #expect(view.features[0].type == (feature.contains("by") ? .string : .double))
    let canonical = CanonicalForm.text(view, over: Samples.stream)
    #expect(canonical.contains(#","halfLife":"\#(text)","#), "\(canonical)")
    let again = try Self.read(canonical)
    #expect(again == view)
    #expect(CanonicalForm.text(again, over: Samples.stream) == canonical)
  }

  @Test(
    "a wrong half-life is told at once, and how it would be right",
    arguments: [
      (
        #""decayedCount": true, "windows": "7d""#,
        ": 'decayedCount' needs 'halfLife', the age at which an event counts half; add \"halfLife\": \"7d\""
      ),
      (
        #""decayedCount": true, "halfLife": "0d", "windows": "7d""#,
        ".halfLife: '0d' is no length of time; write a whole number with m, h, d or w, as in '30d'"
      ),
      (
        #""decayedCount": true, "halfLife": "soon", "windows": "7d""#,
        ".halfLife: 'soon' is no length of time; write a whole number with m, h, d or w, as in '30d'"
      ),
      (
        #""decayedCount": true, "halfLife": 7, "windows": "7d""#,
        ".halfLife: a length of time such as '7d' expected, a string, not a whole number"
      ),
      (
        #""decayedCount": true, "halfLife": "lifetime", "windows": "7d""#,
        ".halfLife: 'lifetime' is no length of time"
      ),
      (
        #""decayedCount": true, "halfLife": "36h", "windows": "7d""#,
        ".halfLife: 36h is not a whole number of slices of 1d; the nearest is 1d or 2d"
      ),
      (
        #""decayedCount": true, "halfLife": "1m", "windows": "7d""#,
        ".halfLife: 1m is not a whole number of slices of 1d; the nearest is 1d"
      ),
      (
        #""decayedCount": true, "halfLife": "100001d", "windows": "7d""#,
        ".halfLife: 'halfLife' has at most 100000 slices, 100001d has 100001; choose a longer slice or a shorter halfLife"
      ),
      (
        #""count": true, "halfLife": "7d", "windows": "7d""#,
        ".halfLife: 'halfLife' is not known here"
      ),
      (
        #""sinceLast": true, "halfLife": "7d", "windows": "7d""#,
        ".halfLife: 'halfLife' is not known here"
      ),
    ])
  func mistakes(feature: String, wanted: String) {
    do throws(DeclarationError) {
      _ = try Self.reader.readView(Self.view(feature), over: Samples.stream)
      Issue.record("read")
    } catch {
      let problems = error.problems.map(\.description)
      #expect(problems.count == 1, "\(problems)")
      #expect(problems.first?.contains("$.features.X\(wanted)") == true, "\(problems)")
    }
  }

  @Test("another half-life under a name is another meaning; under a new name nothing is missing")
  func differences() throws {
    let week = #""decayedCount": true, "halfLife": "7d", "windows": "30d""#
    let day = #""decayedCount": true, "halfLife": "1d", "windows": "30d""#
    let diff = { (new: String) in
      try DeclarationDiff(
        from: Self.read(Self.view(week)), over: Samples.stream, to: Self.read(new),
        over: Samples.stream)
    }
    #expect(
      try diff(Self.view(#""decayedCount": true, "halfLife": "1w", "windows": "30d""#)).kind
        == .identical)
    let changed = try diff(Self.view(day))
    #expect(changed.kind == .incompatible)
    #expect(
      changed.lines == [
        #"features.X: {"decayedCount":true,"halfLife":"7d"} -> {"decayedCount":true,"halfLife":"1d"}"#
      ])
    let added = try diff(Self.view(week, #", "Y": {\#(day)}"#))
    #expect(added.kind == .compatible)
    #expect(
      added.lines == [
        #"features.Y: added, {"decayedCount":true,"halfLife":"1d"} over 30d"#
      ])
  }
}
