// The code of docs/plugins.md, compiled and run: what stands in the page has to stand here, too.
import FeatureModel
import Foundation
import Hindcast
import TestSupport
import Testing

private struct Email: Sendable {
  var id = ""
  var sender: String?
  var sentAt = Timestamp(milliseconds: 0)!
  var deliveredAt: Timestamp?
  var size = 0
  var isBulk = false
  var senderCount: Int64?
}

private let senderDomain = Derived("sender_domain") { (email: Email) in
  email.sender?.split(separator: "@").last.map { String($0) }
}

private let emails = EventStream("emails", blank: Email()) {
  Field.id("id", \.id)
  Field.eventTime("sent_at", \.sentAt)
  Field.arrivalTime("delivered_at", \.deliveredAt)
  Field("sender", \.sender)
  Field("size", \.size)
  Field("is_bulk", \.isBulk)
  senderDomain
}

private enum SenderActivity: FeatureView {
  static let name = "sender_activity"
  static let stream = emails
  static let entity = Entity(\Email.sender)
  static let filter: Condition<Email>? = \.size > 0 && !\.isBulk
  static var features: [Feature<Email>] {
    Count("EMAIL_COUNT").over(.days(7), .days(30))
    Sum("SIZE", of: \.size).over(.days(30))
    Distinct("DAY_COUNT", of: \.sentAt, exactUpTo: 64).over(.weeks(2))
    Aggregate("max", "{window}_LARGEST", of: \.size).over("30d")
    Count("LARGE_COUNT").over(.days(7), .lifetime).where(\.size > 1_000_000)
  }
  static func hydrate(_ email: inout Email, with values: FeatureValues) {
    email.senderCount = values.int("30d_EMAIL_COUNT")
  }
}

private enum DomainActivity: FeatureView {
  static let name = "domain_activity"
  static let stream = emails
  static let entity = Entity(senderDomain)
  static var features: [Feature<Email>] {
    Count("EMAIL_COUNT").over(.days(30))
    Distinct("SENDER_COUNT", of: \.sender).over(.days(30))
    Count("EMAIL_COUNTS").over(.days(30)).by(\.sender, limit: 16)
  }
  static func hydrate(_ email: inout Email, with values: FeatureValues) {}
}

private struct Plugin: FeaturePlugin {
  static var views: [any FeatureView.Type] { [SenderActivity.self, DomainActivity.self] }
}

@Suite("The guide to views in Swift")
struct PluginGuideTests {
  /// What the page prints.
  private final class Lines {
    var all: [String] = []
  }

  private static func email(_ id: Int, _ sender: String, _ day: Int, size: Int = 10) -> Email {
    let time = Timestamp(parsing: "2026-01-\(day < 10 ? "0" : "")\(day)T10:00:00Z")!
    return Email(id: "e\(id)", sender: sender, sentAt: time, deliveredAt: time, size: size)
  }

  private func guide(_ store: FeatureStore, _ inbox: inout [Email]) throws -> [String] {
    let lines = Lines()
    func print(_ parts: Any...) { lines.all.append(parts.map { "\($0)" }.joined(separator: " ")) }
    let history = (1...9).map { Self.email($0, $0 < 6 ? "ann@a.org" : "bob@a.org", $0) }

    try store.register(SenderActivity.self)
    try store.ingest(history, for: SenderActivity.self, source: "archive")
    try store.hydrate(&inbox, with: SenderActivity.self)

    let checked = try FeatureStore.check(SenderActivity.self, on: history)
    for (entity, time, values) in checked.answers { print(entity, time, values) }
    return lines.all
  }

  @Test("The guide's code runs and answers")
  func runs() throws {
    try withTemporaryDirectory { folder in
      let store = try FeatureStore.open(folder + "/store", .create)
      var inbox = [Self.email(100, "ann@a.org", 12), Self.email(101, "bob@a.org", 8)]
      let lines = try guide(store, &inbox)
      #expect(inbox.map(\.senderCount) == [5, 2])
      #expect(lines.first?.hasPrefix(#"["bob@a.org"] 2026-01-10T10:00:00Z "#) == true, "\(lines)")
      #expect(Plugin.views.map { $0.name } == ["sender_activity", "domain_activity"])
    }
  }

  @Test("The guide's code is this code")
  func isTheSame() throws {
    let here = try String(contentsOfFile: #filePath, encoding: .utf8)
    let known = Set(here.split(separator: "\n").map { $0.trimmingPrefix { $0 == " " } })
    let lines = try swiftLines(ofPage: "docs/plugins.md")
    for line in lines {
      let isKnown = known.contains(line[...]) || known.contains("private \(line)"[...])
      #expect(isKnown, "not in the test: \(line)")
    }
    #expect(lines.count > 50)
  }
}
