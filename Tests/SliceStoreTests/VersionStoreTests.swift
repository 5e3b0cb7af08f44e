// Versions of a view in the store: whatever is registered silently, promoted, taken back and dropped, in any
// order and over restarts, each version answers what a view of its own declaration answers, under the name that
// a list of names and numbers says it has.
import Aggregates
import FeatureModel
import SliceStore
import TestSupport
import Testing

@Suite struct VersionStoreTests {
  private static let stream = Fixture.stream.keeping(.forever)

  /// The same view for other events.
  private static func version(_ least: Int) -> ViewDeclaration {
    Fixture.view(
      """
      {"view": "counts", "stream": "mails", "entity": ["sender"], "slice": "1d", "where": "bytes >= \(least)",
       "features": {"{window}_COUNT": {"count": true, "windows": ["1d", "30d"]}}}
      """, over: stream)
  }

  /// What stands, as a list.
  private struct Naive {
    var serving: (number: Int, least: Int)?
    var beside: [(number: Int, least: Int, silent: Bool)] = []
    var latest = 0

    var names: [(name: String, least: Int)] {
      (serving.map { [("counts", $0.least), ("counts@\($0.number)", $0.least)] } ?? [])
        + beside.map { ("counts@\($0.number)", $0.least) }
    }
  }

  @Test(arguments: TestRounds.seeds(20))
  func `Each version answers under its name, whatever was promoted`(seed: UInt64) throws {
    try withTemporaryDirectory { folder in
      var random = SplitMix64(seed)
      let target = try TestStore(at: folder + "/store", Self.stream, [Self.version(0)])
      var naive = Naive(serving: (1, 0), latest: 1)
      var bytes: [Int64] = []
      let start = Timestamp.at("2024-03-01")
      for step in 0..<40 {
        switch random.below(6) {
        case 0, 1:
          let values = (0..<random.below(9)).map { _ in Int64(random.below(50)) }
          try target.append(values.map { Fixture.row(start, "a", bytes: $0) })
          bytes += values
        case 2 where naive.beside.count < 4:
          let least = 1 + step
          let view = Self.version(least)
          let name = try #require(try target.store.silentName(for: view, over: Self.stream))
          try target.store.register(view.named(name), silent: true)
          try target.store.build(name)
          naive.latest += 1
          #expect(name == "counts@\(naive.latest)", "seed \(seed)")
          naive.beside.append((naive.latest, least, true))
        case 3 where !naive.beside.isEmpty:
          let place = random.below(naive.beside.count)
          let chosen = naive.beside[place]
          let silencing = random.chance(50)
          try target.store.promote("counts@\(chosen.number)", silencing: silencing)
          naive.beside.remove(at: place)
          if let old = naive.serving { naive.beside.append((old.number, old.least, silencing)) }
          naive.serving = (chosen.number, chosen.least)
        case 4 where !naive.beside.isEmpty:
          let gone = naive.beside.remove(at: random.below(naive.beside.count))
          try target.store.drop(view: "counts@\(gone.number)")
        default: try target.reopen()
        }
        for (name, least) in naive.names {
          let values = try target.answer(name, ["a"], at: .at("2024-03-02"), .corrected)
          let count = bytes.count { $0 >= least }
          #expect(values == [.int(Int64(count)), .int(Int64(count))], "seed \(seed), \(name)")
        }
        let standing = target.store.views.map(\.declaration.name)
        #expect(standing.count == naive.beside.count + 1, "seed \(seed)")
        for version in naive.beside {
          let found = target.store.standing(of: "counts@\(version.number)")
          #expect(found.isSilent == version.silent && found.version == version.number)
          #expect(found.deprecation == nil || !version.silent)
        }
      }
      #expect(try target.store.verify().defects == [], "seed \(seed)")
      target.close()
    }
  }

