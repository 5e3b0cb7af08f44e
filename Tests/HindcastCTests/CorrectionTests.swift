// Corrections, tables and forgetting over the C interface: what they do is what the Swift API does, and what
// is wrong is refused by row, field and reason and changes nothing.
import CHindcast
import FeatureModel
import Foundation
import Hindcast
import TestSupport
import Testing

@Suite struct CorrectionTests {
  private static let stream = """
    {"stream":"mails","fields":{"id":"string","sender":"string","at":"timestamp","size":"int",
     "ratio":"double"},"eventTime":"at","id":"id","keep":true}
    """
  private static let view = """
    {"view":"by_sender","stream":"mails","entity":["sender"],"slice":"1d","features":{
     "N":{"count":true,"windows":["30d"]},"SIZE":{"sum":"size","windows":["30d"]},
     "RATIO":{"mean":"ratio","windows":["30d"]}}}
    """
  private static let table = """
    {"table":"reputation","key":{"sender":"string"},"validFrom":"since",
     "attributes":{"score":"double","tier":"string"},"slice":"1d"}
    """
  private static let bare = """
    {"stream":"bare","fields":{"sender":"string","at":"timestamp"},"eventTime":"at"}
    """

  /// Mails of some ids, one a day.
  private static func mails(
    _ ids: [String?], senders: [String]? = nil, sizes: [Int64]? = nil, ratios: [Double]? = nil,
    days: [Int64?]? = nil
  ) -> [MadeColumn] {
    [
      HostileTests.texts("id", ids),
      HostileTests.texts("sender", senders ?? ids.map { _ in "ann" }),
      HostileTests.times("at", days ?? ids.indices.map { Int64($0) }),
      HostileTests.ints("size", sizes ?? ids.indices.map { Int64($0) + 1 }),
      MadeColumn(
        name: "ratio", format: "g",
        values: (ratios ?? ids.map { _ in 0.5 }).map { .double($0) }),
    ]
  }

  private static func rows(
    _ senders: [String?], days: [Int64?], scores: [Double], tiers: [String?]
  ) -> [MadeColumn] {
    [
      HostileTests.texts("sender", senders), HostileTests.times("since", days),
      MadeColumn(name: "score", format: "g", values: scores.map { .double($0) }),
      HostileTests.texts("tier", tiers),
    ]
  }

  /// A store with the mails m0 to m3 of ann, of which m0 comes first.
  private func withStore(_ body: (Library, Ledger) throws -> Void) throws {
    try withTemporaryDirectory { folder in
      let ledger = Ledger()
      let library = try Library(folder + "/s", "create")
      try library.register([Self.stream, Self.view, Self.table, Self.bare])
      _ = try library.ingest(
        MadeStream(Self.mails(["m0", "m1", "m2", "m3"]), ledger), into: "mails",
        "{\"source\":\"a\"}")
      try body(library, ledger)
      #expect(ledger.live == 0)
    }
  }

  private func ask(
    _ library: Library, _ view: String = "by_sender", _ who: String = "ann",
    at time: String = "2026-01-30", mode: String = "corrected"
  ) throws -> String {
    let found = try library.call(
      "get",
      .object([
        ("view", .string(view)), ("entity", .array([.string(who)])), ("at", .string(time)),
        ("mode", .string(mode)),
      ]))
    guard case .object(let members) = found.content else { return "" }
    return members.map { "\($0.name)=\($0.value["value"]?.compact ?? "")" }.joined(separator: " ")
  }

