// A plugin as people build one: e-mails whose domain is computed, for the tests of the command line.
import Hindcast

struct Mail: Sendable {
  var sender: String?
  var at = Timestamp(milliseconds: 0)!
  var size = 0

  static let domain = Derived("domain") { (mail: Mail) in
    mail.sender?.split(separator: "@").last.map { String($0) }
  }
  static let stream = EventStream("mails", blank: Mail()) {
    Field("sender", \.sender)
    Field.eventTime("at", \.at)
    Field("size", \.size)
    domain
  }
}

enum ByDomain: FeatureView {
  static let name = "by_domain"
  static let stream = Mail.stream
  static let entity = Entity(Mail.domain)
  static let filter: Condition<Mail>? = \.size > 0
  static var features: [Feature<Mail>] {
    Count("MAIL_COUNT").over(.days(7), .days(30))
    Distinct("SENDER_COUNT", of: \.sender).over(.days(30))
  }
  static func hydrate(_ mail: inout Mail, with values: FeatureValues) {}
}

enum BySender: FeatureView {
  static let name = "by_sender"
  static let stream = Mail.stream
  static let entity = Entity(\Mail.sender)
  static var features: [Feature<Mail>] { Sum("SIZE", of: \.size).over(.days(30)) }
  static func hydrate(_ mail: inout Mail, with values: FeatureValues) {}
}

struct MailPlugin: FeaturePlugin {
  static var views: [any FeatureView.Type] { [ByDomain.self, BySender.self] }
}

MailPlugin.main()
