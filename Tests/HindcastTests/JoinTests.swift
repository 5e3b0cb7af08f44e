// Joins of files: what goes in comes out in its order with the features behind it, and what cannot be
// joined is refused with its place.
import FeatureModel
import Foundation
import Hindcast
import TestSupport
import Testing

@Suite("Joins of row files")
struct JoinTests {
  /// A store with ten mails of ann on the first ten days, topic t0 or t1.
  private func world(_ folder: String) throws -> World {
    let world = try World(folder, views: [Mails.bySender, Mails.byTopic])
    let rows = (1...10).map { day in
      let date = "2026-01-\(day < 10 ? "0" : "")\(day)"
      return "ann,\(date)T10:00:00Z,\(date)T10:00:00Z,\(day),t\(day % 2)"
    }
    try world.ingest(try world.csv("mails.csv", rows))
    return world
  }

  private func join(
    _ world: World, _ name: String, _ lines: [String], _ request: JoinRequest
  ) throws -> (text: String, report: JoinReport) {
    let spine = try world.write(name, lines)
    let report = try world.store.join(spine, to: world.path("out-" + name), request)
    return (try world.text("out-" + name), report)
  }

  @Test("Spine columns come first and unchanged, then the features as they were asked for")
  func columns() throws {
    try withTemporaryDirectory { folder in
      let world = try world(folder)
      let request = JoinRequest(
        views: [("by_sender", ["30d_SIZE", "1d_N"]), ("by_topic", nil)], time: "when")
      let (text, report) = try join(
        world, "spine.csv",
        [
          #"note,when,sender,"topic",at"#, #"  x ,2026-01-11T00:00:00Z,ann,t0,"1,5""#,
          #""two"#, #"lines",2026-01-02,ann,t1,"#, #","2026-01-03 12:00",bob,,"#,
        ], request)
      #expect(
        text == """
          note,when,sender,"topic",at,30d_SIZE,1d_N,30d_N
            x ,2026-01-11T00:00:00Z,ann,t0,"1,5",55,1,5
          "two
          lines",2026-01-02,ann,t1,,1,1,1
          ,"2026-01-03 12:00",bob,,,0,0,0

          """)
      #expect(report.rows == 3 && report.rowsWithoutKey == ["by_topic": 1])
    }
  }

  @Test("Two views with features of one name get the views' names before them")
  func equalNames() throws {
    try withTemporaryDirectory { folder in
      let world = try world(folder)
      let request = JoinRequest(
        views: [("by_sender", ["30d_N"]), ("by_topic", ["30d_N"])], time: "when")
      let (text, _) = try join(
        world, "spine.csv", ["when,sender,topic", "2026-01-11,ann,t1"], request)
      #expect(
        text == "when,sender,topic,by_sender.30d_N,by_topic.30d_N\n2026-01-11,ann,t1,10,5\n")
    }
  }

  @Test("JSON objects keep their members and get the features behind them")
  func jsonLines() throws {
    try withTemporaryDirectory { folder in
      let world = try world(folder)
      let request = JoinRequest(views: [("by_sender", ["30d_N"])], time: "when")
      let (text, report) = try join(
        world, "spine.jsonl",
        [
          #"{"x": {"y": [1, 2]}, "sender": "ann", "when": 1768089600000}"#,
          #"{"when":"2026-01-02","sender":null} "#, #"{ "when" : "2026-01-03" }"#,
        ], request)
      #expect(
        text == """
          {"x": {"y": [1, 2]}, "sender": "ann", "when": 1768089600000,"30d_N":10}
          {"when":"2026-01-02","sender":null,"30d_N":0}
          { "when" : "2026-01-03","30d_N":0}

          """)
      #expect(report.rowsWithoutKey == ["by_sender": 2])
    }
  }

  @Test("Key fields and the time may have other names; gzip'd spines and outputs too")
  func mapping() throws {
    try withTemporaryDirectory { folder in
      let world = try world(folder)
      var request = JoinRequest(views: [("by_sender", ["1d_N"])], time: "label_time")
      request.keys = ["sender": "from"]
      let spine = try world.write(
        "spine.csv.gz", ["from,label_time,sender", "ann,2026-01-05,zed"])
      let report = try world.store.join(spine, to: world.path("out.csv.gz"), request)
      let plain = try world.store.join(spine, to: world.path("out.csv"), request)
      #expect(report.answerDigest == plain.answerDigest)
      let text = try world.text("out.csv")
      #expect(text == "from,label_time,sender,1d_N\nann,2026-01-05,zed,1\n")
      #expect(plain.answerDigest == Digest(of: text))
    }
  }

  @Test("Ten thousand rows in no order come out in theirs")
  func order() throws {
    try withTemporaryDirectory { folder in
      let world = try world(folder)
      var random = SplitMix64(11)
      let days = (0..<10_000).map { _ in 1 + random.below(28) }
      let lines = days.enumerated().map { number, day in
        "\(number),\(day < 10 ? "2026-01-0" : "2026-01-")\(day),\(day % 4 == 0 ? "bob" : "ann")"
      }
      let request = JoinRequest(views: [("by_sender", ["30d_N"])], time: "when")
      let (text, _) = try join(world, "spine.csv", ["number,when,sender"] + lines, request)
      let expected = zip(lines, days).map { line, day in
        line + ",\(day % 4 == 0 ? 0 : min(day - 1, 10))"
      }
      #expect(text == (["number,when,sender,30d_N"] + expected).joined(separator: "\n") + "\n")
    }
  }

  @Test(
    "A row without a readable time ends the join with its line, and leaves no output",
    arguments: [("", "missing"), ("soon", "not a timestamp"), ("2026-02-30", "not a timestamp")])
  func badTime(_ time: String, _ reason: String) throws {
    try withTemporaryDirectory { folder in
      let world = try world(folder)
      let spine = try world.write(
        "spine.csv", ["when,sender,note", "2026-01-05,ann,\"a\nb\"", "\(time),ann,x"])
      let request = JoinRequest(views: [("by_sender", nil)], time: "when")
      let text = message {
        _ = try world.store.join(spine, to: world.path("out.csv"), request)
      }
      #expect(text?.contains("line 4: field 'when'") == true)
      #expect(text?.contains(reason) == true)
      let left = try FileManager.default.contentsOfDirectory(atPath: folder)
      #expect(!left.contains { $0.hasPrefix("out") }, "left behind: \(left)")
    }
  }

  @Test(
    "A column that has a feature's name already is refused by name",
    arguments: [
      ("spine.csv", ["when,sender,30d_N", "2026-01-05,ann,1"]),
      ("spine.jsonl", [#"{"when":0,"sender":"a"}"#, #"{"when":0,"sender":"a","30d_N":1}"#]),
      ("spine.jsonl", [#"{"30d\u005fN":1,"when":0,"sender":"a"}"#]),
    ])
  func collisions(_ name: String, _ lines: [String]) throws {
    try withTemporaryDirectory { folder in
      let world = try world(folder)
      let request = JoinRequest(views: [("by_sender", ["30d_N"])], time: "when")
      let text = message { _ = try join(world, name, lines, request) }
      #expect(text?.contains("'30d_N' already") == true)
      #expect(!FileManager.default.fileExists(atPath: world.path("out-" + name)))
      // Nested members and features that were not chosen are nobody's business.
      let fine = try join(
        world, "fine.jsonl", [#"{"when":0,"sender":"a","x":{"30d_N":1},"1d_N":2}"#], request)
      #expect(fine.report.rows == 1)
    }
  }

  @Test("A feature that is asked for twice is refused")
  func twice() throws {
    try withTemporaryDirectory { folder in
      let world = try world(folder)
      for views in [
        [("by_sender", ["30d_N", "30d_N"])], [("by_sender", ["30d_N"]), ("by_sender", ["30d_N"])],
      ] {
        let request = JoinRequest(views: views.map { ($0.0, Optional($0.1)) }, time: "when")
        let text = message {
          _ = try join(world, "spine.jsonl", [#"{"when":0,"sender":"a"}"#], request)
        }
        #expect(text?.contains("twice") == true)
      }
    }
  }

  @Test("An output in the other format has the same columns and answers")
  func formats() throws {
    try withTemporaryDirectory { folder in
      let world = try world(folder)
      var request = JoinRequest(views: [("by_sender", ["30d_N", "1d_N"])], time: "when")
      request.outputFormat = .jsonLines
      let fromCSV = try join(
        world, "spine.csv", ["case,when,sender", "007,2026-01-03,ann", ",2026-01-04,"], request)
      #expect(
        fromCSV.text == """
          {"case":"007","when":"2026-01-03","sender":"ann","30d_N":2,"1d_N":1}
          {"case":null,"when":"2026-01-04","sender":null,"30d_N":0,"1d_N":0}

          """)
      request.outputFormat = .csv
      let fromJSON = try join(
        world, "spine.jsonl",
        [#"{"case":7,"when":"2026-01-03","sender":"ann"}"#, #"{"sender":"b,b","when":0}"#], request)
      #expect(
        fromJSON.text == """
          case,when,sender,30d_N,1d_N
          7,2026-01-03,ann,2,1
          ,0,"b,b",0,0

          """)
      #expect(try join(world, "empty.jsonl", [], request).text == "30d_N,1d_N\n")
    }
  }

  @Test("What the output's format cannot hold ends the join with its line and leaves no file")
  func unfit() throws {
    try withTemporaryDirectory { folder in
      let world = try world(folder)
      var request = JoinRequest(views: [("by_sender", nil)], time: "when")
      request.outputFormat = .csv
      let lines = [#"{"when":0,"sender":"ann"}"#, #"{"when":0,"sender":"ann","x":1}"#]
      let text = message { _ = try join(world, "spine.jsonl", lines, request) }
      #expect(text?.contains("line 2: the object has a member 'x'") == true)
      #expect(!FileManager.default.fileExists(atPath: world.path("out-spine.jsonl")))
      request.outputFormat = .jsonLines
      let twice = message { _ = try join(world, "a.csv", ["when,sender,x,x", "0,a,1,2"], request) }
      #expect(twice?.contains("'x' twice") == true)
    }
  }

  @Test("What is asked wrongly is told with what there is")
  func mistakes() throws {
    try withTemporaryDirectory { folder in
      let world = try world(folder)
      let spine = try world.write("spine.csv", ["when,sender", "0,ann"])
      func told(_ request: JoinRequest) -> String {
        message { _ = try world.store.join(spine, to: world.path("out.csv"), request) } ?? "nothing"
      }
      #expect(told(JoinRequest(views: [("by_sendr", nil)], time: "when")).contains("'by_sender'"))
      #expect(
        told(JoinRequest(views: [("by_sender", ["30d_M"])], time: "when")).contains("'30d_N'"))
      #expect(told(JoinRequest(views: [("by_sender", nil)], time: "wen")).contains("'when'"))
      #expect(told(JoinRequest(views: [], time: "when")).contains("--view"))
      #expect(told(JoinRequest(views: [("by_sender", nil)], time: "sender")).contains("timestamp"))
    }
  }
}
