// Views that are Swift types: the same declarations as files, the same mistakes, the same values.
import FeatureModel
import Hindcast
import SliceStore
import TestSupport
import Testing

@Suite("Views in Swift")
struct PluginTests {
  private func resolve(_ texts: [DeclarationText]) throws -> ResolvedDeclarations {
    try withTemporaryDirectory { folder in
      try FeatureStore.open(folder + "/store", .create).resolve(texts)
    }
  }

  private func resolve(_ json: String...) throws -> ResolvedDeclarations {
    try resolve(json.enumerated().map { .init(name: "\($0.offset)", text: Array($0.element.utf8)) })
  }

  @Test("A view and a file that say the same have one digest")
  func twins() throws {
    for (view, json) in [
      (BySender.self as any FeatureView.Type, Mails.bySender), (Everything.self, Everything.json),
    ] {
      let own = try resolve([DeclarationText([view])])
      let file = try resolve(Mails.stream, json)
      #expect(own.streams == file.streams)
      #expect(CanonicalForm.digest(own.streams[0]) == CanonicalForm.digest(file.streams[0]))
      #expect(own.views == file.views)
      #expect(
        CanonicalForm.text(own.views[0], over: own.streams[0])
          == CanonicalForm.text(file.views[0], over: file.streams[0]))
      #expect(
        CanonicalForm.digest(own.views[0], over: own.streams[0])
          == CanonicalForm.digest(file.views[0], over: file.streams[0]))
    }
  }

  private enum Listed: MailView {
    static let filter: Condition<PluginMail>? =
      .isIn(\.topic, [.topic1, nil]) || .isIn(\.seen, [nil])
  }

  @Test("Nil in a list is what has no value")
  func listedNil() throws {
    let own = try resolve([DeclarationText([Listed.self])])
    let file = try resolve(
      Mails.stream,
      #"""
      {"view": "mistaken", "stream": "mails", "entity": "sender",
       "where": "topic in ('topic1') or topic is null or seen is null",
       "features": {"{window}_N": {"count": true, "windows": ["1d"]}}}
      """#)
    #expect(own.views == file.views)
  }

  private enum NoSuchWindow: MailView {
    static var features: [Feature<PluginMail>] { Count("N").over(.hours(36), "7x") }
  }
  private enum BeyondRetention: MailView {
    static let retention: Period? = .days(7)
    static var features: [Feature<PluginMail>] { Count("N").over(.days(30)) }
  }
  private enum NoFeatures: MailView {
    static var features: [Feature<PluginMail>] {}
  }
  private enum NoWindows: MailView {
    static var features: [Feature<PluginMail>] { Count("N").over() }
  }
  private enum WrongParameter: MailView {
    static var features: [Feature<PluginMail>] {
      Distinct("N", of: \.topic, exactUpTo: -1).over(.days(1))
      Aggregate("sum", "S", of: \.size, ["exactly": 3]).over(.days(1))
    }
  }
  private enum NoSuchFunction: MailView {
    static var features: [Feature<PluginMail>] {
      Aggregate("summ", "S", of: \.size).over(.days(1))
      Aggregate("sum", "T", of: \.topic).over(.days(1))
      Aggregate("sum", "U").over(.days(1))
    }
  }
  private enum OneName: MailView {
    static var features: [Feature<PluginMail>] {
      Count(.exactly("N")).over(.days(1), .days(2))
      Count("a b").over(.days(1))
      Count(.exactly("1d_SIZE")).over(.days(1))
      Sum("SIZE", of: \.size).over(.days(1))
    }
  }
  private enum WrongFilter: MailView {
    static let filter: Condition<PluginMail>? = "size = 'x' and topik = 'y'"
  }
  private enum WrongKey: MailView {
    static let name = "1 view"
    static let entity = Entity<PluginMail>(named: "sender", "sender", "sendr")
    static let slice: Period = "400d"
  }

  private static var mistaken: [(view: any FeatureView.Type, members: String)] {
    [
      (
        NoSuchWindow.self as any FeatureView.Type,
        #""features": { "{window}_N": { "count": true, "windows": ["36h", "7x"] } }"#
      ),
      (
        BeyondRetention.self,
        #""retention": "7d", "features": { "{window}_N": { "count": true, "windows": ["30d"] } }"#
      ),
      (NoFeatures.self, #""features": {}"#),
      (NoWindows.self, #""features": { "{window}_N": { "count": true, "windows": [] } }"#),
      (
        WrongParameter.self,
        #""features": { "{window}_N": { "distinct": "topic", "exactUpTo": -1, "windows": ["1d"] }, "{window}_S": { "sum": "size", "exactly": 3, "windows": ["1d"] } }"#
      ),
      (
        NoSuchFunction.self,
        #""features": { "{window}_S": { "summ": "size", "windows": ["1d"] }, "{window}_T": { "sum": "topic", "windows": ["1d"] }, "{window}_U": { "sum": true, "windows": ["1d"] } }"#
      ),
      (
        OneName.self,
        #""features": { "N": { "count": true, "windows": ["1d", "2d"] }, "{window}_a b": { "count": true, "windows": ["1d"] }, "1d_SIZE": { "count": true, "windows": ["1d"] }, "{window}_SIZE": { "sum": "size", "windows": ["1d"] } }"#
      ),
      (
        WrongFilter.self,
        #""where": "size = 'x' and topik = 'y'", "features": { "{window}_N": { "count": true, "windows": ["1d"] } }"#
      ),
      (
        WrongKey.self,
        #""view": "1 view", "entity": ["sender", "sender", "sendr"], "slice": "400d", "features": { "{window}_N": { "count": true, "windows": ["1d"] } }"#
      ),
    ]
  }

  @Test("Mistakes are those of a file that says the same, but for the line")
  func mistakes() throws {
    for (view, members) in Self.mistaken { try compareMistakes(view, members) }
  }

  private func compareMistakes(_ view: any FeatureView.Type, _ members: String) throws {
    var json = #"{ "stream": "mails", "#
    if !members.contains(#""view""#) { json += #""view": "mistaken", "entity": ["sender"], "# }
    let file = message { _ = try resolve("[" + Mails.stream + "," + json + members + "}]") }
    let own = message { _ = try resolve([DeclarationText([view])]) }
    let expected = (file ?? "").split(separator: "\n").map { line in
      // "0: 5:12 $.features: ..." without the file's name and the place in it.
      line.split(separator: " ", maxSplits: 2).last.map(String.init) ?? ""
    }
    let found = (own ?? "").split(separator: "\n").map { line in
      #expect(line.hasPrefix("\(view): $"), "\(line)")
      return line.split(separator: " ", maxSplits: 1).last.map(String.init) ?? ""
    }
    #expect(!expected.isEmpty, "\(view)")
    #expect(found.sorted() == expected.sorted())
  }

  private enum Elsewhere: MailView {
    static let filter: Condition<PluginMail>? = \.count > 3
    static var features: [Feature<PluginMail>] { Sum("COUNT", of: \.count).over(.days(1)) }
  }

  @Test("A property that is no field is named, with the fields that there are")
  func noField() throws {
    let text = message { _ = try resolve([DeclarationText([Elsewhere.self])]) } ?? ""
    #expect(text.contains(#"\PluginMail.count"#), "\(text)")
    #expect(text.contains("there is size"), "\(text)")
    #expect(text.split(separator: "\n").count == 2, "\(text)")
  }

  private struct Part: Sendable {
    var sender: String?
    var at = Timestamp(milliseconds: 0)!
  }
  private enum OverPart: FeatureView {
    static let name = "over_part"
    static let stream = EventStream<Part>("mails") {
      Field.eventTime("at", \.at)
      Field("sender", \.sender)
    }
    static let entity = Entity(\Part.sender)
    static var features: [Feature<Part>] { Count("N").over(.days(30)) }
    static func hydrate(_ part: inout Part, with values: FeatureValues) {}
  }

  @Test("A stream that is known with more fields is taken as it is, in whatever order files come")
  func parts() throws {
    try withTemporaryDirectory { folder in
      let stream = DeclarationText(name: "mails.json", text: Array(Mails.stream.utf8))
      let plugin = DeclarationText([OverPart.self], name: "plugin")
      #expect(try resolve([plugin, stream]).streams == resolve([stream, plugin]).streams)
      let world = try World(folder, views: [])
      let reports = try world.store.register(OverPart.self)
      #expect(reports.map(\.name) == ["over_part"])
      #expect(world.store.store.streams.map(\.declaration.fields.count) == [5])
      // Events that would leave fields empty are not for this stream.
      let text = message { try world.store.ingest([Part()], for: OverPart.self, source: "s") }
      #expect(text?.contains("does not fill: seen, size, topic") == true, "\(text ?? "")")
      let wide = message { _ = try resolve(Mails.stream.replacing("string", with: "int")) }
      #expect(wide == nil)
      let other = DeclarationText(
        name: "other.json", text: Array(Mails.stream.replacing("string", with: "int").utf8))
      #expect(
        message { _ = try resolve([other, plugin]) }?.contains("'mails' is declared in other.json")
          == true)
    }
  }

  @Test("A view that is not registered says so before events are lost")
  func unregistered() throws {
    try withTemporaryDirectory { folder in
      let world = try World(folder, views: [])
      let text = message {
        try world.store.ingest([PluginMail()], for: BySender.self, source: "s")
      }
      #expect(text?.contains("by_sender") == true)
    }
  }
}
