// What a feature says beside its function (filters, categories, lifetimes): how it is read, what its
// canonical form is, and what is wrong with it.
import FeatureModel
import Testing

@Suite struct ShapeTests {
  static func view(_ feature: String, _ members: String = "") -> String {
    #"{"view": "v", "stream": "commits", "entity": "author", \#(members)"features": {"X": {\#(feature)}}}"#
  }

  @Test(
    "a shape has one canonical form, which reads back to the same",
    arguments: [
      (
        #""sum": "lines_added", "windows": "7d", "where": "((parents<2.0)) and is_bot""#,
        #""sum":"lines_added","where":"parents < 2 and is_bot = true","windows":["7d"]"#
      ),
      (#""count": true, "windows": "lifetime""#, #""count":true,"windows":["lifetime"]"#),
      (
        #""count": true, "by": "repo", "windows": "7d""#,
        #""count":true,"by":"repo","limit":100,"windows":["7d"]"#
      ),
      (
        #""where": "parents = 1", "limit": 3, "by": "is_bot", "max": "score", "windows": ["lifetime"]"#,
        #""max":"score","by":"is_bot","limit":3,"where":"parents = 1","windows":["lifetime"]"#
      ),
    ])
  func canonical(feature: String, wanted: String) throws {
    let view = try Samples.view(Self.view(feature))
    let text = CanonicalForm.text(view, over: Samples.stream)
    #expect(text.hasSuffix(#""features":{"X":{\#(wanted)}}}"#), "\(text)")
    #expect(try Samples.view(text) == view)
    #expect(view.features[0].type == (feature.contains("by") ? .string : .int))
  }

  @Test("filters that differ in their bytes alone are different")
  func bytes() throws {
    let one = try Samples.view(
      Self.view(#""count": true, "where": "repo = '\#u{e9}'", "windows": "7d""#))
    let two = try Samples.view(
      Self.view(#""count": true, "where": "repo = 'e\#u{301}'", "windows": "7d""#))
    #expect(one.features[0].aggregation == one.features[0].aggregation)
    #expect(one.features[0].aggregation != two.features[0].aggregation)
  }

  @Test(
    "a wrong shape is told at once",
    arguments: [
      (
        #""count": true, "where": "parnts < 2", "windows": "7d""#, "",
        "where: at character 1: there is no field 'parnts'; did you mean 'parents'?"
      ),
      (
        #""count": true, "where": "repo < 2", "windows": "7d""#, "",
        "where: at character 8: 'repo' is string: a text in single quotes expected, not a number"
      ),
      (
        #""count": true, "by": "score", "windows": "7d""#, "",
        "by: 'score' is double, and a category needs exact values; these would do: "
      ),
      (
        #""count": true, "by": "rpo", "windows": "7d""#, "",
        "by: stream 'commits' has no field 'rpo'; did you mean 'repo'?"
      ),
      (
        #""mean": "score", "by": "repo", "windows": "7d""#, "",
        "by: 'mean' has no 'by'; these have: count, sum, max"
      ),
      (
        #""max": "repo", "by": "author", "windows": "7d""#, "",
        "by: 'max' of a string has no 'by'; of int, double it has"
      ),
      (
        #""count": true, "by": "repo", "limit": 0, "windows": "7d""#, "",
        "limit: a whole number from 1 to 1000 expected, not 0"
      ),
      (
        #""count": true, "by": "repo", "limit": 1001, "windows": "7d""#, "",
        "limit: a whole number from 1 to 1000 expected, not 1001"
      ),
      (
        #""count": true, "limit": 5, "windows": "7d""#, "",
        "limit: 'limit' says how many categories 'by' keeps, and there is no 'by'"
      ),
      (
        #""count": true, "windows": "lifetime""#, #""retention": "30d", "#,
        "windows: a lifetime needs all slices, and the view keeps those of 30d only; choose a window, or leave out 'retention'"
      ),
      (
        #""count": true, "windows": "lifetme""#, "",
        "windows: 'lifetme' is no window; write a whole number with m, h, d or w, as in '30d', or 'lifetime'"
      ),
    ])
  func mistakes(feature: String, members: String, wanted: String) {
    let problems = Samples.problems(Self.view(feature, members))
    #expect(problems.count == 1, "\(problems)")
    #expect(problems.first?.contains("$.features.X.\(wanted)") == true, "\(problems)")
  }
}
