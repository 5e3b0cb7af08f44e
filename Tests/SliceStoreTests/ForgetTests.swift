// Forgetting an entity: nothing of it is found by any key, in any event, or in any file, and nothing else
// changes by a bit; views that are built afterwards are those of a history without it.
import FeatureModel
import Foundation
import SliceStore
import Synchronization
import TestSupport
import Testing

@Suite struct ForgetTests {
  @Test(arguments: TestRounds.seeds(30))
  func `An entity goes, and all else stays as it was`(seed: UInt64) throws {
    try withTemporaryDirectory { folder in
      var trial = Trial(seed: seed)
      let target = try trial.keptStore(at: folder + "/store")
      let entity = ForgottenEntity(of: trial, &trial.random)
      if trial.random.chance(50) { try target.store.compact() }
      if trial.random.chance(30) { try target.reopen() }
      let before = try target.store.pairs()
      let kept = try #require(try target.store.keptEvents(of: "events"))
      let report = try target.store.forget(entity.parts)
      #expect(report.left == 0, "seed \(seed): \(report)")
      let after = try target.store.pairs()
      let gone = report.places.filter { $0.kind == "view" }.reduce(0) { $0 + $1.erased }
      #expect(after.count == before.count - gone, "seed \(seed)")
      let old = Dictionary(uniqueKeysWithValues: before.map { ($0[0], $0[1]) })
      for pair in after {
        // Chunks begin behind all views.
        if pair[0][0] < 0x80 { #expect(old[pair[0]] == pair[1], "seed \(seed)") }
      }
      let erased = report.places.first { $0.kind == "kept events" }?.erased ?? 0
      let left = try #require(try target.store.keptEvents(of: "events"))
      #expect(left.events == kept.events - erased && left.chunks == kept.chunks, "seed \(seed)")
      #expect(try target.store.forget(entity.parts).erased == 0, "seed \(seed)")
      #expect(try target.store.verify().defects == [], "seed \(seed)")

      try trial.check(target.store, requests: 30, "of others") { !entity.isKey(of: $0) }
      trial.remove(where: entity.isOf)
      try trial.check(target.store, requests: 30, "without it") { entity.isKey(of: $0) }
      for view in trial.views {
        try target.store.drop(view: view.name)
        try target.store.register(view)
        try target.store.build(view.name)
      }
      try target.reopen()
      try trial.check(target.store, requests: 30, "built afterwards")
      #expect(try target.store.find(entity.parts).left == 0, "seed \(seed)")
      target.close()
    }
  }

  @Test func `No file has a byte of it, and the trail tells it without a name`() throws {
    try withTemporaryDirectory { folder in
      let target = try Self.mailStore(folder)
      try target.store.flush()
      try Self.append(40..<60, to: target)
      #expect(try Self.files(with: Self.ann, in: target.path).count > 1)
      #expect(try target.store.find([EntityPart("sender", Self.ann)]).left > 20)
      let report = try target.store.forget([EntityPart("sender", Self.ann)])
      #expect(report.left == 0 && report.isTextSearched, "\(report)")
      #expect(report.places.first { $0.kind == "write-ahead log" }?.erased ?? 0 > 0)
      #expect(report.places.first { $0.kind == "table files" }?.erased ?? 0 > 0)
      try target.reopen()
      #expect(try Self.files(with: Self.ann, in: target.path) == [])
      let entry = try #require(try target.store.auditTrail().last)
      #expect(entry.action == "forgot" && entry.subject == "an entity named by 'sender'")
      #expect(entry.lines.contains("kept events 'mails': 20 events"), "\(entry.lines)")
      // What comes later is taken in as of somebody new.
      try target.append([Fixture.row(Self.start, Self.ann)])
      let values = try target.answer(
        "counts", [Self.ann], at: Self.start.advanced(by: 86_400_000), .corrected)
      #expect(values[0] == .int(1))
      target.close()
    }
  }

  @Test func `What others' values hold of it is told, with the way out`() throws {
    try withTemporaryDirectory { folder in
      let target = try Self.mailStore(folder)
      try target.store.register(
        Fixture.view(
          """
          {"view": "subjects", "stream": "mails", "entity": ["subject"], "features": {
            "{window}_FROM": {"topK": "sender", "k": 5, "windows": ["lifetime"]}}}
          """, over: Self.stream))
      try target.store.build("subjects")
      let report = try target.store.forget([EntityPart("sender", Self.ann)])
      #expect(report.left == 0)
      let mention = try #require(report.mentions.first { $0.place == "view 'subjects'" })
      #expect(mention.wayOut.contains("drop the view"))
      let view = try target.store.view("subjects").declaration
      try target.store.drop(view: "subjects")
      try target.store.register(view)
      try target.store.build("subjects")
      try target.reopen()
      #expect(try target.store.find([EntityPart("sender", Self.ann)]).mentions.isEmpty)
      target.close()
    }
  }

  @Test func `A computed field names an entity, too`() throws {
    try withTemporaryDirectory { folder in
      let target = try Self.mailStore(folder)
      try target.store.register(
        Fixture.view(
          """
          {"view": "domains", "stream": "mails", "entity": ["domain"],
           "derive": {"domain": "lower(after(sender, '@'))"},
           "features": {"{window}_N": {"count": true, "windows": ["30d"]}}}
          """, over: Self.stream))
      try target.store.build("domains")
      let report = try target.store.forget([EntityPart("domain", "example.com")])
      #expect(report.left == 0)
      #expect(report.places.first { $0.kind == "kept events" }?.erased == 20)
      let later = Self.start.advanced(by: 20 * 86_400_000)
      #expect(try target.answer("domains", ["example.com"], at: later, .corrected)[0] == .int(0))
      #expect(try target.answer("domains", ["example.org"], at: later, .corrected)[0] == .int(20))
      // The sender is another entity, which is still known by its own view.
      #expect(try target.answer("counts", [Self.ann], at: later, .corrected)[1] == .int(20))
      target.close()
    }
  }

  @Test func `A view that is being built does not bring it back`() throws {
    try withTemporaryDirectory { folder in
      let target = try Self.mailStore(folder)
      let store = target.store
      try store.register(Fixture.counts.named("late"))
      let looks = Atomic<Int>(0)
      try store.build(
        "late",
        isCancelled: {
          if looks.add(1, ordering: .relaxed).oldValue == 0 {
            // What was replayed waits in memory now.
            _ = try? store.forget([EntityPart("sender", Self.ann)])
          }
          return false
        })
      #expect(store.building.isEmpty && looks.load(ordering: .relaxed) > 1)
      #expect(try store.find([EntityPart("sender", Self.ann)]).left == 0)
      let later = Self.start.advanced(by: 20 * 86_400_000)
      #expect(try target.answer("late", [Self.ann], at: later, .corrected)[1] == .int(0))
      #expect(try target.answer("late", [Self.bob], at: later, .corrected)[1] == .int(20))
      target.close()
    }
  }

  @Test(arguments: [
    ("nobody=x", "no stream or view has a field 'nobody'"), ("sender", "write FIELD=VALUE"),
    ("=x", "write FIELD=VALUE"), ("score=1", "double"), ("bytes=many", "is no int"),
    ("sendr=x", "did you mean 'sender'?"),
  ])
  func `What names no entity is refused, with the way out`(word: String, reason: String) throws {
    try withTemporaryDirectory { folder in
      let target = try Self.mailStore(folder)
      let error = #expect(throws: StoreError.self) {
        try target.store.find([EntityPart(parsing: word.utf8)])
      }
      #expect("\(error!)".contains(reason), "\(error!)")
      target.close()
    }
  }
}

