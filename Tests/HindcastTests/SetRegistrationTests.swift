// Feature sets declared beside views: all or none, checked against what the views will be; and joins of a
// registered set.
import FeatureModel
import Hindcast
import SliceStore
import TestSupport
import Testing

@Suite struct SetRegistrationTests {
  private static let risk = #"""
    { "set": "risk_model", "features": ["by_sender.30d_SIZE", "by_topic.30d_N", "by_sender.1d_N"] }
    """#

  @Test func `A set, its views and their stream are registered from texts in any order`() throws {
    try withTemporaryDirectory { folder in
      let world = try World(folder, views: [])
      let reports = try world.register([Self.risk, Mails.byTopic, Mails.bySender, Mails.stream])
      #expect(reports.map(\.kind) == [.stream, .view, .view, .set])
      #expect(reports.map(\.name) == ["mails", "by_topic", "by_sender", "risk_model"])
      #expect(reports[3].outcome == .registered && !reports[3].lacksHistory)
      let again = try world.register([Self.risk])
      #expect(again.map(\.outcome) == [.unchanged])
      let one = try world.register(["[\(Mails.bySender), \(Self.risk)]"])
      #expect(one.map(\.outcome) == [.unchanged, .unchanged])
    }
  }

  @Test func `A mistake in a set keeps everything out, and is told with its file and place`() throws
  {
    try withTemporaryDirectory { folder in
      let world = try World(folder, views: [])
      let text = message {
        _ = try world.register([
          Mails.bySender, Mails.byTopic, Self.risk.replacing("30d_SIZE", with: "30d_SIZ"),
          Self.risk.replacing("risk_model", with: "other").replacing("by_topic", with: "by_topik"),
        ])
      }
      #expect(
        text == """
          file2.json: 1:37 $.features[0]: view 'by_sender' has no feature '30d_SIZ'; did you mean '30d_SIZE'?
          file3.json: 1:54 $.features[1]: view 'by_topik' is neither registered nor declared beside the set; \
          did you mean 'by_topic'?
          """)
      #expect(world.store.store.views.isEmpty && world.store.store.sets.isEmpty)
    }
  }

  @Test func `A view with a mistake is not reported once more by its sets`() throws {
    try withTemporaryDirectory { folder in
      let world = try World(folder)
      let text = message {
        _ = try world.register([
          Self.risk, Mails.byTopic.replacing(#"["topic"]"#, with: #"["topik"]"#),
        ])
      }
      #expect(text?.split(separator: "\n").count == 1, "\(text ?? "")")
      #expect(text?.hasPrefix("file1.json: ") == true)
      let twice = message { _ = try world.register([Mails.byTopic, Self.risk, Self.risk]) }
      #expect(twice == "file2.json: the set 'risk_model' is declared in file1.json already")
      #expect(world.store.store.sets.isEmpty)
    }
  }

  @Test func `Another set under the name, and a view without a set's feature, are refused at once`()
    throws
  {
    try withTemporaryDirectory { folder in
      let world = try World(folder, views: [Mails.bySender, Mails.byTopic, Self.risk])
      let fewer = Mails.bySender.replacing(#""1d", "30d""#, with: #""30d", "60d""#)
      let text = message {
        _ = try world.register([
          Self.risk.replacing(#", "by_sender.1d_N""#, with: ""), fewer,
          Mails.byTopic.replacing("by_topic", with: "new"),
        ])
      }
      #expect(text?.contains("file0.json: 'risk_model' is registered with another") == true)
      #expect(text?.contains(#"features."by_sender.1d_N": removed"#) == true)
      #expect(text?.contains("file1.json: view 'by_sender' cannot lose the feature '1d_N'") == true)
      #expect(text?.contains("the set 'risk_model' names it") == true)
      #expect(world.store.store.views.count == 2)
      // A set is held against the view as it will be.
      let next = #"{ "set": "next", "features": ["by_topic.60d_N"] }"#
      let wider = Mails.byTopic.replacing(#"["30d"]"#, with: #"["30d", "60d"]"#)
      #expect(message { _ = try world.register([next]) }?.contains("'60d_N'") == true)
      #expect(try world.register([next, wider]).map(\.outcome.name) == ["extended", "registered"])
    }
  }

  @Test func `A join of a registered set is the join of its selections`() throws {
    try withTemporaryDirectory { folder in
      let world = try World(folder, views: [Mails.bySender, Mails.byTopic, Self.risk])
      try world.ingest(try world.csv("mails.csv", Mails.rows(0..<200)))
      let spine = try world.write(
        "spine.csv", ["when,sender,topic", "2026-01-20,ann,topic1", "2026-01-11,sender7,topic2"])
      func join(_ request: JoinRequest) throws -> (text: String, report: JoinReport) {
        let report = try world.store.join(spine, to: world.path("out.csv"), request)
        return (try world.text("out.csv"), report)
      }
      let set = try world.store.store.set("risk_model").declaration
      let bySet = try join(JoinRequest(sets: [set], time: "when"))
      let bySelections = try join(
        JoinRequest(
          views: [("by_sender", ["30d_SIZE"]), ("by_topic", ["30d_N"]), ("by_sender", ["1d_N"])],
          time: "when"))
      #expect(bySet.text == bySelections.text)
      #expect(bySet.report.answerDigest == bySelections.report.answerDigest)
      #expect(bySet.text.hasPrefix("when,sender,topic,30d_SIZE,30d_N,1d_N\n"))
      #expect(!bySet.text.contains(",0,0,0"))
    }
  }
}
