// Feature sets in a store: there again after reopening, never redefined, and their features protected.
import FeatureModel
import Rocks
import SliceStore
import TestSupport
import Testing

@Suite struct SetRegistryTests {
  private typealias Member = FeatureSet.Member

  private static let risk = FeatureSet(
    "risk",
    [
      Member(view: "counts", feature: "30d_COUNT"), Member(view: "all", feature: "DISTINCT"),
      Member(view: "counts", feature: "1d_COUNT"),
    ])

  private func withStore(
    _ sets: [FeatureSet] = [Self.risk], _ body: (TestStore) throws -> Void
  ) throws {
    try withTemporaryDirectory { folder in
      let target = try TestStore(
        at: folder + "/store", Fixture.stream, [Fixture.counts, Fixture.everyCodec])
      for set in sets { #expect(try target.store.register(set) == .registered) }
      try body(target)
      target.close()
    }
  }

  private func counts(_ features: String) -> ViewDeclaration {
    Fixture.view(
      """
      {"view": "counts", "stream": "mails", "entity": ["sender"], "slice": "1d",
       "features": {\(features)}}
      """)
  }

  private func record(_ store: Store, _ key: String) throws -> String? {
    try store.database.get(key: Array(key.utf8), in: store.meta)
      .map { String(decoding: $0, as: UTF8.self) }
  }

  @Test func `Sets are there again after reopening, in their order`() throws {
    let small = FeatureSet("a_model", [Member(view: "all", feature: "SUM")])
    try withStore([Self.risk, small]) { target in
      for _ in 0..<2 {
        #expect(target.store.sets.map(\.declaration) == [small, Self.risk])
        #expect(try target.store.set("risk").declaration == Self.risk)
        #expect(try target.store.set("risk").digest == CanonicalForm.digest(Self.risk))
        #expect(try target.store.register(Self.risk) == .unchanged)
        try target.reopen()
      }
      #expect(
        try record(target.store, "set/risk")
          == #"{"set":"risk","features":["counts.30d_COUNT","all.DISTINCT","counts.1d_COUNT"]}"#)
    }
  }

  @Test func `A store without sets opens as before, and an unknown name says what there is`() throws
  {
    try withStore([]) { target in
      try target.reopen()
      #expect(target.store.sets.isEmpty)
      do {
        _ = try target.store.set("risk")
        Issue.record("found")
      } catch { #expect("\(error)" == "the store has no feature set 'risk'; it has none yet") }
      try target.store.register(Self.risk)
      do {
        _ = try target.store.set("rsik")
        Issue.record("found")
      } catch StoreError.unknownSet(let name, let known) {
        let error = StoreError.unknownSet(name, known: known)
        #expect(name == "rsik" && known == ["risk"] && "\(error)".contains("did you mean 'risk'?"))
      }
    }
  }

  @Test func `Another list under the same name is refused with what differs`() throws {
    try withStore { target in
      for (members, line) in [
        (Array(Self.risk.members.reversed()), "features: in another order"),
        (Array(Self.risk.members.dropLast()), #"features."counts.1d_COUNT": removed"#),
        (Self.risk.members + [Member(view: "all", feature: "SUM")], #"features."all.SUM": added"#),
      ] {
        do {
          try target.store.register(FeatureSet("risk", members))
          Issue.record("registered")
        } catch StoreError.redefinition(let name, let differences) {
          #expect(name == "risk" && differences == [line])
        }
      }
      try target.reopen()
      #expect(try target.store.set("risk").declaration == Self.risk)
    }
  }

  @Test func `A set of what is not there, or that could not be read again, is refused`() throws {
    try withStore([]) { target in
      let count = Member(view: "counts", feature: "1d_COUNT")
      for (set, text) in [
        (FeatureSet("s", [Member(view: "conts", feature: "1d_COUNT")]), "did you mean 'counts'?"),
        (FeatureSet("s", [Member(view: "counts", feature: "2d_COUNT")]), "'1d_COUNT'"),
        (FeatureSet("s", []), "at least one feature"), (FeatureSet("s", [count, count]), "twice"),
        (FeatureSet("a b", [count]), "'a b' is no name"),
        (FeatureSet("s", [Member(view: "", feature: "")]), "is no name"),
      ] {
        do {
          try target.store.register(set)
          Issue.record("registered \(set)")
        } catch { #expect("\(error)".contains(text), "\(error)") }
      }
      #expect(target.store.sets.isEmpty)
      try target.reopen()
      #expect(target.store.sets.isEmpty)
    }
  }

  @Test func `A view keeps the features that sets name, and may lose all others`() throws {
    try withStore { target in
      try target.store.register(
        FeatureSet("other", [Member(view: "counts", feature: "30d_COUNT")]))
      let fewer = counts(#""7d_SUBJECTS": {"distinct": "subject", "windows": ["7d"]}"#)
      do {
        try target.store.register(fewer)
        Issue.record("registered")
      } catch StoreError.featuresInUse(let features, let view, let sets) {
        let error = StoreError.featuresInUse(features, view: view, sets: sets)
        #expect(features == ["1d_COUNT", "30d_COUNT"] && view == "counts")
        #expect(sets == ["other", "risk"])
        #expect(
          "\(error)"
            == "view 'counts' cannot lose the features '1d_COUNT', '30d_COUNT': the sets 'other', 'risk' name "
            + "them. Keep what models read, or register the view under a new name")
      }
      #expect(try target.store.view("counts").declaration == Fixture.counts)
      try target.reopen()
      #expect(try target.store.view("counts").declaration == Fixture.counts)
      let enough = counts(
        #""{window}_COUNT": {"count": true, "windows": ["30d", "1d", "2d"]}"#)
      guard case .extended = try target.store.register(enough) else {
        Issue.record("not extended")
        return
      }
    }
  }

  @Test func `Names with dots stay what they were when a view comes that would fit as well`() throws
  {
    try withTemporaryDirectory { folder in
      func view(_ name: String, _ feature: String) -> ViewDeclaration {
        Fixture.view(
          """
          {"view": "\(name)", "stream": "mails", "entity": ["sender"],
           "features": {"\(feature)": {"count": true, "windows": "1d"}}}
          """)
      }
      let target = try TestStore(at: folder + "/store", Fixture.stream, [view("a", "b.c")])
      let set = FeatureSet("s", [Member(view: "a", feature: "b.c")])
      try target.store.register(set)
      try target.store.register(view("a.b", "c"))
      try target.reopen()
      #expect(try target.store.set("s").declaration == set)
      target.close()
    }
  }

  @Test(arguments: [
    "", "{", #"{"set":"risk"}"#,
    #"{"set":"risk","features":["counts.1d_COUNT","counts.1d_COUNT"]}"#,
    #"{"set":"risk","features":["a.b.c"]}"#, #"{"set":"risk","features":["nobody.1d_COUNT"]}"#,
    #"{"view":"risk"}"#,
  ])
  func `A damaged record of a set is named`(value: String) throws {
    try withStore { target in
      try target.store.database.put(
        key: Array("set/risk".utf8), value: Array(value.utf8), in: target.store.meta)
      do {
        try target.reopen()
        Issue.record("opened with \(value)")
      } catch StoreError.damagedMetadata(let key, _) { #expect(key == "set/risk") }
    }
  }

  @Test func `A feature that went while nobody looked at sets is missed by its readers only`()
    throws
  {
    try withStore([]) { target in
      // As an older version leaves it, which passes over records that it does not know.
      let text = #"{"set":"risk","features":["counts.2d_COUNT"]}"#
      try target.store.database.put(
        key: Array("set/risk".utf8), value: Array(text.utf8), in: target.store.meta)
      try target.reopen()
      let member = try target.store.set("risk").declaration.members[0].feature!
      do {
        _ = try target.store.reader(of: member.view, features: [member.feature])
        Issue.record("read")
      } catch { #expect("\(error)".contains("has no feature '2d_COUNT'")) }
      try target.store.register(
        counts(#""{window}_COUNT": {"count": true, "windows": ["1d", "2d"]}"#))
      #expect(try target.store.register(target.store.set("risk").declaration) == .unchanged)
    }
  }

  @Test func `A store for reading only refuses sets`() throws {
    try withStore { target in
      target.close()
      let store = try Store.open(at: target.path, .readOnly, options: testOptions)
      #expect(store.sets.map(\.declaration) == [Self.risk])
      #expect(throws: StoreError.self) { try store.register(Self.risk) }
      store.close()
    }
  }
}
