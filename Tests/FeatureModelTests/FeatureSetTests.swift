// Feature sets as people declare them: every mistake with its place and the way out, one text per meaning,
// and what a diff says of two lists.
import FeatureModel
import Testing

@Suite struct FeatureSetTests {
  /// Two views whose names share a beginning, so that a dot can stand for two things.
  private static let views = [
    view("by_author", ["7d_N", "30d_N"]), view("by", ["repo.7d_N", "30d_MAX"]),
    view("by.repo", ["7d_N", "30d_R"]),
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

  private static func problems(_ text: String) -> [String] {
    do throws(DeclarationError) {
      _ = try read(text)
      return []
    } catch { return error.problems.map(\.description) }
  }

  private static func set(_ features: String) -> String {
    #"{"set": "risk", "features": \#(features)}"#
  }

  @Test func `A set keeps the order in which its features are declared`() throws {
    let text = """
      // One model's features.
      { "$schema": "x", "set": "risk", /* in order */
        "features": ["by_author.30d_N", "by.30d_MAX", "by_author.7d_N", "by.repo.30d_R",
          {"view": "by.repo", "feature": "7d_N"}, {"view": "by", "feature": "repo.7d_N"},], }
      """
    let set = try Self.read(text)
    #expect(set.name == "risk")
    #expect(
      set.members.map { $0.feature?.view } == [
        "by_author", "by", "by_author", "by.repo", "by.repo", "by",
      ])
    #expect(
      set.members.map { $0.feature?.feature } == [
        "30d_N", "30d_MAX", "7d_N", "30d_R", "7d_N", "repo.7d_N",
      ])
    #expect(set.members[3].description == "by.repo.30d_R")
  }

  @Test(arguments: [
    (
      "{}",
      "1:29 $.features: the features expected, an array such as [\"by_sender.30d_N\"], not an object"
    ),
    (
      #""by_author.7d_N""#,
      "1:29 $.features: the features expected, an array such as [\"by_sender.30d_N\"], not a string"
    ),
    ("[]", "1:29 $.features: a set has at least one feature"),
    (
      "[7]",
      "1:30 $.features[0]: a feature expected, VIEW.FEATURE as in 'by_sender.30d_N', not a whole number"
    ),
    (
      #"["7d_N"]"#,
      "1:30 $.features[0]: '7d_N' is no feature of a view; write VIEW.FEATURE, as in 'by_sender.30d_N'"
    ),
    (
      #"["by_author:7d_N"]"#,
      "1:30 $.features[0]: 'by_author:7d_N' is no feature of a view; write VIEW.FEATURE, as in 'by_sender.30d_N'"
    ),
    (
      #"["by_author."]"#,
      "1:30 $.features[0]: 'by_author.' is no feature of a view; write VIEW.FEATURE, as in 'by_sender.30d_N'"
    ),
    (
      #"["by_author.7d_N", "by_autor.7d_N"]"#,
      "1:48 $.features[1]: view 'by_autor' is neither registered nor declared beside the set; did you mean 'by_author'?"
    ),
    (
      #"["sessions.7d_N"]"#,
      "1:30 $.features[0]: view 'sessions' is neither registered nor declared beside the set; there are by, by.repo, by_author"
    ),
    (
      #"["by_author.30d_M"]"#,
      "1:30 $.features[0]: view 'by_author' has no feature '30d_M'; did you mean '30d_N'?"
    ),
    (
      #"["by_author.7d_N", "by_author.7d_N"]"#,
      "1:48 $.features[1]: 'by_author.7d_N' is in the set already"
    ),
    (
      #"["by_author.7d_N", {"view": "by_author", "feature": "7d_N"}]"#,
      "1:48 $.features[1]: 'by_author.7d_N' is in the set already"
    ),
    (
      #"["by.repo.30d_R", {"view": "by.repo", "feature": "30d_R"}]"#,
      "1:47 $.features[1]: 'by.repo.30d_R' is in the set already"
    ),
    (
      #"["by.repo.7d_N"]"#,
      "1:30 $.features[0]: this is the feature 'repo.7d_N' of view 'by', and '7d_N' of view 'by.repo'; write which as { \"view\": \"by\", \"feature\": \"repo.7d_N\" }"
    ),
    (
      #"[{"view": "by_author"}]"#,
      "1:30 $.features[0]: 'feature' is missing; add \"feature\": \"30d_N\""
    ),
    (
      #"[{"view": "by_author", "feature": "30d M"}]"#,
      "1:63 $.features[0].feature: '30d M' is no feature name; it is made of letters, digits, _ . and -"
    ),
    (
      #"[{"view": "by_author", "feature": "30d_M"}]"#,
      "1:63 $.features[0].feature: view 'by_author' has no feature '30d_M'; did you mean '30d_N'?"
    ),
    (
      #"[{"view": "by_autor", "feature": "30d_N"}]"#,
      "1:39 $.features[0].view: view 'by_autor' is neither registered nor declared beside the set; did you mean 'by_author'?"
    ),
    (
      #"[{"view": "by_author", "feature": "7d_N", "keys": {}}]"#,
      "1:71 $.features[0].keys: 'keys' is not known here; there are view, feature, default"
    ),
    (
      #"["by_author.7d_N"], "name": 1"#,
      "1:49 $.name: 'name' is not known here; there are set, features, keys"
    ),
    (
      #"["by_author.7d_N"], "stream": "commits""#,
      "1:49 $.stream: 'stream' is not known here; there are set, features, keys"
    ),
  ])
  func `A mistake in a set has its place and the way out`(features: String, expected: String) {
    #expect(Self.problems(Self.set(features)).first == expected)
  }

  @Test(arguments: [
    (
      #"{"set": "a b", "features": ["by.30d_MAX"]}"#,
      "1:9 $.set: 'a b' is no name; a letter or _ comes first, then letters, digits, _ . and -"
    ),
    (
      #"{"set": "risk"}"#,
      "1:1 $: 'features' is missing; add \"features\": [\"by_sender.30d_N\"], each a VIEW.FEATURE"
    ),
    (
      #"{"set": "risk", "fields": ["by.30d_MAX"]}"#,
      "1:1 $: 'features' is missing; add \"features\": [\"by_sender.30d_N\"], each a VIEW.FEATURE"
    ),
    (
      #"[{"set": "a", "features": ["by.30d_MAX"]}, {"set": "a", "features": ["by.30d_MAX"]}]"#,
      "1:52 $[1].set: the set 'a' is declared twice in this text"
    ),
  ])
  func `A mistake beside the features is told as well`(text: String, expected: String) {
    #expect(Self.problems(text).first == expected)
  }

  @Test func `Every mistake of a set is reported, in the order of the text`() {
    let text = #"["by_autor.7d_N", "by_author.7d_N", "by_author.8d_N", "by_author.7d_N"]"#
    let places = Self.problems(Self.set(text)).map { $0.split(separator: " ")[1] }
    #expect(places == ["$.features[0]:", "$.features[2]:", "$.features[3]:"])
  }

  @Test func `A set cut anywhere, or with any byte changed, is read or refused in order`() {
    let text = Array(Self.set(#"["by_author.7d_N", {"view": "by", "feature": "30d_MAX"}]"#).utf8)
    #expect(Self.problems(String(decoding: text, as: UTF8.self)) == [])
    var random = SeededRandom(73)
    for length in 0..<text.count {
      #expect(!Self.problems(String(decoding: text[..<length], as: UTF8.self)).isEmpty)
    }
    for _ in 0..<3000 {
      var bytes = text
      bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(
        in: 0x20...0x7E, using: &random)
      _ = Self.problems(String(decoding: bytes, as: UTF8.self))
    }
  }

  @Test func `The canonical form of a set, to the letter, reads back without its views`() throws {
    let set = try Self.read(
      #"{"features": [{"feature": "30d_N", "view": "by_author"}, "by.repo.30d_R"], "set": "risk"}"#)
    let text = CanonicalForm.text(set)
    // With a second dot the text alone would not say whose feature is meant, whatever views come later.
    #expect(
      text
        == #"{"set":"risk","features":["by_author.30d_N",{"view":"by.repo","feature":"30d_R"}]}"#)
    #expect(CanonicalForm.digest(set).description == "xxh128:53d9568eec5b33690b2ec5d18be4a956")
    #expect(CanonicalForm.digest(set) == Digest(of: text))
    #expect(try Samples.reader.readSet(text) == set)
    #expect(try Self.read(text) == set)
    let whole = #"{"set": "risk", "features": [{"feature": "by_author.30d_N"}, "by.repo.30d_R"]}"#
    #expect(CanonicalForm.text(try Self.read(whole)) == text)
    for other in [Self.set(#"["by.repo.30d_R"]"#), MistakeTests.good, "[\(text), \(text)]"] {
      #expect(throws: DeclarationError.self) { try Samples.reader.readSet(other) }
    }
  }

  @Test func `Any difference between two sets of one name would mislead a model`() {
    typealias Member = FeatureSet.Member
    let (a, b, c) = (
      Member(view: "v", feature: "a"), Member(view: "v", feature: "b"),
      Member(view: "w", feature: "a")
    )
    func lines(_ old: [Member], _ new: [Member]) -> [String] {
      let diff = DeclarationDiff(from: FeatureSet("s", old), to: FeatureSet("s", new))
      #expect(diff.kind == (old == new ? .identical : .incompatible))
      return diff.lines
    }
    #expect(lines([a, b], [a, b]) == [])
    #expect(lines([a, b], [a, b, c]) == [#"features."w.a": added"#])
    #expect(lines([a, b], [b]) == [#"features."v.a": removed"#])
    #expect(lines([a, b], [b, a]) == ["features: in another order"])
    #expect(
      lines([a, b], [c, b, a]) == [#"features."w.a": added"#, "features: in another order"])
  }
}