extension ForgetTests {
  static let stream = Fixture.stream.keeping(.forever)
  static let start = Timestamp.at("2024-03-01")
  static let ann = "Ann.Forgettable@example.com"
  static let bob = "bob@example.org"

  /// Forty mails of two senders.
  static func mailStore(_ folder: String) throws -> TestStore {
    let target = try TestStore(at: folder + "/store", stream, [Fixture.counts])
    try append(0..<40, to: target)
    return target
  }

  static func append(_ numbers: Range<Int>, to target: TestStore) throws {
    for number in numbers {
      let at = start.advanced(by: Int64(number % 40) * 1_000_000)
      let sender = number < 40 && number % 2 == 0 ? ann : bob
      try target.append([Fixture.row(at, sender, bytes: Int64(number), subject: "s\(number % 7)")])
    }
  }

  /// The files of a folder that have a text in their bytes.
  static func files(with text: String, in folder: String) throws -> [String] {
    let names = try FileManager.default.subpathsOfDirectory(atPath: folder)
    return names.filter { name in
      let content = FileManager.default.contents(atPath: folder + "/" + name) ?? Data()
      return content.range(of: Data(text.utf8)) != nil
    }
  }
}

/// An entity of a random stream, named by one field or two.
struct ForgottenEntity {
  private let name: String?
  private let site: Int64?

  init(of trial: Trial, _ random: inout SplitMix64) {
    let way = random.below(3)
    name = way == 1 ? nil : random.pick(trial.source.names)
    site = way == 0 ? nil : random.pick([1, 12, -3, .min])
  }

  var parts: [EntityPart] {
    (name.map { [EntityPart("who", $0)] } ?? [])
      + (site.map { [EntityPart("site", "\($0)")] } ?? [])
  }

  func isKey(of view: ViewDeclaration) -> Bool {
    parts.allSatisfy { view.entity.contains($0.field) }
  }

  func isOf(_ row: [Value]) -> Bool {
    let (who, place) = (row[2], row[3])
    if let name {
      guard case .string(let text) = who, Array(text.utf8) == Array(name.utf8) else { return false }
    }
    return site == nil || place == site.map { .int($0) }
  }
}