  @Test func `A silent version grows in place, and is a new one where it would have to be built`()
    throws
  {
    try withTemporaryDirectory { folder in
      let target = try TestStore(at: folder + "/store", Self.stream, [Self.version(0)])
      try target.append([Fixture.row(.at("2024-03-01"), "a", bytes: 5)])
      func name(_ text: String) throws -> String? {
        let view = Fixture.view(
          """
          {"view": "counts", "stream": "mails", "entity": ["sender"], "where": "bytes >= 1",
           "features": {\(text)}}
          """, over: Self.stream)
        guard let name = try target.store.silentName(for: view, over: Self.stream) else {
          return nil
        }
        try target.store.register(view.named(name), silent: true)
        try target.store.build(name)
        return name
      }
      let count = #""N": {"count": true, "windows": ["1d"]}"#
      let longer = #""N_7": {"count": true, "windows": ["7d"]}"#
      #expect(try name(count) == "counts@2")
      #expect(try name(count) == "counts@2")
      #expect(try name("\(count), \(longer)") == "counts@2")
      #expect(target.store.views.count == 2)
      #expect(try name(#"\#(count), "S": {"sum": "bytes", "windows": ["1d"]}"#) == "counts@3")
      #expect(try target.store.silentName(for: Self.version(0), over: Self.stream) == nil)
      let other = Fixture.view(
        """
        {"view": "counts", "stream": "mails", "entity": ["subject"], "features": {\(count)}}
        """, over: Self.stream)
      #expect(throws: StoreError.self) {
        try target.store.silentName(for: other, over: Self.stream)
      }
      #expect(throws: StoreError.self) { try target.store.register(Self.version(3).named("x@2")) }
      #expect(throws: StoreError.self) {
        try target.store.register(Self.version(3), silent: true)
      }
      target.close()
    }
  }

  @Test func `A set's features stay, and a replacement takes the next number`() throws {
    try withTemporaryDirectory { folder in
      let target = try TestStore(at: folder + "/store", Self.stream, [Self.version(0)])
      try target.append([Fixture.row(.at("2024-03-01"), "a", bytes: 5)])
      try target.store.register(
        FeatureSet("model", [.init(view: "counts", feature: "30d_COUNT")]))
      let short = Fixture.view(
        """
        {"view": "counts", "stream": "mails", "entity": ["sender"], "where": "bytes > 1",
         "features": {"1d_COUNT": {"count": true, "windows": ["1d"]}}}
        """, over: Self.stream)
      try target.store.register(short.named("counts@2"), silent: true)
      try target.store.build("counts@2")
      #expect(throws: StoreError.self) { try target.store.promote("counts@2") }
      #expect(try target.store.register(Self.version(7), replacing: true).name == "building")
      try target.store.build("counts")
      #expect(target.store.standing(of: "counts").version == 3)
      try target.reopen()
      #expect(target.store.standing(of: "counts").version == 3)
      #expect(try target.store.view("counts@3").declaration.name == "counts")
      #expect(throws: StoreError.self) { try target.store.view("counts@1") }
      target.close()
    }
  }

  @Test func `Deprecations are kept, and so are the look-ups that were counted`() throws {
    try withTemporaryDirectory { folder in
      let target = try TestStore(at: folder + "/store", Self.stream, [Self.version(0)])
      try target.store.deprecate("counts", reason: "old")
      try target.store.deprecate("counts.1d_COUNT")
      try target.store.noteUses([("counts", 3), ("counts.1d_COUNT", 1)], last: .at("2026-01-05"))
      try target.store.noteUses([("counts", 4)], last: .at("2026-01-06"))
      try target.reopen()
      let found = target.store.deprecations(of: "counts").map(\.subject.description)
      #expect(found == ["counts", "counts.1d_COUNT"])
      #expect(target.store.use(of: "counts")?.lookups == 7)
      #expect(throws: StoreError.self) { try target.store.deprecate("counts.2d_COUNT") }
      #expect(throws: StoreError.self) {
        try target.store.deprecate("counts", reason: String(repeating: "x", count: 2000))
      }
      try target.store.undeprecate("counts.1d_COUNT")
      let note = try #require(try target.store.drop(view: "counts"))
      #expect(note.contains("old; 7 look-ups since, the last at 2026-01-06T00:00:00Z"))
      try target.reopen()
      #expect(target.store.use(of: "counts") == nil)
      #expect(target.store.standing(of: "counts").deprecation == nil)
      target.close()
    }
  }

  @Test func `A lifetime over events that are gone is refused, by a replacement too`() throws {
    try withTemporaryDirectory { folder in
      let stream = Fixture.stream.keeping(.milliseconds(10 * 86_400_000))
      let target = try TestStore(at: folder + "/store", stream, [])
      for day in 0..<40 {
        try target.append([
          Fixture.row(Timestamp.at("2024-03-01").advanced(by: Int64(day) * 86_400_000), "a")
        ])
      }
      try target.store.seal("mails", at: Timestamp.at("2024-04-10"))
      try target.store.register(Self.version(0))
      try target.store.build("counts")
      let forever = Fixture.view(
        """
        {"view": "counts", "stream": "mails", "entity": ["sender"], "where": "bytes > 1",
         "features": {"{window}_N": {"count": true, "windows": ["lifetime"]}}}
        """, over: stream)
      for (view, replacing) in [(forever, true), (forever.named("ever"), false)] {
        #expect {
          try target.store.register(view, replacing: replacing)
        } throws: { "\($0)".contains("over a lifetime") && "\($0)".contains("2024-03-30") }
      }
      target.close()
    }
  }

  @Test func `A derived field that nothing needs may go, and one that is stored may not`() throws {
    try withTemporaryDirectory { folder in
      func view(_ derived: String, _ features: String) -> ViewDeclaration {
        Fixture.view(
          """
          {"view": "v", "stream": "mails", "entity": ["sender"], \(derived) "features": {
            "N": {"count": true, "windows": ["1d"]}\(features)}}
          """)
      }
      let derived = #""derive": {"kilo": "bytes / 1000", "mega": "kilo / 1000"},"#
      let target = try TestStore(at: folder + "/store", Fixture.stream, [view(derived, "")])
      #expect(try target.store.register(view("", "")).name == "extended")
      // Back, and in use: by a feature, through another field.
      try target.store.drop(view: "v")
      let sum = #", "S": {"sum": "mega", "windows": ["1d"]}"#
      try target.store.register(view(derived, sum))
      #expect(throws: StoreError.self) { try target.store.register(view("", "")) }
      // Not in use any more, but its partials are stored.
      #expect(try target.store.register(view(derived, "")).name == "extended")
      #expect {
        try target.store.register(view("", ""))
      } throws: { "\($0)".contains("partials of a former feature") }
      try target.reopen()
      #expect(target.store.views.count == 1)
      target.close()
    }
  }
}
