// What may be registered over what, and that a store opens again as it was closed.
import FeatureModel
import SliceStore
import TestSupport
import Testing

@Suite struct RegistryTests {
  private static let sums = Fixture.view(
    """
    {"view": "sums", "stream": "mails", "entity": ["sender"], "where": "bytes > 0", "features": {
      "{window}_MEAN": {"mean": "score", "windows": ["7d"]}}}
    """)
  private static let rows = [
    Fixture.row(.at("2024-03-01"), "a", score: 1), Fixture.row(.at("2024-03-02"), "a", score: 2),
    Fixture.row(.at("2024-03-02"), "a", bytes: 0, score: 100),
    Fixture.row(.at("2024-02-10"), "a", score: 32),
  ]

  private func withStore(
    _ views: [ViewDeclaration], _ body: (TestStore) throws -> Void
  ) throws {
    try withTemporaryDirectory { folder in
      let target = try TestStore(at: folder + "/store", Fixture.stream, views)
      try body(target)
      target.close()
    }
  }

  @Test func `Streams, views and their numbers are there again after reopening`() throws {
    try withStore([Fixture.counts, Fixture.everyCodec, Self.sums]) { target in
      let before = target.store.views
      try target.reopen()
      #expect(target.store.streams.map(\.declaration) == [Fixture.stream])
      #expect(target.store.views.map(\.digest) == before.map(\.digest))
      #expect(target.store.views.map(\.declaration) == before.map(\.declaration))
      #expect(target.store.views.map(\.id.number) == [1, 2, 3])
      #expect(try target.store.register(Self.sums) == .unchanged)
      #expect(try target.store.register(Fixture.stream) == .unchanged)
    }
  }

  @Test func `A new window and a new feature over what is stored answer at once`() throws {
    try withStore([Self.sums]) { target in
      try target.append(Self.rows)
      let extended = Fixture.view(
        """
        {"view": "sums", "stream": "mails", "entity": ["sender"], "where": "bytes > 0", "features": {
          "{window}_MEAN": {"mean": "score", "windows": ["7d", "30d"]},
          "{window}_SUM": {"sum": "score", "windows": ["30d"]},
          "{window}_SCORES": {"count": "score", "windows": ["30d"]}}}
        """)
      guard case .extended(let lines) = try target.store.register(extended) else {
        Issue.record("not extended")
        return
      }
      #expect(lines.count == 3, "\(lines)")
      for _ in 0..<2 {
        let values = try target.answer("sums", ["a"], at: .at("2024-03-03"))
        #expect(values == [.double(1.5), .double(35 / 3.0), .double(35), .int(3)])
        try target.reopen()
      }
      try target.append([Fixture.row(.at("2024-03-02"), "a", score: 5)])
      #expect(try target.answer("sums", ["a"], at: .at("2024-03-03"))[2] == .double(40))
    }
  }

  @Test func `A feature that goes and comes back answers from what was stored meanwhile`() throws {
    try withStore([Fixture.counts]) { target in
      let fewer = Fixture.view(
        """
        {"view": "counts", "stream": "mails", "entity": ["sender"], "features": {
          "7d_SUBJECTS": {"distinct": "subject", "windows": ["7d"]}}}
        """)
      try target.store.register(fewer)
      try target.reopen()
      try target.append(Self.rows)
      try target.store.register(Fixture.counts)
      let values = try target.answer("counts", ["a"], at: .at("2024-03-03"))
      #expect(values == [.int(2), .int(4), .int(4), .int(1)])
    }
  }

  @Test func `A feature that needs what is not stored is refused and changes nothing`() throws {
    try withStore([Self.sums]) { target in
      let wanted = Fixture.view(
        """
        {"view": "sums", "stream": "mails", "entity": ["sender"], "where": "bytes > 0", "features": {
          "{window}_MEAN": {"mean": "score", "windows": ["7d"]},
          "BYTES": {"sum": "bytes", "windows": ["7d"]}}}
        """)
      do {
        try target.store.register(wanted)
        Issue.record("registered")
      } catch StoreError.needsBackfill(let view, let feature) {
        #expect(view == "sums" && feature == "BYTES")
      }
      #expect(try target.store.view("sums").declaration.features.count == 1)
      try target.reopen()
      #expect(try target.store.view("sums").declaration.features.count == 1)
    }
  }

  @Test(arguments: [
    #"{"view": "sums", "stream": "mails", "entity": ["subject"], "where": "bytes > 0", "features": {"7d_MEAN": {"mean": "score", "windows": ["7d"]}}}"#,
    #"{"view": "sums", "stream": "mails", "entity": ["sender"], "where": "bytes > 1", "features": {"7d_MEAN": {"mean": "score", "windows": ["7d"]}}}"#,
    #"{"view": "sums", "stream": "mails", "entity": ["sender"], "features": {"7d_MEAN": {"mean": "score", "windows": ["7d"]}}}"#,
    #"{"view": "sums", "stream": "mails", "entity": ["sender"], "slice": "1h", "where": "bytes > 0", "features": {"7d_MEAN": {"mean": "score", "windows": ["7d"]}}}"#,
    #"{"view": "sums", "stream": "mails", "entity": ["sender"], "where": "bytes > 0", "features": {"7d_MEAN": {"mean": "score", "windows": ["8d"]}}}"#,
    #"{"view": "sums", "stream": "mails", "entity": ["sender"], "where": "bytes > 0", "features": {"7d_MEAN": {"sum": "score", "windows": ["7d"]}}}"#,
  ])
  func `A view of another meaning is refused with its differences`(text: String) throws {
    try withStore([Self.sums]) { target in
      do {
        try target.store.register(Fixture.view(text))
        Issue.record("registered")
      } catch StoreError.redefinition(let name, let differences) {
        #expect(name == "sums" && !differences.isEmpty)
      }
      #expect(try target.store.view("sums").declaration.features[0].name == "7d_MEAN")
    }
  }

