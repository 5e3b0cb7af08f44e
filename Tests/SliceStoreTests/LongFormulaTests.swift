// Views whose formulas are long, or make long texts: they take memory and stack within bounds.
import FeatureModel
import Foundation
import SliceStore
import Synchronization
import TestSupport
import Testing

@Suite struct LongFormulaTests {
  private static let day: Int64 = 86_400_000

  @Test func `Long texts that a view computes are computed for some rows at a time`() throws {
    try withTemporaryDirectory { folder in
      let target = try TestStore(at: folder + "/store", Fixture.stream.keeping(.forever), [])
      let start = Timestamp.at("2024-03-01")
      // Four times 250,000 bytes, and that for a moment once more: 100 MB for 50 rows.
      let text = String(repeating: "x", count: 250_000)
      try target.append(
        (0..<150).map { row in
          Fixture.row(
            start.advanced(by: Int64(row)), "a", bytes: 1, subject: row % 3 == 0 ? text : "short")
        })
      let four = { (name: String) in "concat(\(name), \(name), \(name), \(name))" }
      let view = Fixture.view(
        """
        {"view": "long", "stream": "mails", "entity": ["sender"],
         "derive": {"once": "\(four("subject"))", "twice": "\(four("once"))",
           "size": "length(once)"},
         "features": {"1d_SIZE": {"sum": "size", "windows": ["1d"]},
           "1d_NULLS": {"nullCount": "twice", "windows": ["1d"]},
           "1d_WITH": {"count": true, "where": "length(twice) = 80", "windows": ["1d"]}}}
        """)
      let derivation = RowDerivation(view, of: Fixture.stream)
      let short = Fixture.batch(Array(repeating: Fixture.row(start, "a"), count: 150))
      #expect(derivation.pieces(of: short) == [0..<150])
      let long = Fixture.batch(
        Array(repeating: Fixture.row(start, "a", subject: text), count: 150))
      #expect(derivation.pieces(of: long).count > 3)
      try target.store.register(view)
      try target.store.build("long")
      // What is loaded goes the same way.
      try target.append([Fixture.row(start, "b", subject: "short")])
      let values = try target.answer("long", ["a"], at: start.advanced(by: Self.day), .corrected)
      #expect(values == [.int(50_002_000), .int(50), .int(100)])
      target.close()
    }
  }

  @Test func `Long lists and thousands of computed columns take no stack`() throws {
    try withTemporaryDirectory { folder in
      let target = try TestStore(at: folder + "/store", Fixture.stream.keeping(.forever), [])
      let sum = Array(repeating: "length(subject)", count: 60).joined(separator: " + ")
      let derived = (0..<300).map { #""d\#($0)": "\#(sum) + \#($0)""# }.joined(separator: ", ")
      let list = (0..<20_000).map { "'s\($0)'" }.joined(separator: ", ")
      try target.store.register(
        Fixture.view(
          """
          {"view": "wide", "stream": "mails", "entity": ["sender"], "derive": {\(derived)},
           "where": "lower(subject) in (\(list)) or length(subject) = 3 or length(subject) = 4",
           "features": {"1d_S": {"sum": "d299", "windows": ["1d"]}}}
          """))
      try target.store.build("wide")
      let start = Timestamp.at("2024-03-01")
      let subjects = ["S7", "s19999", "s20000", "abc", "abcd", "abcde", "s1s2"]
      let batch = Fixture.batch(subjects.map { Fixture.row(start, "a", subject: $0) })
      let store = target.store
      let taken = Mutex(0)
      let thread = Thread {
        let report = try? store.append(batch, to: "mails", durability: .written)
        taken.withLock { $0 = report?.events ?? 0 }
      }
      thread.stackSize = 512 << 10
      thread.start()
      while !thread.isFinished { usleep(1000) }
      #expect(taken.withLock { $0 } == subjects.count)
      // S7, s19999, abc, abcd and s1s2, 60 times their lengths.
      let values = try target.answer("wide", ["a"], at: start.advanced(by: Self.day), .corrected)
      let lengths: Int64 = 2 + 6 + 3 + 4 + 4
      #expect(values == [.int(60 * lengths + 5 * 299)])
      target.close()
    }
  }
}
