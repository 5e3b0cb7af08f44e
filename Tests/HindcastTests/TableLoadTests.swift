// Files into tables: all of it or nothing, with the place of what is wrong; tables beside views in one set,
// and in joins.
import FeatureModel
import Foundation
import Hindcast
import SliceStore
import TestSupport
import Testing

@Suite struct TableLoadTests {
  private static let reputation = """
    {"table": "reputation", "key": {"sender": "string"}, "validFrom": "since",
     "attributes": {"score": "double", "tier": "string"}, "slice": "1d"}
    """

  private func withTable(_ body: (World) throws -> Void) throws {
    try withTemporaryDirectory { folder in
      let world = try World(folder)
      let reports = try world.register([Self.reputation])
      #expect(reports.map(\.kind) == [.table] && reports.map(\.outcome) == [.registered])
      try body(world)
    }
  }

  private func load(
    _ world: World, _ lines: [String], _ options: LoadOptions = LoadOptions(),
    as name: String = "t.csv"
  ) throws -> LoadReport {
    let path = "\(world.folder)/\(name)"
    try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: URL(fileURLWithPath: path))
    return try world.store.load(path, into: "reputation", options)
  }

  private func at(_ time: String) -> LoadOptions {
    var options = LoadOptions()
    options.time = Timestamp(parsing: time)
    return options
  }

  private func ask(_ world: World, _ sender: String, _ time: String, _ mode: ReadMode = .asServed)
    throws -> [Value]
  {
    try world.store.get("reputation", entity: [sender], at: Timestamp(parsing: time)!, mode)
      .map(\.value)
  }

  @Test func `A file replaces the table for whoever knows of it, and for nobody else`() throws {
    try withTable { world in
      let header = "sender,since,score,tier,note"
      let first = try load(
        world,
        [header, "ann,2026-01-01,0.5,gold,x", "bob,,0.25,,x", "ann,2026-01-03,,silver,x"],
        at("2026-01-10T08:00:00Z"))
      #expect(first.rows == 3 && first.change.added == 3)
      let day: Value = .timestamp(Timestamp(parsing: "2026-01-01")!)
      #expect(try ask(world, "ann", "2026-01-10T20:00:00Z") == [.null, .null, .null])
      #expect(try ask(world, "ann", "2026-01-11")[2] == .string("silver"))
      #expect(try ask(world, "ann", "2026-01-11")[1] == .null)
      #expect(
        try ask(world, "ann", "2026-01-02T12:00:00Z", .corrected)
          == [day, .double(0.5), .string("gold")])
      #expect(
        try ask(world, "bob", "2026-01-11") == [.timestamp(.earliest), .double(0.25), .null])
      let same = try load(
        world,
        [
          #"{"tier": "gold", "sender": "ann", "since": "2026-01-01", "score": 0.5}"#,
          #"{"sender": "ann", "since": "2026-01-03", "tier": "silver"}"#,
          #"{"sender": "bob", "score": 0.25}"#,
        ], at("2026-01-12"), as: "t.jsonl")
      #expect(!same.change.isChange && same.change.unchanged == 3)
      let second = try load(world, [header, "ann,2026-01-01,0.75,gold,x"], at("2026-01-20"))
      #expect(second.change.changed == 1 && second.change.removed == 2)
      #expect(try ask(world, "ann", "2026-01-20T12:00:00Z")[2] == .string("silver"))
      #expect(try ask(world, "ann", "2026-01-21") == [day, .double(0.75), .string("gold")])
      #expect(try ask(world, "bob", "2026-01-21") == [.null, .null, .null])
      let then: ReadMode = .knownAt(Timestamp(parsing: "2026-01-12")!)
      #expect(try ask(world, "bob", "2026-01-21", then)[1] == .double(0.25))
    }
  }

  @Test func `History is known from when it was valid, before anything else is loaded`() throws {
    try withTable { world in
      var options = LoadOptions()
      options.isKnownFromValid = true
      let lines = ["sender,since,score,tier", "ann,2026-01-01,0.5,gold", "ann,2026-01-03,1,silver"]
      _ = try load(world, lines, options)
      #expect(try ask(world, "ann", "2026-01-02")[2] == .string("gold"))
      #expect(try ask(world, "ann", "2026-01-05")[2] == .string("silver"))
      let other = message { _ = try load(world, Array(lines.prefix(2)), options) }
      #expect(
        other?.contains("only its first rows can be known from when on they are valid") == true)
    }
  }

  @Test(arguments: [
    ("ann,2026-01-01,x,gold", "line 3: field 'score': not a number: 'x'"),
    (",2026-01-01,1,gold", "line 3: field 'sender': a value is missing"),
    ("ann,soon,1,gold", "line 3: field 'since': not a timestamp"),
    (
      "bob,2026-01-02T00:00:00Z,1,",
      "line 3: field 'since': line 2 has this key and this valid-from time already"
    ),
    (
      "ann,2026-01-31,1,gold",
      "line 3: field 'since': 2026-01-31T00:00:00Z lies ahead of 2026-01-20"
    ),
    ("ann,2026-01-01,1", "line 3: 3 cells instead of 4"),
  ])
  func `One bad row refuses the whole file`(row: String, reason: String) throws {
    try withTable { world in
      let text = message {
        _ = try load(
          world, ["sender,since,score,tier", "bob,2026-01-02,0.5,", row], at("2026-01-20"))
      }
      #expect(text?.contains(reason) == true, "\(text ?? "")")
      #expect(text?.hasSuffix("Nothing was changed: mend it, and load all rows again") == true)
      let count = try world.store.store.rowCount(of: "reputation")
      #expect(count == 0)
    }
  }

  @Test func `A file without rows is refused unless that is meant`() throws {
    try withTable { world in
      _ = try load(world, ["sender,since,score,tier", "bob,,1,"], at("2026-01-20"))
      let empty = ["sender,since,score,tier"]
      #expect(message { _ = try load(world, empty, at("2026-01-21")) }?.contains("--empty") == true)
      var options = at("2026-01-21")
      options.mayBeEmpty = true
      #expect(try load(world, empty, options).change.removed == 1)
      #expect(try ask(world, "bob", "2026-01-22") == [.null, .null, .null])
    }
  }

  @Test func `A set names attributes beside features, and a join reads both`() throws {
    try withTable { world in
      _ = try load(
        world, ["sender,since,score,tier", "ann,2026-01-01,0.5,gold"], at("2026-01-03T08:00:00Z"))
      let rows = ([Mails.header] + Mails.rows(0..<60)).map { $0 + "\n" }.joined()
      let path = world.folder + "/mails.csv"
      try Data(rows.utf8).write(to: URL(fileURLWithPath: path))
      _ = try world.store.ingest(path, into: "mails")
      _ = try world.register([
        #"{"set": "s", "features": ["by_sender.30d_N", "reputation.tier", "reputation.score"]}"#
      ])
      let spine = world.folder + "/spine.csv"
      try Data("sender,at\nann,2026-01-03T09:00:00Z\nann,2026-01-04\nzoe,2026-01-04\n".utf8)
        .write(to: URL(fileURLWithPath: spine))
      let joined = world.folder + "/joined.csv"
      let set = try world.store.store.set("s").declaration
      _ = try world.store.join(spine, to: joined, JoinRequest(sets: [set], time: "at"))
      let text = try String(contentsOfFile: joined, encoding: .utf8)
      let lines = text.split(separator: "\n")
      #expect(lines[0].hasSuffix("tier,score") || lines[0].contains("tier"))
      #expect(lines[1].hasSuffix(",,"))
      #expect(lines[2].hasSuffix(",gold,0.5"))
      #expect(lines[3].hasSuffix(",,"))
    }
  }

  @Test func `A plan says what becomes of a table, and a view of its name is refused`() throws {
    try withTable { world in
      let plan = { (text: String) in
        try world.store.plan([DeclarationText(name: "f", text: Array(text.utf8))])
      }
      #expect(try plan(Self.reputation).map(\.action) == ["unchanged"])
      let other = try plan(Self.reputation.replacing("\"reputation\"", with: "\"other\""))
      #expect(other.map(\.action) == ["new"] && other.map(\.kind) == [.table])
      #expect(other[0].meaning == "answers once its rows are loaded")
      let wider = Self.reputation.replacing(
        #""tier": "string""#, with: #""tier": "string", "n": "int""#)
      #expect(try plan(wider)[0].differences.contains { $0.contains("n") })
      let view = Mails.bySender.replacing("by_sender", with: "reputation")
      #expect(
        message { _ = try world.register([view]) }?.contains("'reputation' is a table") == true)
      let stream = Mails.stream.replacing("mails", with: "reputation")
      #expect(message { _ = try world.register([stream]) }?.contains("is a table") == true)
      let text = message {
        _ = try world.store.ingest(world.folder + "/none.csv", into: "reputation")
      }
      #expect(text != nil)
    }
  }
}
