// What was found of an entity, place by place: how much was erased, and what a reading of everything found to
// be left. And where its name stands in what is stored about others, which forgetting leaves alone.
import FeatureModel

public struct ForgetReport: Hashable, Sendable {
  /// Somewhere that an entity is stored.
  public struct Place: Hashable, Sendable {
    /// `view`, `kept events`, `table files`, `write-ahead log`, `served log`, `caches`.
    public let kind: String
    /// Of the view or stream, or the folder's path; empty where there is one such place.
    public let name: String
    /// What is counted: `blocks`, `events`, `files`, `answers`, `loops`.
    public let unit: String
    public var erased: Int
    public var left: Int

    public init(kind: String, name: String = "", unit: String, erased: Int = 0, left: Int = 0) {
      self.kind = kind
      self.name = name
      self.unit = unit
      self.erased = erased
      self.left = left
    }
  }

  /// The entity's text in what is stored about something else.
  public struct Mention: Hashable, Sendable {
    /// `view 'by_recipient'`
    public let place: String
    public let count: Int
    /// `blocks hold it in their values`
    public let what: String
    public let wayOut: String

    public init(place: String, count: Int, what: String, wayOut: String) {
      self.place = place
      self.count = count
      self.what = what
      self.wayOut = wayOut
    }
  }

  /// The fields that the entity is named by; its values are told nowhere.
  public let fields: [String]
  public var places: [Place] = []
  public var mentions: [Mention] = []
  /// Keys and values that were read, uncompressed; 0 where nothing was looked for.
  public var bytesRead = 0
  /// Whether keys and values were searched for the text itself: only where it is one, and long enough to mean
  /// anything.
  public var isTextSearched = false

  public init(fields: [String]) { self.fields = fields }

  public var erased: Int { places.reduce(0) { $0 + $1.erased } }
  /// 0 is what has to be.
  public var left: Int { places.reduce(0) { $0 + $1.left } }

  /// Adds what was erased in, or is left of, a place.
  public mutating func add(_ place: Place) {
    let known = places.firstIndex {
      $0.kind == place.kind && $0.name == place.name && $0.unit == place.unit
    }
    guard let known else { return places.append(place) }
    places[known].erased += place.erased
    places[known].left += place.left
  }

  /// Adds all that another found out about the same entity.
  public mutating func add(_ other: ForgetReport) {
    for place in other.places { add(place) }
    mentions += other.mentions
    bytesRead += other.bytesRead
    isTextSearched = isTextSearched || other.isTextSearched
  }

  /// What was erased of some places, a line each, as the audit trail has it.
  var lines: [String] {
    places.filter { $0.erased > 0 }.map { place in
      "\(place.kind)\(place.name.isEmpty ? "" : " '\(place.name)'"): \(place.erased) \(place.unit)"
    }
  }
}
