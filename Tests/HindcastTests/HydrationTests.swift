// Hydration of a caller's own events through four functions.
import FeatureModel
import Hindcast
import TestSupport
import Testing

@Suite("Hydration")
struct HydrationTests {
  private struct Mail: Sendable {
    var id: String
    var sender: String?
    var topic: String
    var time: Timestamp
    var body = String(repeating: "x", count: 100)
    var count: Int64 = -1
    var topicCount: Double = -1
  }

  private struct Hydrator: EventHydrator {
    var keyFields = ["sender", "topic"]
    let features = [
      FeatureSelection("by_sender", features: ["30d_N"], prefix: "s_"),
      FeatureSelection("by_topic", prefix: "t_"),
    ]
    func lookupKey(of mail: Mail) -> [String?] { [mail.sender, mail.topic] }
    func eventTime(of mail: Mail) -> Timestamp { mail.time }
    func eventID(of mail: Mail) -> String { mail.id }
    func hydrate(_ mail: inout Mail, with values: FeatureValues) {
      mail.count = values.int("s_30d_N") ?? -2
      mail.topicCount = values.double("t_30d_N") ?? -2
    }
  }

  private func world(_ folder: String) throws -> World {
    let world = try World(folder, views: [Mails.bySender, Mails.byTopic])
    try world.ingest(try world.csv("mails.csv", Mails.rows(0..<280)))
    return world
  }

  private func mail(_ id: Int, _ sender: String?, _ day: Int) -> Mail {
    Mail(
      id: "m\(id)", sender: sender, topic: "topic\(id % 5)",
      time: Timestamp(parsing: "2026-01-\(day < 10 ? "0" : "")\(day)T12:00:00Z")!)
  }

  @Test("Each event gets what a look-up gives for its key and time, in place or in passing")
  func values() throws {
    try withTemporaryDirectory { folder in
      let world = try world(folder)
      let mails = (0..<500).map { mail($0, $0 % 11 == 0 ? nil : "sender\($0 % 50)", 1 + $0 % 28) }
      var inPlace = mails
      let report = try world.store.hydrate(&inPlace, with: Hydrator())
      #expect(report.events == 500 && report.distinctEvents == 500)
      #expect(report.eventsWithoutKey == ["by_sender": mails.count { $0.sender == nil }])
      for mail in inPlace {
        let wanted =
          try mail.sender.map {
            try world.store.get("by_sender", entity: [$0], at: mail.time, features: ["30d_N"])[0]
              .value
          } ?? .int(0)
        #expect(.int(mail.count) == wanted, "\(mail)")
        #expect(mail.topicCount >= 0)
      }
      var emitted: [Mail] = []
      try world.store.hydrate(reading: { mails }, with: Hydrator()) { emitted.append($0) }
      #expect(emitted.map(\.count) == inPlace.map(\.count))
      #expect(emitted.map(\.topicCount) == inPlace.map(\.topicCount))
    }
  }

  @Test("An event that is there twice is joined once; an id that means two events is refused")
  func ids() throws {
    try withTemporaryDirectory { folder in
      let world = try world(folder)
      var twice = [mail(1, "ann", 20), mail(1, "ann", 20), mail(2, "ann", 20)]
      let report = try world.store.hydrate(&twice, with: Hydrator())
      #expect(report.events == 3 && report.distinctEvents == 2)
      #expect(twice[0].count == twice[1].count && twice[0].count > 0)
      var clash = [mail(1, "ann", 20), mail(1, "bob", 20)]
      #expect(
        message { try world.store.hydrate(&clash, with: Hydrator()) }?.contains("id 'm1'") == true)
    }
  }

  @Test("A key that lacks a field of a view, or parts, is refused by name")
  func keys() throws {
    try withTemporaryDirectory { folder in
      let world = try world(folder)
      var mails = [mail(1, "ann", 20)]
      var hydrator = Hydrator()
      hydrator.keyFields = ["sender", "tipic"]
      #expect(
        message { try world.store.hydrate(&mails, with: hydrator) }?
          .contains("no part 'topic'; did you mean 'tipic'?") == true)
      hydrator.keyFields = ["sender", "topic", "more"]
      #expect(
        message { try world.store.hydrate(&mails, with: hydrator) }?.contains("2 parts") == true)
    }
  }
}
