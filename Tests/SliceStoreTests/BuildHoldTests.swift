// What happens to kept events and to declarations while views are being built of them.
import Dispatch
import FeatureModel
import SliceStore
import Synchronization
import TestSupport
import Testing

@Suite struct BuildHoldTests {
  private static let day: Int64 = 86_400_000

  @Test func `Events that a view is being built of are not let go before it is`() throws {
    try withTemporaryDirectory { folder in
      let stream = Fixture.stream.keeping(.milliseconds(10 * Self.day))
      let target = try TestStore(at: folder + "/store", stream, [])
      let start = Timestamp.at("2024-03-01")
      for day in 0..<8 {
        try target.append([Fixture.row(start.advanced(by: Int64(day) * Self.day + 5), "a")])
      }
      #expect(try target.store.register(Fixture.counts) == .building([]))
      try target.store.seal("mails", at: Timestamp.at("2024-03-16"))
      try target.reopen()
      try target.store.build("counts")
      let values = try target.store.reader(of: "counts", features: ["30d_COUNT"])
        .answer(EntityKey(parts: ["a"]), at: .at("2024-03-20"), .corrected)
      #expect(values[0] == .int(8))
      try target.store.seal("mails", at: Timestamp.at("2024-03-17"))
      #expect(try target.store.keptEvents(of: "mails")?.events == 2)
      target.close()
    }
  }

  @Test func `A log that lost all of its events gives no number twice`() throws {
    try withTemporaryDirectory { folder in
      let stream = CorrectionTests.stream.keeping(.milliseconds(2 * Self.day))
      let target = try TestStore(at: folder + "/store", stream, [])
      let start = Timestamp.at("2024-03-01")
      try target.append([CorrectionTests.row("m1", start, "a")])
      let report = try target.store.correct(
        "mails", retracting: CorrectionTests.ids([.string("m1")]), at: start.advanced(by: 1000))
      #expect(report.retracted == 1)
      try target.store.seal("mails", at: Timestamp.at("2024-03-20"))
      #expect(try target.store.keptEvents(of: "mails")?.events == 0)
      try target.reopen()
      let later = Timestamp.at("2024-03-20T01:00:00Z")
      try target.append([CorrectionTests.row("m2", later, "a")])
      try target.store.register(CorrectionTests.counts)
      try target.store.build("counts")
      let values = try target.answer("counts", ["a"], at: .at("2024-03-21"), .corrected)
      #expect(values[0] == .int(1))
      let again = try target.store.correct(
        "mails", retracting: CorrectionTests.ids([.string("m2")]), at: .at("2024-03-20T02:00:00Z"))
      #expect(again.retracted == 1, "\(again)")
      target.close()
    }
  }

  @Test func `A field that a stream gets while a corrected view is built is not taken for another`()
    throws
  {
    try withTemporaryDirectory { folder in
      let stream = CorrectionTests.stream
      let target = try TestStore(at: folder + "/store", stream, [])
      let start = Timestamp.at("2024-03-01")
      try target.append([
        CorrectionTests.row("m1", start, "ann"), CorrectionTests.row("m2", start, "ann"),
      ])
      _ = try target.store.correct(
        "mails", retracting: CorrectionTests.ids([.string("m1")]), at: start.advanced(by: 1000))
      try target.store.register(
        Fixture.view(
          """
          {"view": "loud", "stream": "mails", "derive": {"loud": "upper(sender)"}, "entity": ["sender"],
           "features": {"1d_N": {"count": true, "where": "loud = 'ANN'", "windows": ["1d"]},
             "1d_LAST": {"last": "loud", "windows": ["1d"]}}}
          """, over: stream))
      // Where the view had its own field, the stream has this one now.
      let wider = StreamDeclaration(
        name: "mails", fields: stream.fields + [.init(name: "number", type: .int)],
        eventTime: 1, arrivalTime: nil, id: 0, keep: .forever)
      var isWider = false
      try target.store.build(
        "loud",
        progress: { progress in
          guard !isWider else { return }
          isWider = true
          do {
            try target.store.register(wider)
            var batch = EventBatch(wider)
            batch.append(
              CorrectionTests.row("m3", start.advanced(by: 2000), "ann") + [.int(1_000_000_000)])
            _ = try target.store.append(batch, to: "mails")
          } catch { Issue.record(error) }
        })
      let values = try target.answer("loud", ["ann"], at: start.advanced(by: Self.day), .corrected)
      #expect(isWider && values == [.int(2), .string("ANN")])
      target.close()
    }
  }

