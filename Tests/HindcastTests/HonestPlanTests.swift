// What `plan` says is what `register` does, also where something else that stands forbids it; and what sets and
// joins stand on is not taken from under them.
import FeatureModel
import Hindcast
import SliceStore
import TestSupport
import Testing

@Suite struct HonestPlanTests {
  private static let mails = """
    {"stream": "mails", "eventTime": "at", "id": "id", "keep": true,
     "fields": {"at": "timestamp", "id": "string", "sender": "string"}}
    """
  private static let labels = """
    {"stream": "labels", "eventTime": "at", "id": "lid", "keep": true,
     "fields": {"at": "timestamp", "lid": "string", "ref": "string"}}
    """
  private static let joining = """
    {"view": "by_domain", "stream": "labels", "entity": ["domain"],
     "join": {"stream": "mails", "by": "ref", "fields": {"sender": "string"}},
     "derive": {"domain": "after(sender, '@')"},
     "features": {"{window}_N": {"count": true, "windows": ["7d"]}}}
    """
  private static let counts = """
    {"view": "counts", "stream": "mails", "entity": ["sender"],
     "features": {"{window}_N": {"count": true, "windows": ["7d"]}}}
    """

  private static func text(_ text: String) -> [DeclarationText] {
    [DeclarationText(name: "file.json", text: Array(text.utf8))]
  }

  private func withStore(
    _ texts: [String], _ body: (FeatureStore) throws -> Void
  ) throws {
    try withTemporaryDirectory { folder in
      let store = try FeatureStore.open(folder + "/store", .create)
      for text in texts { _ = try store.register(Self.text(text)) }
      var batch = EventBatch(try store.store.stream("mails").declaration)
      batch.append([.timestamp(.earliest), .string("m1"), .string("ann@example.com")])
      _ = try store.store.append(batch, to: "mails")
      try body(store)
      store.store.close()
    }
  }

  private func complaint(_ body: () throws -> Void) -> String {
    do {
      try body()
      return ""
    } catch { return "\(error)" }
  }

  @Test func `A stream that is joined keeps its events, and a plan says so`() throws {
    try withStore([Self.mails, Self.labels, Self.joining]) { store in
      let loose = Self.text(Self.mails.replacing("\"keep\": true", with: "\"keep\": false"))
      let planned = complaint { _ = try store.plan(loose) }
      #expect(planned.contains("view 'by_domain' joins them"), "\(planned)")
      let refused = complaint { _ = try store.register(loose) }
      #expect(planned == refused)
    }
  }

  @Test func `Of two streams neither is changed where one cannot be`() throws {
    try withStore([Self.mails, Self.labels, Self.joining]) { store in
      let wider = Self.mails.replacing("\"sender\"", with: "\"size\": \"int\", \"sender\"")
      let loose = Self.labels.replacing("\"keep\": true", with: "\"keep\": false")
      #expect(throws: HindcastError.self) {
        _ = try store.register(Self.text("[\(wider), \(loose)]"))
      }
      let size = try store.store.stream("mails").declaration.index(of: "size")
      #expect(size == nil)
    }
  }

  @Test func `Kept events go where a declaration says so, and not where it says nothing`() throws {
    let without = Self.mails.replacing("\"keep\": true,", with: "")
    try withStore([Self.mails]) { store in
      // What a plugin says of a stream that is registered already, as a text for a server.
      let both = Self.text("[\(without), \(Self.counts)]")
      let planned = try store.plan(both)
      #expect(planned.map(\.action) == ["unchanged", "new"])
      #expect(planned[1].events == 1)
      let dropping =
        "[\(Self.mails.replacing("\"keep\": true", with: "\"keep\": false")), \(Self.counts)]"
      let told = try store.plan(Self.text(dropping))
      #expect(told[0].meaning.hasPrefix("the events that were kept are deleted"))
      #expect(told[1].events == nil && told[1].meaning.hasPrefix("without history"))
      #expect(try store.register(both).map(\.outcome) == [.unchanged, .building([])])
      #expect(try store.store.keptEvents(of: "mails")?.events == 1)
      try store.build()
      _ = try store.register(Self.text(dropping))
      #expect(try store.store.keptEvents(of: "mails") == nil)
    }
  }

  @Test func `To keep events for a shorter time deletes some, and a plan says so`() throws {
    let keeping = { (time: String) in
      Self.text(Self.mails.replacing("\"keep\": true", with: "\"keep\": \"\(time)\""))
    }
    try withStore([Self.mails]) { store in
      let meaning = { (time: String) in try store.plan(keeping(time))[0].meaning }
      #expect(try meaning("30d").contains("more than 30d before the stream's seal are deleted"))
      _ = try store.register(keeping("30d"))
      #expect(try meaning("7d").contains("more than 7d before"))
      #expect(try meaning("30d") == "stands already")
      #expect(try meaning("60d") == "live at once; what is stored stays as it is")
    }
  }

  @Test func `What kept events do not have is told of a view that is built from them`() throws {
    try withStore([Self.mails]) { store in
      let wider = Self.mails.replacing("\"sender\"", with: "\"domain\": \"string\", \"sender\"")
      let view = Self.counts.replacing("[\"sender\"]", with: "[\"domain\"]")
      let remark =
        "events that were kept until now have no 'domain': null in all of the view's history"
      let planned = try store.plan(Self.text("[\(wider), \(view)]"))
      #expect(planned[1].meaning.hasSuffix(remark), "\(planned)")
      let other = try store.plan(Self.text("[\(wider), \(Self.counts)]"))
      #expect(!other[1].meaning.contains("domain"))
      let outcomes = try store.register(Self.text("[\(wider), \(view)]")).map(\.outcome)
      #expect(outcomes[1] == .building([remark]))
    }
  }

  @Test func `A view that a set reads keeps its entity`() throws {
    try withStore([Self.mails, Self.counts, #"{"set": "m", "features": ["counts.7d_N"]}"#]) {
      store in
      let other = Self.text(Self.counts.replacing("[\"sender\"]", with: "[\"id\"]"))
      let planned = complaint { _ = try store.plan(other, replacing: true) }
      #expect(planned.contains("feature set 'm'"), "\(planned)")
      #expect(throws: HindcastError.self) { _ = try store.register(other, replacing: true) }
    }
  }

  @Test func `A version that a set waits for is not dropped from under it`() throws {
    try withStore([Self.mails, Self.counts]) { store in
      let more = Self.counts.replacing(
        "}}}", with: "}, \"7d_LAST\": {\"last\": \"id\", \"windows\": [\"7d\"]}}}")
      _ = try store.register(Self.text(more))
      #expect(store.store.building.count == 1)
      _ = try store.register(Self.text(#"{"set": "m", "features": ["counts.7d_LAST"]}"#))
      #expect(throws: StoreError.self) { _ = try store.store.drop(view: "counts") }
      try store.build()
      _ = try store.store.shape(of: try store.store.set("m").declaration)
    }
  }

  @Test func `An entity that is made of pairs is not said to be forgotten while they stand`() throws
  {
    try withStore([Self.mails, Self.labels, Self.joining]) { store in
      let parts = [EntityPart("domain", "example.com")]
      let reason = complaint { _ = try store.store.forget(parts) }
      #expect(reason.contains("'by_domain'") && reason.contains("drop the view first"), "\(reason)")
      #expect(throws: StoreError.self) { _ = try store.store.find(parts) }
      let report = try store.store.forget([EntityPart("sender", "ann@example.com")])
      #expect(report.left == 0)
    }
  }
}
