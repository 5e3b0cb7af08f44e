// Events of an engineer's own type into a store and back: as files with the same rows, by any path.
import FeatureModel
import Hindcast
import SliceStore
import TestSupport
import Testing

@Suite("Events of views in Swift")
struct PluginEventTests {
  /// The event of one row of `Mails`.
  private static func mail(_ row: String) -> PluginMail {
    let cells = row.split(separator: ",").map(String.init)
    return PluginMail(
      sender: cells[0], at: Timestamp(parsing: cells[1])!, seen: Timestamp(parsing: cells[2])!,
      size: Int32(cells[3])!, topic: .init(rawValue: cells[4]))
  }

  private static func answers(
    _ store: FeatureStore, _ view: String, _ entity: [String]
  ) throws -> [Value] {
    try ["2026-01-10", "2026-01-29T12:00:00Z"].flatMap { time in
      try [ReadMode.asServed, .corrected].flatMap { mode in
        try store.get(view, entity: entity, at: Timestamp(parsing: time)!, mode).map(\.value)
      }
    }
  }

  @Test("Events count as rows of a file do, once, under the name of their source")
  func ingest() throws {
    try withTemporaryDirectory { folder in
      let rows = Mails.rows(0..<400)
      let file = try World(folder, views: [Mails.bySender, Everything.json])
      try file.ingest(try file.csv("mails.csv", rows))
      let own = try FeatureStore.open(folder + "/own", .create)
      try own.register(BySender.self, Everything.self)
      let events = rows.map(Self.mail)
      #expect(try own.ingest(events.prefix(150), for: BySender.self, source: "a").rows == 150)
      let rest = try own.ingest(events, for: Everything.self, source: "a")
      #expect(rest.rows == 250 && rest.rowsBefore == 150)
      #expect(try own.ingest(events, for: BySender.self, source: "a").rows == 0)
      for sender in ["ann", "sender7", "nobody"] {
        #expect(
          try Self.answers(own, "by_sender", [sender])
            == Self.answers(file.store, "by_sender", [sender]))
        #expect(
          try Self.answers(own, "everything", [sender, "topic2"])
            == Self.answers(file.store, "everything", [sender, "topic2"]))
      }
      var mails = events
      let report = try own.hydrate(&mails, with: BySender.self)
      #expect(report.events == 400 && report.distinctEvents < 400)
      for mail in mails.prefix(50) {
        let wanted = try own.get(
          "by_sender", entity: [mail.sender], at: mail.at, features: ["30d_N"])[0].value
        #expect(mail.count.map { .int($0) } == wanted)
      }
      var emitted: [Int64?] = []
      try own.hydrate(reading: { events }, with: BySender.self) { emitted.append($0.count) }
      #expect(emitted == mails.map(\.count))
    }
  }

  private struct Domain: Sendable {
    var sender: String?
    var at = Timestamp(milliseconds: 0)!
    var size = 0
  }
  private enum ByDomain: FeatureView {
    static let domain = Derived("domain") { (mail: Domain) in
      mail.sender?.split(separator: "r").last.map { String($0) }
    }
    static let stream = EventStream("mails", blank: Domain()) {
      Field("sender", \.sender)
      Field.eventTime("at", \.at)
      Field("size", \.size)
      domain
      Derived("square") { (mail: Domain) in Double(mail.size * mail.size) }
    }
    static let name = "by_domain"
    static let entity = Entity(domain)
    static let filter: Condition<Domain>? = .compare(domain, .notEqual, "9")
    static var features: [Feature<Domain>] {
      Count("N").over(.days(30))
      Aggregate("sum", "SQUARES", of: Derived("square") { (_: Domain) in 0.0 }).over(.days(30))
    }
    static func hydrate(_ mail: inout Domain, with values: FeatureValues) {}
  }

  private static let whole = """
    { "stream": "mails", "fields": { "sender": "string", "at": "timestamp", "size": "int", "domain": "string",
      "square": "double", "seen": "timestamp", "topic": "string" }, "eventTime": "at", "arrivalTime": "seen" }
    """

  @Test(
    "Computed fields are filled in as a file is read; its other columns go through, bad rows out")
  func derived() throws {
    try withTemporaryDirectory { folder in
      var rows = Mails.rows(0..<300)
      // Three rows that no event can be made of, one that the file's reader refuses already.
      for row in [5, 6, 200] {
        rows[row] = rows[row].split(separator: ",").enumerated()
          .map { $0.offset == 3 ? "" : String($0.element) }.joined(separator: ",")
      }
      rows[100] = rows[100].replacing("2026", with: "x")
      let bad = [5, 6, 100, 200]
      let world = try World(folder, views: [])
      let plugin = try FeatureStore.open(folder + "/plugin", .create)
      let file = try FeatureStore.open(folder + "/whole", .create)
      let stream = DeclarationText(name: "stream", text: Array(Self.whole.utf8))
      for store in [plugin, file] { _ = try store.register([stream]) }
      let topics =
        #"{ "view": "topics", "stream": "mails", "entity": "topic", "features": { "N": { "count": true, "windows": ["30d"] } } }"#
      for store in [plugin, file] {
        try store.register(ByDomain.self)
        _ = try store.register([DeclarationText(name: "topics", text: Array(topics.utf8))])
      }
      let path = try world.csv("mails.csv", rows)
      let text = message { try plugin.ingest(path, for: ByDomain.self) }
      #expect(text?.contains("line 7") == true && text?.contains("'size'") == true, "\(text ?? "")")
      var options = IngestOptions()
      options.rejects = world.path("rejects.csv")
      options.chunkBytes = 1000
      let report = try plugin.ingest(path, for: ByDomain.self, options)
      #expect(report.rejected == 4 && report.rows == 300)
      #expect(try world.text("rejects.csv").split(separator: "\n").count == 5)
      let full = rows.enumerated().filter { !bad.contains($0.offset) }.map { _, row in
        let cells = row.split(separator: ",").map(String.init)
        let size = Double(cells[3])!
        return "\(row),\(cells[0].split(separator: "r").last!),\(size * size)"
      }
      let fullPath = try world.write("full.csv", [Mails.header + ",domain,square"] + full)
      _ = try file.ingest(fullPath, into: "mails")
      for domain in ["ann", "7", "9", "49"] {
        #expect(
          try Self.answers(plugin, "by_domain", [domain])
            == Self.answers(file, "by_domain", [domain]))
      }
      for topic in ["topic0", "topic4"] {
        #expect(
          try Self.answers(plugin, "topics", [topic]) == Self.answers(file, "topics", [topic]))
      }
      #expect(try Self.answers(plugin, "by_domain", ["7"])[0] != .int(0))
      // The file has grown: it goes on where it stood.
      try world.write("mails.csv", [Mails.header] + rows + Mails.rows(0..<10))
      #expect(try plugin.ingest(path, for: ByDomain.self, options).rows == 10)
    }
  }

  @Test(
    "A plugin adds what it computes to a stream that is in use, and catches up with its history")
  func extending() throws {
    try withTemporaryDirectory { folder in
      let world = try World(folder)
      let rows = Mails.rows(0..<280)
      let path = try world.csv("mails.csv", rows)
      try world.ingest(path)
      let reports = try world.store.register(ByDomain.self)
      #expect(reports.map(\.name) == ["mails", "by_domain"] && reports[1].lacksHistory)
      let fields = try world.store.store.stream("mails").declaration.fields.map(\.name)
      #expect(fields == ["sender", "at", "seen", "size", "topic", "domain", "square"])
      #expect(try world.store.ingest(path, for: ByDomain.self).views == ["by_domain"])
      #expect(try world.store.ingest(path, for: ByDomain.self).rows == 0)
      #expect(try world.count("ann") == World.count("ann", in: rows))
      #expect(try world.count("7", view: "by_domain") == World.count("sender7", in: rows))
      #expect(try world.store.register(ByDomain.self).map(\.outcome) == [.unchanged])
      let again = try world.store.register([
        DeclarationText(name: "mails.json", text: Array(Mails.stream.utf8)),
        DeclarationText([ByDomain.self]),
      ])
      #expect(again.map(\.outcome) == [.unchanged, .unchanged])
      // A file that lacks what is computed is not taken in without the plugin.
      let text = message { try world.ingest(try world.csv("more.csv", Mails.rows(0..<9))) }
      #expect(text?.contains("domain") == true, "\(text ?? "")")
    }
  }

  @Test("A dry run shows a view's values on events, and on a file without the computed fields")
  func check() throws {
    try withTemporaryDirectory { folder in
      let world = try World(folder, views: [])
      let rows = Mails.rows(0..<60)
      let checked = try FeatureStore.check(BySender.self, on: rows.map(Self.mail))
      #expect(checked.rows == 60 && checked.answers.count == 3 && checked.warnings.isEmpty)
      let path = try world.csv("sample.csv", rows + ["ann,2026-01-01,2026-01-01,,topic1"])
      let sample = try FeatureStore.check(ByDomain.self, sample: path, entities: 1)
      #expect(sample.rows == 61 && sample.rejectedCount == 1)
      #expect(sample.rejected[0].field == "size" && sample.rejected[0].line == 62)
      #expect(sample.answers[0].entity == ["9"])
    }
  }

  private struct Fixed: Sendable {
    let sender: String
    var at = Timestamp(milliseconds: 0)!
    var letters: String { sender.uppercased() }
  }
  private enum Unwritable: FeatureView {
    static let stream = EventStream("mails", blank: Fixed(sender: "")) {
      Field("sender", \.sender)
      Field.eventTime("at", \.at)
      Derived("letters", \.letters)
    }
    static let name = "unwritable"
    static let entity = Entity(\Fixed.letters)
    static var features: [Feature<Fixed>] { Count("N").over(.days(30)) }
    static func hydrate(_ mail: inout Fixed, with values: FeatureValues) {}
  }

  @Test(
    "A property that cannot be set from a row is named; events of the program have no need of it")
  func unwritable() throws {
    try withTemporaryDirectory { folder in
      let store = try FeatureStore.open(folder + "/store", .create)
      try store.register(Unwritable.self)
      let text = message { try store.ingest("/dev/null", for: Unwritable.self) }
      #expect(text?.contains("field 'sender' cannot be set from a row: make it a `var`") == true)
      let mails = [Fixed(sender: "ann"), Fixed(sender: "Ann"), Fixed(sender: "bob")]
      try store.ingest(mails, for: Unwritable.self, source: "s")
      let answer = try store.get(
        "unwritable", entity: ["ANN"], at: Timestamp(parsing: "1970-01-02")!)
      #expect(answer[0].value == .int(2))
    }
  }
}
