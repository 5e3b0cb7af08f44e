// Declarations of several files: all or none, every mistake with the file it is in; and dry runs.
import FeatureModel
import Hindcast
import SliceStore
import TestSupport
import Testing

@Suite("Registration")
struct RegistrationTests {
  @Test(
    "Mistakes in several files are reported together, each with its file, and nothing is registered"
  )
  func mistakes() throws {
    try withTemporaryDirectory { folder in
      let world = try World(folder, views: [])
      let text = message {
        _ = try world.register([
          Mails.byTopic,
          Mails.bySender.replacing(#""size""#, with: #""siez""#),
          Mails.bySender.replacing("by_sender", with: "other").replacing("sender", with: "sendr"),
          "{ \"view\": ",
        ])
      }
      let lines = (text ?? "").split(separator: "\n")
      #expect(lines.contains { $0.hasPrefix("file1.json: ") && $0.contains("'size'") })
      #expect(lines.contains { $0.hasPrefix("file2.json: ") && $0.contains("'sender'") })
      #expect(lines.contains { $0.hasPrefix("file3.json: ") })
      #expect(!lines.contains { $0.hasPrefix("file0.json") })
      #expect(world.store.store.views.isEmpty)
    }
  }

  @Test("A redefinition is found before anything is registered")
  func redefinition() throws {
    try withTemporaryDirectory { folder in
      let world = try World(folder)
      let text = message {
        _ = try world.register([
          Mails.byTopic, Mails.bySender.replacing(#""slice": "1d""#, with: #""slice": "1h""#),
          Mails.stream.replacing(#""size": "int""#, with: #""size": "double""#),
        ])
      }
      #expect(text?.contains("file1.json: 'by_sender' is registered") == true)
      #expect(text?.contains("slice: 1d -> 1h") == true)
      #expect(text?.contains("file2.json: 'mails' is registered") == true)
      #expect(world.store.store.views.map(\.declaration.name) == ["by_sender"])
    }
  }

  @Test("A name that two files declare is refused, as is a view without its stream")
  func names() throws {
    try withTemporaryDirectory { folder in
      let world = try World(folder, views: [])
      let twice = message {
        _ = try world.register([Mails.bySender, Mails.byTopic, Mails.bySender])
      }
      #expect(twice == "file2.json: the view 'by_sender' is declared in file0.json already")
      let lost = message {
        _ = try world.register([Mails.bySender.replacing("mails", with: "mail")])
      }
      #expect(lost?.contains("file0.json") == true && lost?.contains("'mails'") == true)
      #expect(world.store.store.views.isEmpty)
    }
  }

  @Test("The same again is unchanged; a window is live at once; a new aggregation needs a new name")
  func extensions() throws {
    try withTemporaryDirectory { folder in
      let world = try World(folder)
      try world.ingest(try world.csv("mails.csv", Mails.rows(0..<90)))
      #expect(
        try world.register([Mails.stream, Mails.bySender]).map(\.outcome) == [
          .unchanged, .unchanged,
        ])
      let wider = Mails.bySender.replacing(#""1d", "30d""#, with: #""1d", "30d", "60d""#)
      let reports = try world.register([wider])
      guard case .extended(let lines) = reports[0].outcome else {
        Issue.record("\(reports[0].outcome)")
        return
      }
      #expect(lines.contains { $0.contains("60d_N") })
      #expect(!reports[0].lacksHistory)
      let answer = try world.store.get(
        "by_sender", entity: ["ann"], at: Timestamp(parsing: "2026-01-31")!, features: ["60d_N"])
      #expect(answer[0].value == .int(30))
      let text = message {
        _ = try world.register([
          Mails.byTopic,
          Mails.bySender.replacing(#""sum": "size""#, with: #""mean": "size""#)
            .replacing("_SIZE", with: "_MEAN"),
        ])
      }
      #expect(text?.contains("new name") == true)
      #expect(world.store.store.views.count == 1)
    }
  }

  @Test("A view before any event has nothing to catch up with")
  func noHistory() throws {
    try withTemporaryDirectory { folder in
      let world = try World(folder)
      #expect(try world.register([Mails.byTopic]).map(\.lacksHistory) == [false])
    }
  }
}

@Suite("Dry runs")
struct CheckTests {
  @Test("A dry run shows values, bad rows, sizes and what is suspicious")
  func check() throws {
    try withTemporaryDirectory { folder in
      let world = try World(folder, views: [])
      let declarations = [
        Mails.bySender,
        Mails.byTopic.replacing(#""slice": "1d","#, with: #""slice": "1d", "where": "size > 99","#),
        Mails.bySender.replacing(#""view": ""#, with: #""view": "x"#)
          .replacing(#""windows""#, with: #""where": "size > 99999", "windows""#),
      ]
      let resolved = try world.store.resolve(
        declarations.map { DeclarationText(name: "x", text: Array($0.utf8)) })
      let stream = try world.store.store.stream("mails").declaration
      var rows = Mails.rows(0..<60).map {
        $0.split(separator: ",").dropLast().joined(separator: ",") + ","
      }
      rows[7] = "bad"
      let sample = try world.csv("sample.csv", rows)
      let checked = try FeatureStore.check(resolved.views, of: stream, sample: sample, entities: 2)
      #expect(checked.map(\.rows) == [60, 60, 60] && checked.map(\.rejectedCount) == [1, 1, 1])
      #expect(checked[0].rejected[0].line == 9)
      #expect(checked[0].answers.count == 2 && checked[0].entries > 0)
      #expect(checked[0].storedBytes > 0 && checked[0].warnings.isEmpty)
      #expect(checked[1].warnings.count == 2, "\(checked[1].warnings)")
      #expect(checked[2].warnings.count == 1)
      let warning = checked[2].warnings.first ?? ""
      #expect(
        warning.hasPrefix("the filter 'size > 99999' of '") && warning.hasSuffix("sample's rows"))
      // The last row's sender, one slice after its event, when that event counts.
      let (entity, time, values) = checked[0].answers[0]
      let last = rows.last!.split(separator: ",").map(String.init)
      #expect(entity == [last[0]])
      #expect(time == Timestamp(parsing: last[1])!.advanced(days: 1))
      if case .int(let count) = values[0] { #expect(count >= 1) } else { Issue.record("\(values)") }
      #expect(world.store.store.views.isEmpty)
    }
  }
}