  @Test func `The name under which a build stands is no source's`() throws {
    try withTemporaryDirectory { folder in
      let target = try TestStore(
        at: folder + "/store", Fixture.stream.keeping(.forever), [Fixture.counts])
      let position = SourcePosition(source: "kept events", position: [1])
      #expect(throws: StoreError.self) {
        try target.append([Fixture.row(.at("2024-03-01"), "a")], position: position)
      }
      let loader = try target.store.bulkLoader(for: "mails", workers: 1)
      #expect(throws: StoreError.self) { try loader.commit(positions: [position]) }
      #expect(throws: StoreError.self) { try target.store.claim("kept events", of: "mails") }
      target.close()
    }
  }

  @Test func `A view that is registered while events are loaded has them all`() throws {
    try withTemporaryDirectory { folder in
      let target = try TestStore(
        at: folder + "/store", Fixture.stream.keeping(.forever), [Fixture.counts])
      let start = Timestamp.at("2024-03-01")
      let rows = { (count: Int) in
        var batch = EventBatch(Fixture.stream)
        for _ in 0..<count { batch.append(Fixture.row(start, "a")) }
        return batch
      }
      let loader = try target.store.bulkLoader(for: "mails", workers: 1)
      _ = loader.add(rows(3), worker: 0)
      try loader.commit(positions: [SourcePosition(source: "f", position: [1])])
      _ = loader.add(rows(5), worker: 0)
      try target.store.register(Fixture.counts.named("other"))
      try loader.commit(positions: [SourcePosition(source: "f", position: [2])])
      try target.store.build("other")
      _ = loader.add(rows(7), worker: 0)
      try loader.commit(positions: [SourcePosition(source: "f", position: [3])])
      for name in ["counts", "other"] {
        let values = try target.answer(name, ["a"], at: start.advanced(by: Self.day), .corrected)
        #expect(values[0] == .int(15), "\(name)")
        let view = try target.store.view(name)
        #expect(try target.store.position(of: "f", in: view.id) == [3], "\(name)")
      }
      target.close()
    }
  }

  @Test func `Two who build one view at once do not count anything twice`() throws {
    try withTemporaryDirectory { folder in
      let target = try TestStore(at: folder + "/store", Fixture.stream.keeping(.forever), [])
      let start = Timestamp.at("2024-03-01")
      for _ in 0..<300 { try target.append([Fixture.row(start, "a")]) }
      try target.store.register(Fixture.counts)
      let store = target.store
      let failures = Mutex<[StoreError]>([])
      DispatchQueue.concurrentPerform(iterations: 4) { _ in
        do throws(StoreError) { try store.build("counts") } catch {
          failures.withLock { $0.append(error) }
        }
      }
      #expect(failures.withLock { $0.count } == 0)
      let values = try target.answer("counts", ["a"], at: start.advanced(by: Self.day), .corrected)
      #expect(values[0] == .int(300))
      target.close()
    }
  }

  @Test func `What is dropped or replaced leaves nothing behind at any moment`() throws {
    try withTemporaryDirectory { folder in
      let target = try TestStore(at: folder + "/store", Fixture.stream.keeping(.forever), [])
      for _ in 0..<20 { try target.append([Fixture.row(.at("2024-03-01"), "a")]) }
      let store = target.store
      let isDone = Atomic<Bool>(false)
      let defects = Mutex<[String]>([])
      DispatchQueue.concurrentPerform(iterations: 2) { thread in
        do {
          if thread == 0 {
            defer { isDone.store(true, ordering: .releasing) }
            for round in 0..<40 {
              try store.register(Fixture.counts)
              try store.build("counts")
              try store.register(
                Fixture.counts.filtered(
                  .compare(field: Fixture.stream.index(of: "bytes")!, .less, .int(10))),
                replacing: true)
              if round % 2 == 0 { try store.build("counts") }
              while !store.views.isEmpty { try store.drop(view: "counts") }
            }
          }
          var number = 0
          while thread == 1, !isDone.load(ordering: .acquiring) {
            number += 1
            try store.checkpoint(to: "\(folder)/copy\(number)")
            let copy = try Store.open(
              at: "\(folder)/copy\(number)", .existing, options: testOptions)
            let found = try copy.verify().defects.map { "\($0)" }
            copy.close()
            defects.withLock { $0 += found }
          }
        } catch { defects.withLock { $0.append("\(error)") } }
      }
      #expect(defects.withLock { $0 } == [])
      target.close()
    }
  }

  @Test func `Whoever reads a view that is replaced is told, and never answered with less`() throws
  {
    try withTemporaryDirectory { folder in
      let target = try TestStore(at: folder + "/store", Fixture.stream.keeping(.forever), [])
      for _ in 0..<20 { try target.append([Fixture.row(.at("2024-03-01"), "a")]) }
      try target.store.register(Fixture.counts)
      try target.store.build("counts")
      let reader = try target.store.reader(of: "counts")
      let ask = {
        try reader.answer(EntityKey(parts: ["a"]), at: .at("2024-03-02"), .corrected)[0]
      }
      #expect(try ask() == .int(20))
      try target.store.register(
        Fixture.counts.filtered(
          .compare(field: Fixture.stream.index(of: "bytes")!, .greater, .int(10))),
        replacing: true)
      #expect(try ask() == .int(20))
      try target.store.build("counts")
      #expect(throws: StoreError.self) { try ask() }
      target.close()
    }
  }

  private static func joining(_ labels: StreamDeclaration) -> ViewDeclaration {
    Fixture.view(
      """
      {"view": "v", "stream": "labels", "entity": ["who"],
       "join": {"stream": "commits", "by": "ref", "fields": {"who": "string", "small": "int"}},
       "features": {"9d_N": {"count": true, "windows": ["9d"]},
         "9d_S": {"sum": "small", "windows": ["9d"]}}}
      """, over: labels)
  }

  private static func commit(_ at: Timestamp, _ id: String, _ who: String) -> [Value] {
    var row: [Value] = JoinTrial.commits(.string).fields.map { _ in .null }
    let stream = JoinTrial.commits(.string)
    row[stream.eventTime] = .timestamp(at)
    row[stream.index(of: "who")!] = .string(who)
    row[stream.index(of: "small")!] = .int(2)
    row[stream.id!] = .string(id)
    return row
  }

  @Test func `A stream that gets fields while a view that joins is built`() throws {
    try withTemporaryDirectory { folder in
      let labels = JoinTrial.labels(.string)
      let target = try TestStore(at: folder + "/store", labels, [])
      try target.store.register(JoinTrial.commits(.string))
      let start = Timestamp.at("2024-03-01")
      for index in 0..<200 {
        let at = start.advanced(by: Int64(index) * 1000)
        var batch = EventBatch(JoinTrial.commits(.string))
        batch.append(Self.commit(at, "c\(index)", "a"))
        _ = try target.store.append(batch, to: "commits")
        try target.append([
          [
            .timestamp(at), .null, .string("c\(index)"), .string("good"), .int(1),
            .int(Int64(index)),
          ]
        ])
      }
      try target.store.register(Self.joining(labels))
      let wider = StreamDeclaration(
        name: labels.name, fields: [.init(name: "new", type: .double)] + labels.fields,
        eventTime: 1, arrivalTime: 2, id: 6, keep: .forever)
      var isWider = false
      let store = target.store
      try store.build(
        "v",
        progress: { _ in
          if !isWider { _ = try! store.register(wider) }
          isWider = true
        })
      let values = try target.answer("v", ["a"], at: start.advanced(by: Self.day), .corrected)
      #expect(values == [.int(200), .int(400)])
      target.close()
    }
  }

  @Test func `A stream does not get a field that a view joins under the same name`() throws {
    try withTemporaryDirectory { folder in
      let labels = JoinTrial.labels(.string)
      let target = try TestStore(at: folder + "/store", labels, [])
      try target.store.register(JoinTrial.commits(.string))
      try target.store.register(Self.joining(labels))
      let wider = StreamDeclaration(
        name: labels.name, fields: labels.fields + [.init(name: "who", type: .string)],
        eventTime: labels.eventTime, arrivalTime: labels.arrivalTime, id: labels.id, keep: .forever)
      #expect(throws: StoreError.self) { try target.store.register(wider) }
      try target.reopen()
      target.close()
    }
  }

  @Test func `What a stream's joins join is sealed with a view that comes`() throws {
    try withTemporaryDirectory { folder in
      let stream = { (name: String) in
        StreamDeclaration(
          name: name,
          fields: [
            .init(name: "at", type: .timestamp), .init(name: "id", type: .string),
            .init(name: "ref", type: .string), .init(name: "who_\(name)", type: .string),
          ], eventTime: 0, arrivalTime: nil, id: 1, keep: .forever)
      }
      let view = { (name: String, own: String, other: String) in
        Fixture.view(
          """
          {"view": "\(name)", "stream": "\(own)", "entity": ["who_\(other)"],
           "join": {"stream": "\(other)", "by": "ref", "fields": {"who_\(other)": "string"}},
           "features": {"9d_N": {"count": true, "windows": ["9d"]}}}
          """, over: stream(own))
      }
      let target = try TestStore(at: folder + "/store", stream("a"), [])
      for name in ["b", "c"] { try target.store.register(stream(name)) }
      try target.store.register(view("bc", "b", "c"))
      try target.store.seal("a", at: .at("2024-03-10"))
      try target.store.register(view("ab", "a", "b"))
      #expect(try target.store.stream("b").seal == .at("2024-03-10"))
      #expect(try target.store.stream("c").seal == .at("2024-03-10"))
      target.close()
    }
  }
}
