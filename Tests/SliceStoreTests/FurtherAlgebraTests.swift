// What the algebra promises of a store: functions that share what is stored come and go at once, ages are
// the same throughout a slice, and the generator of the oracle's tests draws every function that there is.
import Aggregates
import FeatureModel
import SliceStore
import TestSupport
import Testing

@Suite struct FurtherAlgebraTests {
  private static let rows = [
    Fixture.row(.at("2024-03-01T06:00:00"), "a", bytes: 5, score: 1, subject: "x"),
    Fixture.row(.at("2024-03-01T18:00:00"), "a", bytes: 7, score: 2, subject: "y"),
    Fixture.row(.at("2024-03-02T12:00:00"), "a", bytes: 7, score: 9, subject: "x"),
  ]

  private static func view(_ features: String) -> ViewDeclaration {
    Fixture.view(
      #"{"view": "further", "stream": "mails", "entity": ["sender"], "features": {\#(features)}}"#)
  }

  @Test func `The oracle is asked about every function`() {
    #expect(RandomStream.functions == Set(AggregateCatalog.signatures.map(\.name)))
  }

  @Test func `What shares its partial with a stored function is live at once`() throws {
    try withTemporaryDirectory { folder in
      let target = try TestStore(
        at: folder + "/store", Fixture.stream,
        [
          Self.view(
            """
            "P": {"quantile": "score", "permille": 990, "windows": ["7d"]},
            "T": {"topK": "bytes", "k": 1, "windows": ["7d"]},
            "S": {"skew": "score", "windows": ["7d"]}, "L": {"lastTime": true, "windows": ["7d"]}
            """)
        ])
      try target.append(Self.rows)
      try target.store.register(
        Self.view(
          """
          "P": {"quantile": "score", "permille": 990, "windows": ["7d"]},
          "T": {"topK": "bytes", "k": 1, "windows": ["7d"]},
          "S": {"skew": "score", "windows": ["7d"]}, "L": {"lastTime": true, "windows": ["7d"]},
          "K": {"kurtosis": "score", "windows": ["7d"]},
          "M": {"median": "score", "windows": ["7d"]}, "A": {"sinceLast": true, "windows": ["7d"]},
          "C": {"valueCounts": "bytes", "windows": ["7d"]}, "E": {"mode": "bytes", "windows": ["7d"]}
          """))
      let values = try target.answer("further", ["a"], at: .at("2024-03-03"))
      #expect(values[1] == .string("[[7,2]]"))
      #expect(values[2] == .double(1.6300591617118863))
      #expect(values[4] == .null)
      #expect(values[5] == .double(2.01980198019802))
      #expect(values[6] == .int(43_200_000))
      #expect(values[7] == .string(#"{"counts":{"5":1,"7":2},"others":0}"#))
      #expect(values[8] == .int(7))
      target.close()
    }
  }

  @Test func `An age is the same throughout a slice, and explained by the same start`() throws {
    try withTemporaryDirectory { folder in
      let declared = Self.view(
        #""A": {"sinceLast": true, "windows": ["7d"]}, "F": {"sinceFirst": "subject", "windows": ["7d"]}"#
      )
      let target = try TestStore(at: folder + "/store", Fixture.stream, [declared])
      try target.append(Self.rows)
      for time in ["2024-03-03", "2024-03-03T12:34:56", "2024-03-03T23:59:59"] {
        let values = try target.answer("further", ["a"], at: .at(time))
        #expect(values == [.int(43_200_000), .int(151_200_000)])
      }
      let late = try target.answer("further", ["a"], at: .at("2024-03-02T23:00:00"), .fresh)
      #expect(late == [.int(-43_200_000), .int(64_800_000)])
      #expect(try target.answer("further", ["b"], at: .at("2024-03-03")) == [.null, .null])
      target.close()
    }
  }

  @Test
  func `Any half-life is live at once beside a count, with its history, and another is another`()
    throws
  {
    try withTemporaryDirectory { folder in
      let count = #""N": {"count": true, "windows": ["7d"]}"#
      let day = #""D": {"decayedCount": true, "halfLife": "1d", "windows": ["7d"]}"#
      let two = #""T": {"decayedCount": true, "halfLife": "2d", "windows": ["1d", "7d"]}"#
        .replacing("\"T\"", with: "\"{window}_T\"")
      let target = try TestStore(at: folder + "/store", Fixture.stream, [Self.view(count)])
      try target.append(Self.rows)
      #expect(
        try target.store.change(to: Self.view("\(count), \(day)"), over: Fixture.stream)
          == .extended([
            #"features.D: added, {"decayedCount":true,"halfLife":"1d"} over 7d (not stored yet)"#
          ]))
      try target.store.register(Self.view("\(count), \(day)"))
      #expect(try target.answer("further", ["a"], at: .at("2024-03-03")) == [.int(3), .double(1)])
      guard
        case .extended(let lines) = try target.store.register(
          Self.view("\(count), \(day), \(two)"))
      else {
        Issue.record("not extended")
        return
      }
      #expect(lines.count == 2 && !lines.joined().contains("not stored yet"), "\(lines)")
      let root = Double(0.5).squareRoot()
      let wanted: [Value] = [.int(3), .double(1), .double(root), .double(1 + root)]
      for _ in 0..<2 {
        for time in ["2024-03-03", "2024-03-03T23:59:59"] {
          #expect(try target.answer("further", ["a"], at: .at(time)) == wanted)
        }
        try target.reopen()
      }
      #expect(throws: StoreError.self) {
        try target.store.register(Self.view("\(count), \(day.replacing("1d", with: "3d"))"))
      }
      target.close()
    }
  }

  @Test func `A count that decays is explained slice by slice, with the weights of the request`()
    throws
  {
    try withTemporaryDirectory { folder in
      let declared = Self.view(
        #""D": {"decayedCount": true, "halfLife": "1d", "windows": ["7d"]}, "N": {"count": true, "windows": ["7d"]}"#
      )
      let target = try TestStore(at: folder + "/store", Fixture.stream, [declared])
      try target.append(Self.rows)
      let reader = try target.store.reader(of: "further", features: ["D"])
      for (mode, values) in [
        (ReadMode.asServed, [Value.double(0.5), .double(0.5)]), (.fresh, [.double(1), .double(1)]),
      ] {
        let time: Timestamp =
          mode == .fresh ? .at("2024-03-02T13:00:00") : .at("2024-03-03T13:00:00")
        let parts = try reader.explain(0, EntityKey(parts: ["a"]), at: time, mode)
        #expect(parts.map(\.value) == values)
      }
      #expect(try target.answer("further", ["b"], at: .at("2024-03-03")) == [.double(0), .int(0)])
      target.close()
    }
  }
}