  @Test func `A stream takes new fields; old views, filters and values stand`() throws {
    try withStore([Self.sums, Fixture.counts]) { target in
      try target.append(Self.rows)
      let before = try target.answer("sums", ["a"], at: .at("2024-03-03"))
      // The new fields stand first, so every other field has another number than before.
      let extended = try Fixture.reader.readStream(
        """
        {"stream": "mails", "eventTime": "at", "arrivalTime": "seen",
         "fields": {"host": "string", "size": "double", "at": "timestamp", "seen": "timestamp",
           "sender": "string", "bytes": "int", "score": "double", "subject": "string",
           "flag": "bool"}}
        """)
      guard case .extended = try target.store.register(extended) else {
        Issue.record("not extended")
        return
      }
      let hosts = Fixture.view(
        """
        {"view": "hosts", "stream": "mails", "entity": ["host"],
         "features": {"N": {"count": true, "windows": ["7d"]}}}
        """, over: extended)
      try target.store.register(hosts)
      #expect(throws: StoreError.self, "a batch of the old shape") {
        try target.store.append(Fixture.batch(Self.rows), to: "mails")
      }
      for round in 0..<2 {
        #expect(try target.answer("sums", ["a"], at: .at("2024-03-03"))[0] == before[0])
        let rows = [4.0, 100].enumerated().map { index, score in
          [.string("h"), .double(9)]
            + Fixture.row(.at("2024-03-12"), "b\(round)", bytes: Int64(1 - index), score: score)
        }
        try target.append(rows)
        #expect(try target.answer("sums", ["b\(round)"], at: .at("2024-03-13")) == [.double(4)])
        #expect(
          try target.answer("hosts", ["h"], at: .at("2024-03-13")) == [.int(Int64(2 * round + 2))])
        try target.reopen()
      }
    }
  }

  @Test func `A stream of another meaning is refused`() throws {
    try withStore([Self.sums]) { target in
      let other = try Fixture.reader.readStream(
        """
        {"stream": "mails", "eventTime": "at",
         "fields": {"at": "timestamp", "seen": "timestamp", "sender": "string", "bytes": "double",
           "score": "double", "subject": "string", "flag": "bool"}}
        """)
      #expect(throws: StoreError.self) { try target.store.register(other) }
      #expect(try target.store.stream("mails").declaration == Fixture.stream)
    }
  }

  @Test func `Declarations that could not be read again are not registered`() throws {
    try withStore([]) { target in
      let count = Aggregation(function: "count", field: nil)
      let feature = { (aggregation: Aggregation) in
        FeatureDeclaration(
          name: "N", aggregation: aggregation, window: Window(slices: 1, label: "1d"), type: .int)
      }
      let view = { (entity: [String], filter: Filter?, features: [FeatureDeclaration]) in
        ViewDeclaration(
          name: "v", stream: "mails", entity: entity, slice: .day, filter: filter, retention: nil,
          features: features)
      }
      let bad = [
        view(["nobody"], nil, [feature(count)]), view(["score"], nil, [feature(count)]),
        view([], nil, [feature(count)]), view(["sender"], .isNull(field: 99), [feature(count)]),
        view(["sender"], .compare(field: 2, .less, .int(3)), [feature(count)]),
        view(["sender"], nil, [feature(Aggregation(function: "sum", field: "subject"))]),
        view(["sender"], nil, [feature(Aggregation(function: "medium", field: "subject"))]),
        view(["sender"], nil, [feature(count), feature(count)]), view(["sender"], nil, []),
      ]
      for view in bad {
        #expect(throws: StoreError.self, "\(view)") { try target.store.register(view) }
      }
      #expect(target.store.views.isEmpty)
    }
  }

  @Test func `Unknown names say what there is`() throws {
    try withStore([Self.sums]) { target in
      #expect(throws: StoreError.self) { try target.store.stream("mail") }
      #expect(throws: StoreError.self) { try target.store.view("summs") }
      #expect(throws: StoreError.self) { try target.store.seal("mail", at: .at("2024-01-01")) }
      do {
        _ = try target.store.reader(of: "sums", features: ["7d_MEEN"])
        Issue.record("read")
      } catch {
        #expect("\(error)".contains("7d_MEAN"), "\(error)")
      }
    }
  }

  @Test func `Events that nothing would keep, and rows without a meaning, are refused`() throws {
    try withStore([]) { target in
      let row = Fixture.row(.at("2024-03-01"), "a")
      #expect(throws: StoreError.self) {
        try target.store.append(Fixture.batch([row]), to: "mails")
      }
      try target.store.register(Self.sums)
      var timeless = row
      timeless[0] = .null
      let rows = [
        row, timeless, Fixture.row(.at("2024-03-01"), "a", score: .infinity),
        Fixture.row(.at("2024-03-01"), "a", score: .nan),
        Fixture.row(.at("0001-01-01"), seen: .at("9999-01-01"), "a"), row,
      ]
      let refused = try target.store.append(Fixture.batch(rows), to: "mails")
      #expect(refused.refused.map(\.row) == [1, 2, 3, 4])
      #expect(refused.refused.map(\.field) == ["at", "score", "score", "seen"])
      #expect(try target.answer("sums", ["a"], at: .at("2024-03-02")) == [.null])
      let stored = try target.store.append(
        Fixture.batch(rows), to: "mails", refusals: .skipRows)
      #expect(stored.events == 2)
      #expect(try target.answer("sums", ["a"], at: .at("2024-03-02")) == [.double(0.5)])
    }
  }
}
