// Derived fields and features in a store: as keys, inputs and conditions, through both ways of ingestion, after
// reopening, and when declarations change.
import FeatureModel
import SliceStore
import TestSupport
import Testing

@Suite struct DerivationTests {
  private static func view(_ features: String, derive: String = "") -> ViewDeclaration {
    Fixture.view(
      """
      {"view": "domains", "stream": "mails", "entity": ["domain"],
       "derive": {"domain": "lower(after(sender, '@'))", "half": "bytes / 2"\(derive)},
       "where": "half > 1 and domain != 'x'", "features": {
        "{window}_N": {"count": true, "windows": ["7d", "30d"]},
        "30d_HALF": {"sum": "half", "windows": ["30d"]}\(features)}}
      """)
  }

  private static let ratio = #", "RATIO": {"derive": "7d_N / 30d_N"}"#

  private static let rows = [
    Fixture.row(.at("2024-02-10"), "ann@A.org", bytes: 3),
    Fixture.row(.at("2024-03-01"), "bob@a.org", bytes: 5),
    Fixture.row(.at("2024-03-01"), "bob@a.org", bytes: 1),
    Fixture.row(.at("2024-03-01"), "bob@x", bytes: 9),
    Fixture.row(.at("2024-03-01"), "bob", bytes: 9),
    Fixture.row(.at("2024-03-01"), "bob@a.org", bytes: nil),
  ]

  private func withStore(
    _ view: ViewDeclaration, _ body: (TestStore) throws -> Void
  ) throws {
    try withTemporaryDirectory { folder in
      let target = try TestStore(at: folder + "/store", Fixture.stream, [view])
      try body(target)
      target.close()
    }
  }

  @Test func `A derived key, input and condition count as declared fields do`() throws {
    try withStore(Self.view(Self.ratio)) { target in
      try target.append(Self.rows)
      for _ in 0..<2 {
        let values = try target.answer("domains", ["a.org"], at: .at("2024-03-03"))
        #expect(values == [.int(1), .int(2), .double(4), .double(0.5)])
        let nobody = try target.answer("domains", ["x"], at: .at("2024-03-03"))
        #expect(nobody == [.int(0), .int(0), .double(0), .null])
        try target.reopen()
      }
    }
  }

  @Test func `A bulk load computes the same`() throws {
    try withStore(Self.view(Self.ratio)) { target in
      let view = try target.store.view("domains")
      let loader = try target.store.bulkLoader(for: "mails", views: [view], workers: 1)
      _ = loader.add(Fixture.batch(Self.rows), worker: 0)
      try loader.commit(positions: [])
      let values = try target.answer("domains", ["a.org"], at: .at("2024-03-03"))
      #expect(values == [.int(1), .int(2), .double(4), .double(0.5)])
    }
  }

  @Test func `A derived feature alone reads what it stands on, in any order and twice`() throws {
    try withStore(Self.view(Self.ratio + #", "MORE": {"derive": "RATIO + 1"}"#)) { target in
      try target.append(Self.rows)
      let key = EntityKey(parts: ["a.org"])
      for (names, expected) in [
        (["MORE"], [Value.double(1.5)]),
        (["RATIO", "7d_N", "RATIO"], [.double(0.5), .int(1), .double(0.5)]),
      ] {
        let reader = try target.store.reader(of: "domains", features: names)
        #expect(try reader.answer(key, at: .at("2024-03-03")) == expected)
      }
    }
  }

  @Test func `Derived features come and go at once, and keep their meaning`() throws {
    try withStore(Self.view("")) { target in
      try target.append(Self.rows)
      guard case .extended(let lines) = try target.store.register(Self.view(Self.ratio)) else {
        Issue.record("not extended")
        return
      }
      #expect(lines == [#"features.RATIO: added, {"derive":"`7d_N` / `30d_N`"}"#])
      let values = try target.answer("domains", ["a.org"], at: .at("2024-03-03"))
      #expect(values.last == .double(0.5))
      let other = Self.view(#", "RATIO": {"derive": "7d_N - 30d_N"}"#)
      #expect(throws: StoreError.self) { try target.store.register(other) }
      #expect(try target.store.register(Self.view("")) != .unchanged)
    }
  }

  @Test func `An extended stream keeps derived fields, and may not take their names`() throws {
    try withStore(Self.view(Self.ratio)) { target in
      let extended = { (name: String) in
        StreamDeclaration(
          name: "mails", fields: Fixture.stream.fields + [.init(name: name, type: .int)],
          eventTime: 0, arrivalTime: 1, id: nil)
      }
      #expect(throws: StoreError.self) { try target.store.register(extended("domain")) }
      try target.store.register(extended("more"))
      try target.append(Self.rows.map { $0 + [.int(1)] })
      let values = try target.answer("domains", ["a.org"], at: .at("2024-03-03"))
      #expect(values == [.int(1), .int(2), .double(4), .double(0.5)])
    }
  }

  @Test func `A field that a view derived once is no stream's, and the store opens again`() throws {
    let view = { (derived: String) in
      Fixture.view(
        """
        {"view": "v", "stream": "mails", "entity": ["sender"], "derive": {\(derived)},
         "features": {"7d_N": {"count": true, "windows": ["7d"]}}}
        """)
    }
    try withTemporaryDirectory { folder in
      let target = try TestStore(
        at: folder + "/store", Fixture.stream, [view(#""u": "bytes + 1", "w": "string(bytes)""#)])
      #expect(try target.store.register(view(#""u": "bytes + 1""#)) != .unchanged)
      let taken = StreamDeclaration(
        name: "mails", fields: Fixture.stream.fields + [.init(name: "w", type: .double)],
        eventTime: 0, arrivalTime: 1, id: nil)
      #expect(throws: StoreError.self) { try target.store.requireRegistrable(taken) }
      #expect(throws: StoreError.self) { try target.store.register(taken) }
      try target.reopen()
      #expect(target.store.views.map(\.declaration.name) == ["v"])
      target.close()
    }
  }

  @Test func `A derived feature has no slices to explain, and says what has`() throws {
    try withStore(Self.view(Self.ratio)) { target in
      let reader = try target.store.reader(of: "domains", features: ["RATIO"])
      let error = #expect(throws: StoreError.self) {
        try reader.explain(0, EntityKey(parts: ["a.org"]), at: .at("2024-03-03"))
      }
      #expect("\(error!)".contains("explain 7d_N, 30d_N"))
    }
  }
}
