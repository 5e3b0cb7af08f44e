// Views in Swift over the tests' e-mails, each beside the declaration file that says the same.
import FeatureModel
import Hindcast

struct PluginMail: Sendable {
  enum Topic: String, KeyFieldValue { case topic0, topic1, topic2, topic3, topic4 }
  var sender: String?
  var at = Timestamp(milliseconds: 0)!
  var seen: Timestamp?
  var size: Int32 = 0
  var topic: Topic?
  var count: Int64?

  static let stream = EventStream("mails", blank: PluginMail()) {
    Field("sender", \.sender)
    Field.eventTime("at", \.at)
    Field.arrivalTime("seen", \.seen)
    Field("size", \.size)
    Field("topic", \.topic)
  }
}

/// What all views here share.
protocol MailView: FeatureView where Event == PluginMail {}

extension MailView {
  static var name: String { "mistaken" }
  static var stream: EventStream<PluginMail> { PluginMail.stream }
  static var entity: Entity<PluginMail> { Entity(\PluginMail.sender) }
  static var features: [Feature<PluginMail>] { [Count("N").over(.days(1))] }
  static func hydrate(_ mail: inout PluginMail, with values: FeatureValues) {}
}

enum BySender: MailView {
  static let name = "by_sender"
  static let slice: Period = .days(1)
  static var features: [Feature<PluginMail>] {
    Count("N").over(.days(1), .days(30))
    Sum("SIZE", of: \.size).over(.days(30))
  }
  static func hydrate(_ mail: inout PluginMail, with values: FeatureValues) {
    mail.count = values.int("30d_N")
  }
}

/// Everything that a view can say.
enum Everything: MailView {
  static let name = "everything"
  static let entity = Entity(\PluginMail.sender, \.topic)
  static let slice: Period = .hours(1)
  static let retention: Period? = .days(40)
  static let filter: Condition<PluginMail>? =
    (\.size >= 2 || \.seen == nil) && \.topic != .topic3 && !(\.sender == "o'neil" || "size = 77")
    && .isIn(\.size, [1, 2, 3, 4, 5])
  static var features: [Feature<PluginMail>] {
    Count("N").over(.hours(6), "1d", .days(30))
    Count("SEEN", of: \.seen).over(.weeks(1))
    Sum("{window}_SIZE_SUM", of: \.size).over(.days(2), .days(4))
    Mean("MEAN", of: \.size).over(.days(1))
    Variance("VARIANCE", of: \.size).over(.days(1))
    Stddev("STDDEV", of: \.size).over(.days(1))
    Min("MIN", of: \.topic).over(.days(1))
    Max("MAX", of: \.size).over(.days(1))
    First("FIRST", of: \.at).over(.days(1))
    Last("LAST", of: \.topic).over(.days(1))
    Distinct("TOPICS", of: \.topic, exactUpTo: 8, precision: 10).over(.days(1))
    DecayedCount("LATELY", halfLife: .weeks(1)).over(.days(30))
    DecayedCount("SEEN_LATELY", of: \.seen, halfLife: "5h").over(.days(3)).by(\.topic, limit: 4)
    Aggregate("distinct", "SENDERS", of: \.sender, ["exactUpTo": 16]).over(.days(1))
    Aggregate("count", .exactly("ROWS")).over(.days(3))
    Feature.declared("W", ["sum": "size", "windows": ["2h"]])
    Count("LARGE").over(.days(1)).where(\.size >= 2)
    Sum("SIZES", of: \.size).over(.days(1)).by(\.topic, limit: 8)
    if true { Max("LATEST", of: \.seen).over(.minutes(120)) }
    for days in [5, 6] { Min("LEAST", of: \.size).over(.days(days)) }
  }

  static let json = """
    { "view": "everything", "stream": "mails", "entity": ["sender", "topic"], "slice": "1h", "retention": "40d",
      "where": "(size >= 2 or seen is null) and topic != 'topic3' and not (sender = 'o''neil' or size = 77) and size in (1, 2, 3, 4, 5)",
      "features": {
        "{window}_N": { "count": true, "windows": ["6h", "1d", "30d"] },
        "{window}_SEEN": { "count": "seen", "windows": ["1w"] },
        "{window}_SIZE_SUM": { "sum": "size", "windows": ["2d", "4d"] },
        "{window}_MEAN": { "mean": "size", "windows": ["1d"] },
        "{window}_VARIANCE": { "variance": "size", "windows": ["1d"] },
        "{window}_STDDEV": { "stddev": "size", "windows": ["1d"] },
        "{window}_MIN": { "min": "topic", "windows": ["1d"] },
        "{window}_MAX": { "max": "size", "windows": ["1d"] },
        "{window}_FIRST": { "first": "at", "windows": ["1d"] },
        "{window}_LAST": { "last": "topic", "windows": ["1d"] },
        "{window}_TOPICS": { "distinct": "topic", "precision": 10, "exactUpTo": 8, "windows": ["1d"] },
        "{window}_LATELY": { "decayedCount": true, "halfLife": "7d", "windows": ["30d"] },
        "{window}_SEEN_LATELY": { "decayedCount": "seen", "halfLife": "5h", "by": "topic", "limit": 4, "windows": ["3d"] },
        "{window}_SENDERS": { "distinct": "sender", "exactUpTo": 16, "windows": ["1d"] },
        "ROWS": { "count": true, "windows": ["3d"] },
        "{window}_W": { "sum": "size", "windows": ["2h"] },
        "{window}_LARGE": { "count": true, "where": "size >= 2", "windows": ["1d"] },
        "{window}_SIZES": { "sum": "size", "by": "topic", "limit": 8, "windows": ["1d"] },
        "{window}_LATEST": { "max": "seen", "windows": ["120m"] },
        "5d_LEAST": { "min": "size", "windows": ["5d"] },
        "6d_LEAST": { "min": "size", "windows": ["6d"] } } }
    """
}
