// Computed members of sets in a store: there again after reopening, checked against the views as they are, and
// what their formulas read is protected like what a set lists.
import FeatureModel
import SliceStore
import TestSupport
import Testing

@Suite struct SetFormulaRegistryTests {
  private typealias Member = FeatureSet.Member

  private static let shares = FeatureSet(
    "shares",
    [
      Member("SHARE", derive: "counts.1d_COUNT/counts.30d_COUNT", default: .int(0)),
      Member(view: "all", feature: "SUM", default: .int(-1)),
      Member("MORE", derive: "SHARE > 0.5"),
    ], keys: ["all": ["sender": "who"], "counts": ["sender": "sender"]])

  private static let canonical =
    #"{"set":"shares","features":[{"name":"SHARE","derive":"`counts.1d_COUNT` / `counts.30d_COUNT`","#
    + #""default":0.0},{"view":"all","feature":"SUM","default":-1"#

  private func withStore(_ body: (TestStore) throws -> Void) throws {
    try withTemporaryDirectory { folder in
      let target = try TestStore(
        at: folder + "/store", Fixture.stream, [Fixture.counts, Fixture.everyCodec])
      try body(target)
      target.close()
    }
  }

  private func refusal(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "nothing was refused"
    } catch { return "\(error)" }
  }

  @Test func `A set that computes is there again after reopening, in its canonical form`() throws {
    try withStore { target in
      #expect(try target.store.register(Self.shares) == .registered)
      for _ in 0..<2 {
        let set = try target.store.set("shares").declaration
        #expect(CanonicalForm.text(set).hasPrefix(Self.canonical), "\(CanonicalForm.text(set))")
        #expect(try target.store.register(set) == .unchanged)
        #expect(try target.store.register(Self.shares) == .unchanged)
        let shape = try target.store.shape(of: set)
        #expect(shape.types == [.double, .int, .bool])
        #expect(Set(shape.keyFields) == ["sender", "who"])
        try target.reopen()
      }
    }
  }

  @Test func `What formulas read is neither dropped nor lost`() throws {
    try withStore { target in
      try target.store.register(Self.shares)
      let drop = refusal { try target.store.drop(view: "counts") }
      #expect(drop.contains("feature set 'shares' names it. Drop the set first"))
      let fewer = Fixture.view(
        """
        {"view": "counts", "stream": "mails", "entity": ["sender"], "slice": "1d",
         "features": {"1d_COUNT": {"count": true, "windows": ["1d"]}}}
        """)
      #expect(
        refusal { try target.store.register(fewer) }.contains(
          "view 'counts' cannot lose the feature '30d_COUNT': the set 'shares' names it"))
      let texts = Fixture.view(
        """
        {"view": "counts", "stream": "mails", "entity": ["sender"], "slice": "1d",
         "features": {"1d_COUNT": {"last": "subject", "windows": ["1d"]},
           "30d_COUNT": {"count": true, "windows": ["30d"]}}}
        """)
      #expect(
        refusal { try target.store.register(texts, replacing: true) }.contains(
          "view 'counts' cannot change so: feature set 'shares' would not fit it any more, 'SHARE': "
            + "at character 19: '/' takes int or double, not string"))
      try target.store.drop(set: "shares")
      try target.store.drop(view: "counts")
    }
  }

  @Test(arguments: [
    (Member("A", derive: "nobody.1d_COUNT + 1"), "no view 'nobody'"),
    (Member("A", derive: "counts.2d_COUNT + 1"), "'counts' has no feature '2d_COUNT'"),
    (Member("A", derive: "B + counts.1d_COUNT"), "'A': 'B' is neither a derived member"),
    (Member("A", derive: "counts.1d_COUNT +"), "a value expected"),
    (Member("a.b", derive: "counts.1d_COUNT"), "'a.b' has a dot"),
    (Member("", derive: "counts.1d_COUNT"), "is no feature name"),
    (Member("A", derive: "counts.1d_COUNT", default: .string("x")), "a whole number expected"),
    (Member(view: "counts", feature: "1d_COUNT", default: .null), "null"),
  ])
  func `What could not be computed is refused`(member: FeatureSet.Member, text: String) throws {
    try withStore { target in
      let refusal = refusal { try target.store.register(FeatureSet("s", [member])) }
      #expect(refusal.contains(text), "\(refusal)")
      #expect(target.store.sets.isEmpty)
    }
  }
}
