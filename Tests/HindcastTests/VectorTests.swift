// Computed members of sets on a small world: key fields under one name, files in both formats, receipts that
// outlive the set, and refusals.
import FeatureModel
import Hindcast
import SliceStore
import TestSupport
import Testing

@Suite struct VectorTests {
  private static let shares = #"""
    { "set": "shares",
      "features": [
        { "feature": "by_sender.30d_SIZE", "default": -1 },
        { "name": "SHARE", "derive": "by_sender.1d_N / by_topic.30d_N", "default": 0 },
        { "name": "TWICE", "derive": "SHARE * 2" },
        "by_topic.30d_N",
      ],
      "keys": { "by_topic": { "topic": "about" } } }
    """#

  private func with(_ body: (World) throws -> Void) throws {
    try withTemporaryDirectory { folder in
      let world = try World(folder, views: [Mails.bySender, Mails.byTopic, Self.shares])
      try world.ingest(try world.csv("mails.csv", Mails.rows(0..<200)))
      try body(world)
    }
  }

  @Test func `A vector shows defaults, and what is derived sees what the vector shows`() throws {
    try with { world in
      let found = try world.store.vector(
        "shares", keys: ["sender": "ann", "about": "topic1"], at: Timestamp(parsing: "2026-01-20")!)
      #expect(found.map(\.name) == ["by_sender.30d_SIZE", "SHARE", "TWICE", "by_topic.30d_N"])
      #expect(found.map(\.type) == [.int, .double, .double, .int])
      guard case .double(let share) = found[1].value, case .int(let all) = found[3].value else {
        Issue.record("\(found)")
        return
      }
      #expect(share > 0 && found[2].value == .double(share * 2) && all > 0)
      let nobody = try world.store.vector(
        "shares", keys: ["sender": "x", "about": nil], at: Timestamp(parsing: "2026-01-20")!)
      #expect(nobody.map(\.value) == [.int(0), .double(0), .double(0), .int(0)])
    }
  }

  @Test(arguments: [
    (["sender": "ann"], "the key field 'about' is missing; the set 'shares' needs sender, about"),
    (
      ["sender": "ann", "about": "x", "topic": "y"],
      "no view of the set 'shares' has the key field 'topic'"
    ),
  ])
  func `A key that does not fit the set is refused by name`(
    keys: [String: String], expected: String
  ) throws {
    try with { world in
      let text = message {
        _ = try world.store.vector(
          "shares", keys: keys.mapValues { $0 }, at: Timestamp(parsing: "2026-01-20")!)
      }
      #expect(text?.contains(expected) == true, "\(text ?? "")")
    }
  }

  @Test func `A receipt of computed members joins the same bytes, without the set`() throws {
    try with { world in
      let spine = try world.write(
        "spine.csv", ["when,sender,about", "2026-01-20,ann,topic1", "2026-01-11,,topic2"])
      let set = try world.store.store.set("shares").declaration
      let (report, receipt) = try world.store.joinWithReceipt(
        spine, to: world.path("out.csv"), JoinRequest(sets: [set], time: "when"),
        now: Timestamp(parsing: "2026-02-01")!)
      let text = try world.text("out.csv")
      #expect(text.hasPrefix("when,sender,about,30d_SIZE,SHARE,TWICE,30d_N\n"))
      #expect(text.contains("2026-01-11,,topic2,0,0.0,0.0,"))
      #expect(report.rowsWithoutKey == ["by_sender": 1])
      let read = try Receipt(JSONValue.parse(receipt.json.pretty))
      try world.store.store.drop(set: "shares")
      let (again, mismatches) = try world.store.verify(read, spine: spine, to: "/dev/null")
      #expect(mismatches.isEmpty && again.answerDigest == report.answerDigest)
    }
  }

  @Test func `A member that is named as a key or the time of the spine is told apart by its set`()
    throws
  {
    try with { world in
      let set = try world.register([
        #"""
        { "set": "named", "features": [
            { "name": "about", "derive": "by_topic.30d_N + 1" },
            { "name": "when", "derive": "about * 2" }, "by_sender.1d_N" ],
          "keys": { "by_topic": { "topic": "about" } } }
        """#
      ])
      #expect(set.map(\.name) == ["named"])
      let request = JoinRequest(
        sets: [try world.store.store.set("named").declaration], time: "when")
      let spine = try world.write("spine.csv", ["when,sender,about", "2026-01-20,ann,nothing"])
      _ = try world.store.join(spine, to: world.path("out.csv"), request)
      #expect(
        try world.text("out.csv").hasPrefix(
          "when,sender,about,named.about,named.when,1d_N\n2026-01-20,ann,nothing,1,2,"))
      let columns = try world.store.columns(of: request)
      #expect(columns.answers.map(\.name) == ["named.about", "named.when", "1d_N"])
      // A view's feature that has the other's whole name already.
      _ = try world.register([
        #"""
        { "view": "named", "stream": "mails", "entity": "sender",
          "features": { "about": { "count": true, "windows": "1d" },
                        "when": { "count": true, "windows": "1d" } } }
        """#
      ])
      let both = JoinRequest([FeatureSelection("named")], sets: request.sets, time: "when")
      let refusal = message { _ = try world.store.columns(of: both) }
      #expect(refusal?.contains("two columns of answers would be named 'named.about'") == true)
    }
  }

  @Test func `Where a name has two owners, columns are told apart by view or set`() throws {
    try with { world in
      let other = #"{ "set": "more", "features": [{"name": "SHARE", "derive": "by_sender.1d_N"}] }"#
      _ = try world.register([other])
      let sets = try ["shares", "more"].map { try world.store.store.set($0).declaration }
      var request = JoinRequest(sets: sets, time: "when")
      request.keys = ["about": "subject"]
      let columns = try world.store.columns(of: request)
      #expect(columns.reads.map(\.name) == ["when", "sender", "subject"])
      #expect(
        columns.answers.map(\.name)
          == ["30d_SIZE", "shares.SHARE", "TWICE", "30d_N", "more.SHARE"])
    }
  }

  @Test func `A plan and a registration say the same of another formula under the name`() throws {
    try with { world in
      for text in [
        Self.shares.replacing("SHARE * 2", with: "SHARE * 3"),
        Self.shares.replacing(#""default": -1"#, with: #""default": 1"#),
        Self.shares.replacing(#""about""#, with: #""topics""#),
      ] {
        let texts = [DeclarationText(name: "file", text: Array(text.utf8))]
        for refusal in [
          message { _ = try world.store.plan(texts) },
          message { _ = try world.store.register(texts, replacing: true) },
        ] {
          #expect(refusal?.contains("'shares' is registered with another") == true, "\(refusal!)")
        }
      }
      let same = [DeclarationText(name: "file", text: Array(Self.shares.utf8))]
      let plans = try world.store.plan(same)
      #expect(plans.map(\.action) == ["unchanged"])
    }
  }

  @Test func `A set beside views in Swift is the set of a file`() throws {
    try withTemporaryDirectory { folder in
      let world = try World(folder, views: [])
      let set = FeatureSet(
        "shares",
        [
          .init(BySender.self, "30d_SIZE", default: .int(-1)),
          .init("SHARE", derive: "by_sender.1d_N/by_sender.30d_N"),
        ])
      let reports = try world.store.register([DeclarationText([BySender.self], sets: [set])])
      #expect(reports.map(\.name) == ["by_sender", "shares"])
      let file = #"""
        { "set": "shares", "features": [ { "feature": "by_sender.30d_SIZE", "default": -1 },
            { "name": "SHARE", "derive": "by_sender.1d_N / by_sender.30d_N" } ] }
        """#
      #expect(try world.register([file]).map(\.outcome) == [.unchanged])
    }
  }

  private struct Mail: Sendable {
    var sender: String?
    var share: Double?
  }

  private struct Sharer: EventHydrator {
    let features: [FeatureSelection] = []
    let sets: [FeatureSet]
    let keyFields = ["sender", "about"]
    func lookupKey(of mail: Mail) -> [String?] { [mail.sender, "topic1"] }
    func eventTime(of mail: Mail) -> Timestamp { Timestamp(parsing: "2026-01-20")! }
    func eventID(of mail: Mail) -> String { mail.sender ?? "" }
    func hydrate(_ mail: inout Mail, with values: FeatureValues) {
      mail.share = values.double("SHARE")
    }
  }

  @Test func `A caller's own events get the values of a set`() throws {
    try with { world in
      var mails = [Mail(sender: "ann"), Mail(sender: nil)]
      let set = try world.store.store.set("shares").declaration
      try world.store.hydrate(&mails, with: Sharer(sets: [set]))
      let found = try world.store.vector(
        "shares", keys: ["sender": "ann", "about": "topic1"], at: Timestamp(parsing: "2026-01-20")!)
      #expect(mails[0].share.map { Value.double($0) } == found[1].value && mails[1].share == 0)
    }
  }
}
