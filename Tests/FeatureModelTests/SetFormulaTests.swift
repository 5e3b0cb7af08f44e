// What a set computes, as people declare it: names, types, circles and defaults are checked at registration,
// with the place and the way out; and one text per meaning.
import FeatureModel
import Testing

@Suite struct SetFormulaTests {
  private static let views = [
    view("by_author", ["7d_N", "30d_N"]), view("by", ["repo.7d_N", "30d_MAX"]),
    try! Samples.view(
      #"""
      {"view": "texts", "stream": "commits", "entity": "author", "features": {
        "LAST": {"last": "repo", "windows": "7d"}, "SEEN": {"last": "event_time", "windows": "7d"}}}
      """#),
  ]

  private static func view(_ name: String, _ features: [String]) -> ViewDeclaration {
    let members = features.map { #""\#($0)": {"count": true, "windows": "7d"}"# }
    return try! Samples.view(
      #"{"view": "\#(name)", "stream": "commits", "entity": "author", "features": {"#
        + members.joined(separator: ", ") + "}}")
  }

  private static func read(_ text: String) throws(DeclarationError) -> FeatureSet {
    guard case .set(let set)? = try Samples.reader.read(text).first else {
      throw DeclarationError(problems: [.init(path: "$", position: nil, reason: "no set")])
    }
    return try Samples.reader.resolve(set, against: views)
  }

  private static func problems(_ features: String, _ more: String = "") -> [String] {
    do throws(DeclarationError) {
      _ = try read(#"{"set": "s", "features": [\#(features)]\#(more)}"#)
      return []
    } catch { return error.problems.map { "\($0.path): \($0.reason)" } }
  }

  @Test(arguments: [
    (
      #"{"name": "A", "derive": "by_author.7d_M / 2"}"#,
      "$.features[0].derive: view 'by_author' has no feature '7d_M'; did you mean '7d_N'?"
    ),
    (
      #"{"name": "A", "derive": "by_autor.7d_N / 2"}"#,
      "$.features[0].derive: view 'by_autor' is neither registered nor declared beside the set; "
        + "did you mean 'by_author'?"
    ),
    (
      #"{"name": "A", "derive": "30d_MAX / 2"}"#,
      "$.features[0].derive: '30d_MAX' is no member that is derived; did you mean 'by.30d_MAX'?"
    ),
    (
      #"{"name": "SHARE", "derive": "by.30d_MAX"}, {"name": "B", "derive": "SHARES + 1"}"#,
      "$.features[1].derive: 'SHARES' is neither a derived member nor the feature of a view, which is "
        + "VIEW.FEATURE; did you mean 'SHARE'?"
    ),
    (
      #"{"name": "A", "derive": "by.repo.7d_N"}"#,
      "$.features[0].derive: 'by.repo.7d_N' could mean more than one feature: one whose own name, or whose "
        + "view's, has a dot cannot stand in a formula"
    ),
    (
      #"{"name": "A", "derive": "texts.LAST / 2"}"#,
      "$.features[0].derive: at character 12: '/' takes int or double, not string; int(text) or double(text) "
        + "reads a number"
    ),
    (
      #"{"name": "A", "derive": "by.30d_MAX +"}"#,
      "$.features[0].derive: at character 13: a value expected: a field, a number, 'text', a function"
    ),
    (
      #"{"name": "A", "derive": "1 + 1"}"#,
      "$.features[0].derive: a derived member is computed from at least one feature, VIEW.FEATURE"
    ),
    (
      #"{"name": "A", "derive": "A + by.30d_MAX"}"#,
      "$.features[0].derive: 'A' is computed from itself: A from A"
    ),
    (
      #"{"name": "C", "derive": "A"}, {"name": "A", "derive": "B + 1"}, {"name": "B", "derive": "A + 1"}"#,
      "$.features[1].derive: 'A' is computed from itself: A from B from A"
    ),
    (
      #"{"name": "a.b", "derive": "by.30d_MAX"}"#,
      "$.features[0].name: 'a.b' has a dot, and such names mean a view's feature; use _ or -"
    ),
    (
      #"{"name": "A", "derive": "by.30d_MAX"}, {"name": "A", "derive": "by_author.7d_N"}"#,
      "$.features[1]: 'A' is in the set already"
    ),
    (
      #"{"derive": "by.30d_MAX"}"#,
      #"$.features[0]: 'name' is missing; add "name": "SHARE""#
    ),
    (
      #"{"name": "A", "derive": "by.30d_MAX", "view": "by"}"#,
      "$.features[0].view: 'view' is not known here; there are name, derive, default"
    ),
    (
      #"{"feature": "by.30d_MAX", "default": "none"}"#,
      "$.features[0].default: 'by.30d_MAX' is int: a whole number expected, not none"
    ),
    (
      #"{"feature": "by.30d_MAX", "default": 0.5}"#,
      "$.features[0].default: 'by.30d_MAX' is int: a whole number expected, not 0.5"
    ),
    (
      #"{"feature": "by.30d_MAX", "default": null}"#,
      "$.features[0].default: null is what there is without a default; leave it out"
    ),
    (
      #"{"feature": "by.30d_MAX", "default": [1]}"#,
      "$.features[0].default: a value expected, not an array"
    ),
    (
      #"{"feature": "texts.SEEN", "default": "soon"}"#,
      "$.features[0].default: 'texts.SEEN' is timestamp: a time such as '2026-11-22T13:17:02Z', or epoch "
        + "milliseconds, expected, not soon"
    ),
    (
      #"{"name": "A", "derive": "by.30d_MAX / 2", "default": true}"#,
      "$.features[0].default: 'A' is double: a number expected, not true"
    ),
    (
      #"{"feature": "30d_MAX", "default": 0}"#,
      "$.features[0].feature: '30d_MAX' is no feature of a view; write VIEW.FEATURE, as in 'by_sender.30d_N'"
    ),
    (
      #"{"feature": "30d_MAX"}"#,
      "$.features[0].feature: '30d_MAX' is no feature of a view; write VIEW.FEATURE, as in 'by_sender.30d_N'"
    ),
    (
      #"{"feature": "by.30d_MAXI"}"#,
      "$.features[0].feature: view 'by' has no feature '30d_MAXI'; did you mean '30d_MAX'?"
    ),
    (
      "{}",
      #"$.features[0]: 'feature' is missing; add "feature": "by_sender.30d_N""#
    ),
  ])
  func `A mistake in what is computed has its place and the way out`(
    features: String, expected: String
  ) {
    #expect(Self.problems(features).first == expected)
  }

  @Test(arguments: [
    (#"{"bye": {"author": "x"}}"#, "$.keys: the set reads no view 'bye'"),
    (
      #"{"by": {"autor": "x"}}"#,
      "$.keys: view 'by' has no key field 'autor'; did you mean 'author'?"
    ),
    (#"{"by": {"author": ""}}"#, "$.keys: a field has a name"),
    (#"{"by": {"author": 7}}"#, "$.keys.by.author: the name in the spine expected, a string"),
    (#"["by"]"#, "$.keys: other names of key fields by view"),
  ])
  func `A mistake in the key fields' names has its place`(keys: String, expected: String) {
    let problems = Self.problems(#""by.30d_MAX""#, #", "keys": \#(keys)"#)
    #expect(problems.first?.hasPrefix(expected) == true, "\(problems)")
  }

  @Test func `The canonical form of a computed set, to the letter, reads back without its views`()
    throws
  {
    let set = try Self.read(
      #"""
      {"set": "s", "keys": {"by": {"author": "who"}, "by_author": {"author": "author"}}, "features": [
        {"default": 0, "name": "B", "derive": "A+1"}, "by.30d_MAX", {"feature": "by_author.7d_N", "default": 1.0},
        {"derive": "by_author.30d_N/by_author.7d_N", "name": "A"},
        {"view": "texts", "feature": "SEEN", "default": 0}]}
      """#)
    let text = CanonicalForm.text(set)
    #expect(
      text
        == #"{"set":"s","features":[{"name":"B","derive":"A + 1","default":0.0},"by.30d_MAX","#
        + #"{"view":"by_author","feature":"7d_N","default":1},"#
        + #"{"name":"A","derive":"`by_author.30d_N` / `by_author.7d_N`"},"#
        + #"{"view":"texts","feature":"SEEN","default":"1970-01-01T00:00:00Z"}],"#
        + #""keys":{"by":{"author":"who"}}}"#)
    #expect(try Samples.reader.readSet(text) == set)
    #expect(try Self.read(text) == set)
    #expect(!set.isPlain && set.views == ["by", "by_author", "texts"])
    #expect(
      set.reads.map(\.description)
        == ["by.30d_MAX", "by_author.7d_N", "texts.SEEN", "by_author.30d_N"])
  }

  @Test func `Every difference of what is computed is told`() {
    typealias Member = FeatureSet.Member
    func lines(_ new: [Member], keys: [String: [String: String]] = [:]) -> [String] {
      let old = FeatureSet(
        "s", [Member(view: "v", feature: "a", default: .int(0)), Member("D", derive: "v.a")])
      let diff = DeclarationDiff(from: old, to: FeatureSet("s", new, keys: keys))
      #expect(diff.lines.isEmpty == (diff.kind == .identical))
      return diff.lines
    }
    let a = Member(view: "v", feature: "a", default: .int(0))
    let d = Member("D", derive: "v.a")
    #expect(lines([a, d]) == [])
    #expect(
      lines([Member(view: "v", feature: "a"), d]) == [#"features."v.a".default: 0 -> none"#])
    #expect(lines([a, Member("D", derive: "v.b")]) == ["features.D.derive: v.a -> v.b"])
    #expect(lines([d, a]) == ["features: in another order"])
    #expect(lines([a]) == ["features.D: removed"])
    #expect(lines([a, d], keys: ["v": ["x": "y"]]) == ["keys.v.x: none -> y"])
  }

  @Test func `A set cut anywhere, or with any byte changed, is read or refused in order`() {
    let text = Array(
      #"""
      {"set": "s", "features": [{"name": "A", "derive": "by.30d_MAX / 2", "default": 0},
       {"feature": "by_author.7d_N", "default": 1}], "keys": {"by": {"author": "who"}}}
      """#.utf8)
    func read(_ bytes: [UInt8]) -> FeatureSet? {
      try? Self.read(String(decoding: bytes, as: UTF8.self))
    }
    #expect(read(text) != nil)
    var random = SeededRandom(91)
    for length in 0..<text.count { #expect(read(Array(text[..<length])) == nil) }
    for _ in 0..<3000 {
      var bytes = text
      bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(
        in: 0x20...0x7E, using: &random)
      if let set = read(bytes) { #expect(read(Array(CanonicalForm.text(set).utf8)) == set) }
    }
  }
}
