// Bulk loads at their edges: nothing to store, a commit that fails, records that were given up.
import FeatureModel
import Foundation
import SliceStore
import TestSupport
import Testing

@Suite struct LoadTests {
  private func withStore(_ body: (TestStore) throws -> Void) throws {
    try withTemporaryDirectory { folder in
      let target = try TestStore(at: folder + "/store", Fixture.stream, [Fixture.counts])
      try body(target)
      target.close()
    }
  }

  private static let batch = Fixture.batch([Fixture.row(.at("2024-03-01"), "a")])
  private static let position = SourcePosition(source: "file", position: [9])

  @Test func `A failed commit stores nothing, and nothing can follow it`() throws {
    try withStore { target in
      let loader = try target.store.bulkLoader(for: "mails", workers: 1)
      _ = loader.add(Self.batch, worker: 0)
      // A file where the folder of the loads should be.
      let blocker = target.path + "/loading"
      _ = FileManager.default.createFile(atPath: blocker, contents: nil)
      #expect(throws: StoreError.self) { try loader.commit(positions: [Self.position]) }
      try FileManager.default.removeItem(atPath: blocker)
      #expect(throws: StoreError.self) { try loader.commit(positions: [Self.position]) }
      #expect(try target.store.pairs().isEmpty)
      let again = try target.store.bulkLoader(for: "mails", workers: 1)
      _ = again.add(Self.batch, worker: 0)
      try again.commit(positions: [Self.position])
      #expect(try target.answer("counts", ["a"], at: .at("2024-03-02"))[0] == .int(1))
    }
  }

  @Test func `A commit of nothing is fine, and may carry a position`() throws {
    try withStore { target in
      let loader = try target.store.bulkLoader(for: "mails", workers: 2)
      try loader.commit(positions: [])
      try loader.commit(positions: [Self.position])
      #expect(try target.store.pairs().count == 1)
      let view = try target.store.view("counts")
      #expect(try target.store.position(of: "file", in: view.id) == [9])
    }
  }

  @Test func `What was discarded is not stored`() throws {
    try withStore { target in
      let loader = try target.store.bulkLoader(for: "mails", workers: 1)
      _ = loader.add(Self.batch, worker: 0)
      loader.discard()
      #expect(loader.bytesHeld == 0)
      _ = loader.add(Self.batch, worker: 0)
      try loader.commit(positions: [])
      try loader.commit(positions: [])
      #expect(try target.answer("counts", ["a"], at: .at("2024-03-02"))[0] == .int(1))
    }
  }

  @Test func `A store without a thread to spare loads with one`() throws {
    try withTemporaryDirectory { folder in
      var options = testOptions
      options.threads = 0
      let store = try Store.open(at: folder + "/store", options: options)
      try store.register(Fixture.stream)
      try store.register(Fixture.counts)
      let loader = try store.bulkLoader(for: "mails", workers: 1)
      _ = loader.add(Self.batch, worker: 0)
      try loader.commit(positions: [])
      let values = try store.reader(of: "counts").answer(
        EntityKey(parts: ["a"]), at: .at("2024-03-02"))
      #expect(values[0] == .int(1))
      store.close()
    }
  }
}
