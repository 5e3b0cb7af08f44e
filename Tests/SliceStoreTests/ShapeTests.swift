// Filters of features, categories and lifetimes in the store: what they share, what outlives a change of the
// stream, and what is refused because it could only be answered wrongly.
import FeatureModel
import SliceStore
import TestSupport
import Testing

@Suite struct ShapeTests {
  private static func view(_ features: String) -> ViewDeclaration {
    Fixture.view(
      #"{"view": "v", "stream": "mails", "entity": ["sender"], "features": {\#(features)}}"#)
  }

  private func withStore(
    _ views: [ViewDeclaration], _ body: (TestStore) throws -> Void
  ) throws {
    try withTemporaryDirectory { folder in
      let target = try TestStore(at: folder + "/store", Fixture.stream, views)
      try body(target)
      target.close()
    }
  }

  private static let mean = #""M": {"mean": "bytes", "where": "bytes > 5", "windows": ["7d"]}"#
  private static let byFlag = #""F": {"count": true, "by": "flag", "windows": ["7d"]}"#

  @Test func `Equal filters share what is stored, other filters are told to be missing`() throws {
    try withStore([Self.view("\(Self.mean), \(Self.byFlag)")]) { target in
      try target.append([
        Fixture.row(.at("2024-03-01"), "a", bytes: 4, flag: true),
        Fixture.row(.at("2024-03-02"), "a", bytes: 6, flag: true),
        Fixture.row(.at("2024-03-02"), "a", bytes: 9, flag: false),
      ])
      let sum = #""S": {"sum": "bytes", "where": "((bytes > 5.0))", "windows": ["1d", "lifetime"]}"#
        .replacing(#""S""#, with: #""{window}_S""#)
      let longer = #""G": {"count": true, "by": "flag", "limit": 100, "windows": ["lifetime"]}"#
      let extended = Self.view("\(Self.mean), \(Self.byFlag), \(sum), \(longer)")
      guard case .extended = try target.store.register(extended) else {
        Issue.record("not extended")
        return
      }
      for _ in 0..<2 {
        let values = try target.answer("v", ["a"], at: .at("2024-03-03"))
        let map = Value.string(#"{"false":1,"true":2}"#)
        #expect(values == [.double(7.5), map, .int(15), .int(15), map])
        try target.reopen()
      }
      for other in [
        #""S": {"sum": "bytes", "windows": ["1d"]}"#,
        #""S": {"sum": "bytes", "where": "bytes > 6", "windows": ["1d"]}"#,
        #""S": {"count": true, "by": "flag", "limit": 99, "windows": ["1d"]}"#,
        #""S": {"count": true, "by": "sender", "windows": ["1d"]}"#,
        #""S": {"count": "bytes", "by": "flag", "windows": ["1d"]}"#,
      ] {
        let error = #expect(throws: StoreError.self) {
          try target.store.register(Self.view("\(Self.mean), \(Self.byFlag), \(other)"))
        }
        guard case .needsBackfill = error else {
          Issue.record("\(other): \(String(describing: error))")
          continue
        }
      }
    }
  }

  @Test func `Filters and categories mean the same fields after the stream has got others`() throws
  {
    try withStore([Self.view("\(Self.mean), \(Self.byFlag)")]) { target in
      let wider = try Fixture.reader.readStream(
        """
        {"stream": "mails", "eventTime": "at", "arrivalTime": "seen",
         "fields": {"more": "int", "flag": "bool", "at": "timestamp", "bytes": "int", "seen": "timestamp",
           "sender": "string", "score": "double", "subject": "string"}}
        """)
      let before = target.store.views.map(\.digest)
      try target.store.register(wider)
      #expect(target.store.views.map(\.digest) == before)
      let at = Value.timestamp(.at("2024-03-02"))
      try target.append([
        [.int(1), .bool(true), at, .int(6), .null, .string("a"), .null, .null],
        [.int(9), .bool(true), at, .int(5), .null, .string("a"), .null, .null],
      ])
      let values = try target.answer("v", ["a"], at: .at("2024-03-03"))
      #expect(values == [.double(6), .string(#"{"true":2}"#)])
    }
  }

  @Test func `A view may have more filters than a word has bits`() throws {
    let features = (0..<150).map {
      #""F\#($0)": {"count": true, "where": "bytes > \#($0)", "windows": ["7d"]}"#
    }
    let sums = (0..<30).map {
      #""S\#($0)": {"sum": "bytes", "where": "bytes > \#($0)", "windows": ["7d"]}"#
    }
    try withStore([Self.view((features + sums).joined(separator: ","))]) { target in
      var rows = [Fixture.row(.at("2024-03-01"), "a", bytes: nil)]
      for size: Int64 in 1...100 { rows.append(Fixture.row(.at("2024-03-01"), "a", bytes: size)) }
      try target.append(rows)
      let values = try target.answer("v", ["a"], at: .at("2024-03-02"))
      var wanted: [Value] = []
      for bound: Int64 in 0..<150 { wanted.append(.int(max(0, 100 - bound))) }
      for bound: Int64 in 0..<30 { wanted.append(.int(5050 - bound * (bound + 1) / 2)) }
      #expect(values == wanted)
    }
  }

  @Test func `A lifetime and a floor are not had together`() throws {
    let lifetime = #""L": {"count": true, "windows": ["lifetime"]}"#
    let week = #""W": {"count": true, "windows": ["7d"]}"#
    try withStore([Self.view("\(lifetime), \(week)")]) { target in
      try target.append([Fixture.row(.at("2024-03-01"), "a"), Fixture.row(.at("1999-03-01"), "a")])
      let kept = #expect(throws: StoreError.self) {
        try target.store.expire("v", before: .at("2020-01-01"))
      }
      #expect("\(kept!)".contains("'L' is over a lifetime"), "\(kept!)")
      #expect(try target.answer("v", ["a"], at: .at("2024-03-02")) == [.int(2), .int(1)])
      try target.store.register(Self.view(week))
      try target.store.expire("v", before: .at("2020-01-01"))
      let refused = #expect(throws: StoreError.self) {
        try target.store.register(Self.view("\(lifetime), \(week)"))
      }
      #expect("\(refused!)".contains("'L' is over a lifetime"), "\(refused!)")
    }
  }
}