  @Test func `Events are taken back and amended, and what was served stays`() throws {
    try withStore { library, ledger in
      #expect(try ask(library, at: "2026-01-10") == "N=4 SIZE=10 RATIO=0.5")
      let retracted = try library.call(
        "retract",
        .object([("stream", "mails"), ("ids", ["m1", "m2"]), ("at", "2026-01-20T08:00:00Z")]))
      #expect(
        retracted.compact
          == #"{"known_from":"2026-01-20T08:00:00Z","retracted":2,"appended":0,"slices":2,"expired":0}"#
      )
      let amended = try library.amend(
        MadeStream(Self.mails(["m3"], sizes: [100], ratios: [-0.25], days: [3]), ledger),
        of: "mails", "{\"at\":\"2026-01-25\"}")
      #expect(amended["retracted"]?.content == .int(1) && amended["appended"]?.content == .int(1))
      let answers = [
        ("2026-01-10", "N=4 SIZE=10 RATIO=0.5"), ("2026-01-21", "N=2 SIZE=5 RATIO=0.5"),
        ("2026-01-26", "N=2 SIZE=101 RATIO=0.125"),
      ]
      for (time, answer) in answers {
        #expect(try ask(library, at: time, mode: "as_served") == answer)
      }
      #expect(try ask(library) == "N=2 SIZE=101 RATIO=0.125")
      // Now, without a time.
      let last = try library.call("retract", .object([("stream", "mails"), ("ids", ["m0"])]))
      #expect(last["known_from"]?.compact ?? "" > "\"2026-02")
      #expect(try ask(library) == "N=1 SIZE=100 RATIO=-0.25")
      #expect(try ask(library, at: "2026-01-10", mode: "as_served") == "N=4 SIZE=10 RATIO=0.5")
    }
  }

  @Test func `Ids and events come from files, too`() throws {
    try withStore { library, _ in
      try withTemporaryDirectory { folder in
        let (ids, mended) = (folder + "/ids.csv", folder + "/mended.txt")
        try "why,id\nspam,m1\nspam,m0\n".write(toFile: ids, atomically: true, encoding: .utf8)
        try "{\"id\":\"m3\",\"at\":\"2026-01-04\",\"sender\":\"ann\"}\n".write(
          toFile: mended, atomically: true, encoding: .utf8)
        let call = { (name: String, path: String, more: [(String, JSONValue)]) in
          try library.call(
            name, .object([("stream", "mails"), ("file", .string(path))] + more))
        }
        #expect(try call("retract", ids, [])["retracted"]?.content == .int(2))
        #expect(throws: CallFailure.self) { try call("retract", ids, []) }
        #expect(try call("amend", mended, [("format", "jsonl")])["appended"]?.content == .int(1))
        #expect(try ask(library) == "N=2 SIZE=3 RATIO=0.5")
      }
    }
  }

  /// What must not change where something is refused.
  private func state(_ library: Library) throws -> String {
    try library.call("audit").compact + library.call("streams").compact + ask(library)
      + ask(library, "reputation")
  }

  @Test func `A bad id or event is named, and changes nothing`() throws {
    try withStore { library, ledger in
      let before = try state(library)
      let calls: [(String, String, Int32, Int64, String?, String)] = [
        (#""stream":"mails","ids":["m0","m9"]"#, "retract", 3, 1, "id", "no event of 'mails'"),
        (#""stream":"mails","ids":["m0","m0"]"#, "retract", 3, 1, "id", "given twice"),
        (#""stream":"mails","ids":[]"#, "retract", 1, -1, nil, "no ids were given"),
        (#""stream":"mails","ids":[1.5]"#, "retract", 1, -1, nil, "a list of ids"),
        (#""stream":"mails","ids":"m0""#, "retract", 1, -1, nil, "a list is needed"),
        (#""stream":"mails""#, "retract", 1, -1, nil, "one of 'ids' and 'file'"),
        (#""stream":"mails","ids":["m0"],"file":"x""#, "retract", 1, -1, nil, "one of"),
        (#""stream":"mail","ids":["m0"]"#, "retract", 2, -1, nil, "did you mean 'mails'?"),
        (#""stream":"mails","ids":["m0"],"att":1"#, "retract", 1, -1, nil, "did you mean 'at'?"),
        (#""stream":"mails","ids":["m0"],"at":"soon""#, "retract", 1, -1, nil, "a time (ISO"),
        (#""stream":"mails","ids":["m3"],"at":"2026-01-02""#, "retract", 3, 0, "id", "arrives at"),
        (#""stream":"bare","ids":["m0"]"#, "retract", 1, -1, nil, "declares no \"id\""),
        (#""stream":"reputation","ids":["m0"]"#, "retract", 1, -1, nil, "is a table"),
        (#""stream":"mails","file":"/nowhere""#, "retract", 9, -1, nil, "/nowhere"),
        (#""stream":"mails","file":"x","format":"xml""#, "amend", 1, -1, nil, "csv and jsonl"),
        (#""stream":"mails""#, "amend", 1, -1, nil, "'file' is missing"),
      ]
      for (text, name, code, row, column, reason) in calls {
        let failure = #expect(throws: CallFailure.self) {
          try library.call(name, try JSONValue.parse("{\(text)}"))
        }
        #expect(failure?.code == code && failure?.row == row, "\(name) \(text): \(failure!)")
        #expect(failure?.column == column && failure!.message.contains(reason), "\(failure!)")
      }
      var flags = Self.mails(["m0"])
      flags[3] = MadeColumn(name: "size", format: "b", values: [.bool(true)])
      var far = Self.mails(["m0", "m1"])
      far[2] = HostileTests.ints("at", [0, .max], "tss:")
      let events: [([MadeColumn], String?, Int32, Int64, String?, String)] = [
        (Self.mails(["m1", "m9"]), nil, 3, 1, "id", "no event of 'mails' has the id 'm9'"),
        (Self.mails(["m1", nil]), nil, 3, 1, "id", "the id is null"),
        (Self.mails(["m1", "m1"]), nil, 3, 1, "id", "'m1' is given twice"),
        (Self.mails(["m1", "m2"], days: [0, nil]), nil, 3, 1, "at", "event time is null"),
        (Self.mails(["m1", "m2"], ratios: [1, .nan]), nil, 3, 1, "ratio", "not a finite number"),
        (far, nil, 3, 1, "at", "0001 to 9999"), (flags, nil, 1, -1, "size", "cast it first"),
        (Self.mails([]), nil, 1, -1, nil, "no events were given"),
        (Array(Self.mails(["m1"]).dropLast()), nil, 1, -1, "ratio", "no column 'ratio'"),
        (Self.mails(["m1"]) + [HostileTests.texts("id", ["x"])], nil, 1, -1, "id", "two columns"),
        (Self.mails(["m1"]), "{\"At\":1}", 1, -1, nil, "did you mean 'at'?"),
        (Self.mails(["m3"]), "{\"at\":\"2026-01-02\"}", 3, 0, "id", "arrives at"),
      ]
      for (columns, options, code, row, column, reason) in events {
        let failure = #expect(throws: CallFailure.self) {
          try library.amend(MadeStream(columns, ledger), of: "mails", options)
        }
        #expect(failure?.code == code && failure?.row == row, "\(failure!)")
        #expect(failure?.column == column && failure!.message.contains(reason), "\(failure!)")
      }
      #expect(try state(library) == before)
    }
  }

  @Test func `Rows replace a table, known from when they came`() throws {
    try withStore { library, ledger in
      let first = Self.rows(
        ["ann", "ann", "bob"], days: [0, 5, nil], scores: [0.5, 0.25, 1], tiers: ["new", nil, "x"])
      let loaded = try library.load(
        MadeStream(first, ledger), into: "reputation", "{\"known_from_valid\":true}")
      #expect(
        loaded.compact == #"{"table":"reputation","rows":3,"added":3,"changed":0,"removed":0,"#
          + #""unchanged":0,"known_from":null}"#)
      let answer = #"since="2026-01-06T00:00:00Z" score=0.25 tier=null"#
      #expect(try ask(library, "reputation", at: "2026-01-10", mode: "as_served") == answer)
      let second = Self.rows(
        ["ann", "ann"], days: [0, 5], scores: [0.5, -1], tiers: ["new", "bad"])
      let again = try library.load(
        MadeStream(second, ledger), into: "reputation", "{\"at\":\"2026-02-01\"}")
      #expect(
        again.compact == #"{"table":"reputation","rows":2,"added":0,"changed":1,"removed":1,"#
          + #""unchanged":1,"known_from":"2026-02-01T00:00:00Z"}"#)
      #expect(try ask(library, "reputation", at: "2026-02-01", mode: "as_served") == answer)
      let mended = #"since="2026-01-06T00:00:00Z" score=-1.0 tier="bad""#
      #expect(try ask(library, "reputation", at: "2026-02-02", mode: "as_served") == mended)
      #expect(
        try ask(library, "reputation", "bob", at: "2026-02-02", mode: "as_served")
          == "since=null score=null tier=null")
      let tables = try library.call("tables").compact
      #expect(tables.contains(#""key":{"sender":"string"},"valid_from":"since""#))
      #expect(tables.contains(#""seal":"2026-02-01T00:00:00Z""#))
      let none = Self.rows([], days: [], scores: [], tiers: [])
      let emptied = try library.load(
        MadeStream(none, ledger), into: "reputation", "{\"empty\":true}")
      #expect(emptied["removed"]?.content == .int(2))
      _ = try library.call("drop", .object([("table", "reputation")]))
      #expect(try library.call("tables").compact == "[]")
    }
  }

  @Test func `A bad row of a table is named, and changes nothing`() throws {
    try withStore { library, ledger in
      try withTemporaryDirectory { folder in
        let file = folder + "/rows.csv"
        try "sender,since,score,tier\nann,2026-01-01,0.5,x\nbob,,high,y\n".write(
          toFile: file, atomically: true, encoding: .utf8)
        let good = Self.rows(["ann"], days: [0], scores: [1], tiers: ["x"])
        _ = try library.load(MadeStream(good, ledger), into: "reputation")
        let before = try state(library)
        let bad = { (senders: [String?], days: [Int64?], scores: [Double]) in
          Self.rows(senders, days: days, scores: scores, tiers: senders.map { _ in nil })
        }
        let cases: [([MadeColumn], String?, Int32, Int64, String?, String)] = [
          (bad(["a", nil], [0, 0], [1, 1]), nil, 3, 1, "sender", "a value is missing"),
          (bad(["a", "b", "a"], [0, 0, 0], [1, 1, 1]), nil, 3, 2, "since", "row 0 has this key"),
          (bad(["a", "b"], [0, 20_000], [1, 1]), nil, 3, 1, "since", "lies ahead of"),
          (bad(["a", "b"], [0, 0], [1, .infinity]), nil, 3, 1, "score", "not a finite number"),
          (bad([], [], []), nil, 1, -1, nil, "would have none"),
          (Array(good.dropLast()), nil, 1, -1, "tier", "which table 'reputation' declares"),
          (good, "{\"at\":\"2999-01-01\"}", 1, -1, nil, "lies ahead of the clock"),
          (good, "{\"at\":\"2000-01-01\"}", 1, -1, nil, "seal"),
          (good, "{\"known_from_valid\":true,\"at\":1}", 1, -1, nil, "exclude each other"),
          (good, "{\"known_from_valid\":true}", 1, -1, nil, "sealed up to"),
          (good, "{\"emtpy\":true}", 1, -1, nil, "did you mean 'empty'?"),
          (good, "{\"empty\":1}", 1, -1, nil, "true or false"),
        ]
        for (columns, options, code, row, column, reason) in cases {
          let failure = #expect(throws: CallFailure.self) {
            try library.load(MadeStream(columns, ledger), into: "reputation", options)
          }
          #expect(failure?.code == code && failure?.row == row, "\(failure!)")
          #expect(failure?.column == column && failure!.message.contains(reason), "\(failure!)")
        }
        let unknown = #expect(throws: CallFailure.self) {
          try library.load(MadeStream(good, ledger), into: "reputatio")
        }
        #expect(unknown?.code == 2 && unknown!.message.contains("did you mean 'reputation'?"))
        let line = #expect(throws: CallFailure.self) {
          try library.call(
            "load", .object([("table", "reputation"), ("file", .string(file))]))
        }
        #expect(line?.code == 3 && line!.message.contains("line 3: field 'score'"), "\(line!)")
        // A batch that breaks Arrow's rules, and a source that fails in the middle.
        let broken = MadeStream(good, ledger)
        broken.damage = { $0.pointee.length = -1 }
        #expect(throws: CallFailure.self) { try library.load(broken, into: "reputation") }
        let failing = MadeStream(good, [(0..<1, Layout()), nil], ledger)
        let failed = #expect(throws: CallFailure.self) {
          try library.load(failing, into: "reputation")
        }
        #expect(failed?.code == 11)
        let job = hindcast_job_new()
        defer { hindcast_job_free(job) }
        hindcast_job_cancel(job)
        let ended = #expect(throws: CallFailure.self) {
          try library.load(MadeStream(good, ledger), into: "reputation", job: job)
        }
        #expect(ended?.code == 10)
        #expect(try state(library) == before)
      }
    }
  }
}
