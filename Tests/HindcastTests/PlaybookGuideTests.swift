// The Swift code of docs/playbook.md, compiled and tried on the playbook's own e-mails: it says what the page's
// declaration says.
import FeatureModel
import Foundation
import Hindcast
import TestSupport
import Testing

private struct Email: Sendable {
  var id = ""
  var sentAt = Timestamp(milliseconds: 0)!
  var deliveredAt: Timestamp?
  var sender: String?
  var mailer: String?
  var size: Int?
  var shouting: Double?
  var isHTMLOnly: Bool?
  var emailsPerSender: Double?
}

private let domain = Derived("sender_domain") { (email: Email) in
  email.sender?.split(separator: "@", maxSplits: 1).dropFirst().first.map { $0.lowercased() }
}

private let emails = EventStream("emails", blank: Email()) {
  Field.id("event_id", \.id)
  Field.eventTime("event_time_ms", \.sentAt)
  Field.arrivalTime("arrival_time_ms", \.deliveredAt)
  Field("sender", \.sender)
  Field("mailer", \.mailer)
  Field("size_bytes", \.size)
  Field("subject_upper_ratio", \.shouting)
  Field("html_only", \.isHTMLOnly)
  domain
}

private enum DomainHabits: FeatureView {
  static let name = "domain_habits"
  static let stream = emails
  static let entity = Entity(domain)
  static var features: [Feature<Email>] {
    Count("EMAIL_COUNT").over(.days(30), "lifetime")
    Distinct("SENDER_COUNT", of: \.sender).over(.days(30))
    Count("HTML_COUNT").over(.days(30)).with("where", "html_only")
    Count("SHOUT_COUNT").over(.days(30)).with("where", "subject_upper_ratio > 0.5")
    Aggregate("quantile", "LARGE", of: \.size, ["permille": 900]).over(.days(30))
    Count("BY_MAILER").over(.days(30)).with("by", field: \.mailer).with("limit", 20)
    Aggregate("topK", "TOP_MAILERS", of: \.mailer, ["k": 2]).over(.days(30))
    Feature.declared(
      .exactly("EMAILS_PER_SENDER"), ["derive": "30d_EMAIL_COUNT / 30d_SENDER_COUNT"])
    Feature.declared(.exactly("HTML_SHARE"), ["derive": "30d_HTML_COUNT / 30d_EMAIL_COUNT"])
  }
  static func eventTime(of email: Email) -> Timestamp { email.deliveredAt ?? email.sentAt }
  static func hydrate(_ email: inout Email, with values: FeatureValues) {
    email.emailsPerSender = values.double("EMAILS_PER_SENDER")
  }
}

@Suite("The playbook's code")
struct PlaybookGuideTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../..").standardized.path
  private static let sample = root + "/tools/demo/data/emails.csv.gz"

  @Test("The view in Swift gives the values of the view in the page's file, on the whole sample")
  func isTheSameView() throws {
    let page = try String(contentsOfFile: Self.root + "/docs/playbook.md", encoding: .utf8)
    let shown = try #require(page.components(separatedBy: "$ cat domain_habits.json\n").last)
    let view = try #require(shown.components(separatedBy: "```").first)
    let stream = try String(
      contentsOfFile: Self.root + "/tools/demo/emails/emails.stream.json", encoding: .utf8)
    try withTemporaryDirectory { folder in
      let store = try FeatureStore.open(folder + "/store", .create)
      let resolved = try store.resolve(
        [("stream", stream), ("view", view)].map {
          DeclarationText(name: $0, text: Array($1.utf8))
        })
      let file = try FeatureStore.check(
        resolved.views, of: resolved.streams[0], sample: Self.sample, entities: 1000)[0]
      let swift = try FeatureStore.check(
        DomainHabits.self, sample: Self.sample, entities: 1000)
      #expect(swift.view.features.map(\.name) == file.view.features.map(\.name))
      #expect(swift.answers.map(\.entity) == file.answers.map(\.entity))
      #expect(swift.answers.map(\.values) == file.answers.map(\.values))
      #expect(file.answers.count == 645)
    }
  }

  @Test("The page's code is this code")
  func isTheSame() throws {
    let here = try String(contentsOfFile: #filePath, encoding: .utf8)
    let known = Set(here.split(separator: "\n").map { $0.trimmingPrefix { $0 == " " } })
    let lines = try swiftLines(ofPage: "docs/playbook.md")
    for line in lines {
      let isKnown = known.contains(line[...]) || known.contains("private \(line)"[...])
      #expect(isKnown, "not in the test: \(line)")
    }
    #expect(lines.count > 40)
  }
}
