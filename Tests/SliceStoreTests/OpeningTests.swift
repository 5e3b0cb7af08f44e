// Opening what is not as it should be: another format, damaged records, stores for reading only.
import FeatureModel
import Rocks
import SliceStore
import TestSupport
import Testing

@Suite struct OpeningTests {
  private func withClosedStore(
    changing records: [(key: String, value: String)], _ body: (String) throws -> Void
  ) throws {
    try withTemporaryDirectory { folder in
      let target = try TestStore(
        at: folder + "/store", Fixture.stream, [Fixture.counts, Fixture.everyCodec])
      try target.store.seal("mails", at: .at("2024-03-01"))
      try target.store.expire("counts", before: .at("2023-01-01"))
      for (key, value) in records {
        try target.store.database.put(
          key: Array(key.utf8), value: Array(value.utf8), in: target.store.meta)
      }
      target.close()
      try body(target.path)
    }
  }

  @Test func `Another format is named and not touched`() throws {
    try withClosedStore(changing: [("format", "2")]) { path in
      for mode in [StoreMode.create, .existing, .readOnly] {
        do {
          _ = try Store.open(at: path, mode, options: testOptions)
          Issue.record("opened")
        } catch StoreError.unknownFormat(let found, let supported) {
          #expect(found == "2" && supported == "1")
        }
      }
    }
  }

  @Test(arguments: [
    ("stream/mails", "{"), ("stream/mails", ""), ("view/counts", "{}"), ("view/counts", "[1]"),
    ("view/counts", #"{"id":-1,"declaration":{},"layout":{}}"#), ("view/other", "\u{0}"),
    ("seal/mails", "soon"), ("seal/mails", "9223372036854775807"), ("seal/nobody", "1"),
    ("floor/counts", "-9223372036854775808"), ("floor/nobody", "1"), ("floor/counts", ""),
    ("next-view", "2"), ("next-view", "-1"), ("next-view", "99999999999"),
  ])
  func `A damaged record is named`(key: String, value: String) throws {
    try withClosedStore(changing: [(key, value)]) { path in
      do {
        _ = try Store.open(at: path, .existing, options: testOptions)
        Issue.record("opened with \(key) = \(value)")
      } catch StoreError.damagedMetadata(let found, _) {
        #expect(found == key)
      }
    }
  }

  @Test func `Two views never have one number`() throws {
    try withTemporaryDirectory { folder in
      let target = try TestStore(at: folder + "/store", Fixture.stream, [Fixture.counts])
      let key = Array("view/counts".utf8)
      let record = try #require(try target.store.database.get(key: key, in: target.store.meta))
      let twin = String(decoding: record, as: UTF8.self)
        .split(separator: #""view":"counts""#, omittingEmptySubsequences: false)
        .joined(separator: #""view":"twin""#)
      try target.store.database.put(
        key: Array("view/twin".utf8), value: Array(twin.utf8), in: target.store.meta)
      target.close()
      #expect(throws: StoreError.self) { try Store.open(at: target.path, options: testOptions) }
    }
  }

  @Test func `Any flipped byte of a record is an error or another reading, never a crash`() throws {
    try withTemporaryDirectory { folder in
      let target = try TestStore(at: folder + "/store", Fixture.stream, [Fixture.counts])
      let key = Array("view/counts".utf8)
      let record = try #require(try target.store.database.get(key: key, in: target.store.meta))
      var random = SplitMix64(7)
      var refused = 0
      for _ in 0..<60 {
        var damaged = record
        damaged[random.below(damaged.count)] ^= 1 << UInt8(random.below(8))
        try target.store.database.put(key: key, value: damaged, in: target.store.meta)
        do { _ = try target.reopen() } catch is StoreError {
          refused += 1
          let database = try Database.open(
            target.path,
            columnFamilies: [
              ColumnFamilyOptions("meta"), ColumnFamilyOptions("slices"),
            ], mode: .existing)
          try database.put(key: key, value: record, in: database.family("meta"))
          database.close()
          try target.reopen()
        }
      }
      #expect(refused > 20)
      target.close()
    }
  }

  @Test func `A store for reading only answers and refuses every change`() throws {
    try withTemporaryDirectory { folder in
      let target = try TestStore(at: folder + "/store", Fixture.stream, [Fixture.counts])
      let row = Fixture.row(.at("2024-03-01"), "a")
      try target.append([row])
      // Beside the writer, and after it.
      for isOpen in [true, false] {
        if !isOpen { target.close() }
        let store = try Store.open(at: target.path, .readOnly, options: testOptions)
        let values = try store.reader(of: "counts").answer(
          EntityKey(parts: ["a"]), at: .at("2024-03-02"))
        #expect(values == [.int(1), .int(1), .int(1), .int(1)])
        #expect(try store.verify().defects == [])
        #expect(throws: StoreError.self) { try store.append(Fixture.batch([row]), to: "mails") }
        #expect(throws: StoreError.self) { try store.seal("mails", at: .at("2024-03-01")) }
        #expect(throws: StoreError.self) { try store.register(Fixture.everyCodec) }
        #expect(throws: StoreError.self) { try store.register(Fixture.stream) }
        #expect(throws: StoreError.self) { try store.bulkLoader(for: "mails", workers: 1) }
        #expect(throws: StoreError.self) { try store.expire("counts", before: .at("2024-01-01")) }
        #expect(throws: StoreError.self) { try store.compact() }
        store.close()
      }
      #expect(throws: StoreError.self) { try Store.open(at: folder + "/none", .existing) }
      #expect(throws: StoreError.self) { try Store.open(at: folder + "/none", .readOnly) }
    }
  }
}
