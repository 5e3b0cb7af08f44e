// What a user declares: a stream of events and the feature views over it. These are plain values after
// validation; `DeclarationReader` makes them from JSON, `CanonicalForm` gives them their digest. What one
// model reads of views is a `FeatureSet`.

/// A named sequence of events with a declared schema.
public struct StreamDeclaration: Hashable, Sendable {
  public let name: String
  /// In declared order; names are unique.
  public let fields: [Field]
  /// Index into `fields` of the event time, a timestamp.
  public let eventTime: Int
  /// Index of the arrival time, a timestamp; without one, events arrive when they happen.
  public let arrivalTime: Int?
  /// Index of the event's id.
  public let id: Int?
  /// How long the events themselves are kept, for views that are registered later; nil: not at all.
  public let keep: Keeping?

  public enum Keeping: Hashable, Sendable {
    case forever
    /// Until the stream is sealed this many milliseconds past their arrival; whole minutes.
    case milliseconds(Int64)
  }

  public struct Field: Hashable, Sendable {
    public let name: String
    public let type: FieldType

    public init(name: String, type: FieldType) {
      self.name = name
      self.type = type
    }
  }

  public init(
    name: String, fields: [Field], eventTime: Int, arrivalTime: Int?, id: Int?,
    keep: Keeping? = nil
  ) {
    self.name = name
    self.fields = fields
    self.eventTime = eventTime
    self.arrivalTime = arrivalTime
    self.id = id
    self.keep = keep
  }

  public func index(of field: String) -> Int? { fields.firstIndex { $0.name == field } }

  /// This stream with the further fields of one that says the same of what both have: common fields have one
  /// type, and times and an id that the other names are those of this one. Nil where they differ.
  /// The same stream that keeps its events otherwise.
  package func kept(_ keep: Keeping?) -> StreamDeclaration {
    StreamDeclaration(
      name: name, fields: fields, eventTime: eventTime, arrivalTime: arrivalTime, id: id, keep: keep
    )
  }

  package func joined(with part: StreamDeclaration) -> StreamDeclaration? {
    let own = { (index: Int?) in index.map { fields[$0].name } }
    let its = { (index: Int?) in index.map { part.fields[$0].name } }
    let further = part.fields.filter { index(of: $0.name) == nil }
    guard part.name == name, its(part.eventTime) == own(eventTime),
      part.arrivalTime == nil || its(part.arrivalTime) == own(arrivalTime),
      part.id == nil || its(part.id) == own(id), part.keep == nil || part.keep == keep,
      part.fields.allSatisfy({ fields.contains($0) || further.contains($0) })
    else { return nil }
    return StreamDeclaration(
      name: name, fields: fields + further, eventTime: eventTime, arrivalTime: arrivalTime, id: id,
      keep: keep)
  }
}

/// A feature view: one stream, one entity, an optional filter, and aggregations over windows.
public struct ViewDeclaration: Hashable, Sendable {
  public let name: String
  public let stream: String
  /// The key fields, in order; at least one.
  public let entity: [String]
  public let slice: SliceLength
  /// Only events for which this is true count; null is not true.
  public let filter: Filter?
  /// How far back slices are kept, in slices; nil for ever.
  public let retention: Window?
  /// In declared order, windows in declared order inside each.
  public let features: [FeatureDeclaration]
  /// Fields that are computed from each event, in the order in which they build on each other.
  public let derived: [DerivedField]
  /// What the events take over from events of another stream; their fields come behind the stream's own.
  public let join: EventJoin?

  public init(
    name: String, stream: String, entity: [String], slice: SliceLength, filter: Filter?,
    retention: Window?, features: [FeatureDeclaration], derived: [DerivedField] = [],
    join: EventJoin? = nil
  ) {
    self.name = name
    self.stream = stream
    self.entity = entity
    self.slice = slice
    self.filter = filter
    self.retention = retention
    self.features = features
    self.derived = derived
    self.join = join
  }
}

extension ViewDeclaration {
  /// The same view over an extended stream, whose fields have other numbers.
  package func moved(from old: StreamDeclaration, to new: StreamDeclaration) -> ViewDeclaration {
    let (oldScope, newScope) = (scope(of: old), scope(of: new))
    let move = { (field: Int) in newScope.index(of: oldScope.fields[field].name)! }
    return ViewDeclaration(
      name: name, stream: stream, entity: entity, slice: slice,
      filter: filter?.mapFields(move), retention: retention, features: features,
      derived: derived.map {
        DerivedField(name: $0.name, type: $0.type, formula: $0.formula.mapFields(move))
      }, join: join)
  }
}

/// One named feature: an aggregation over a window, or derived from other features of the view.
public struct FeatureDeclaration: Hashable, Sendable {
  /// With `{window}` replaced: `30d_COMMIT_COUNT`.
  public let name: String
  public let aggregation: Aggregation
  public let window: Window
  /// The type of the feature's values.
  public let type: FieldType
  /// Of a derived feature: what it is computed by, over the view's features by their places. Its
  /// aggregation is `derive` of the formula's text, and its window the longest of those it stands on.
  public let derivation: Formula?

  public init(
    name: String, aggregation: Aggregation, window: Window, type: FieldType,
    derivation: Formula? = nil
  ) {
    self.derivation = derivation
    self.name = name
    self.aggregation = aggregation
    self.window = window
    self.type = type
  }
}

/// What is computed, without the window: `{"distinct": "repo", "exactUpTo": 64, "where": "parents < 2"}`.
public struct Aggregation: Hashable, Sendable {
  /// A name of the catalogue, `sum`.
  public let function: String
  /// The field it takes in; nil for a count of rows.
  public let field: String?
  /// Whole-number parameters by name, defaults filled in; `halfLife` in milliseconds.
  public let parameters: [String: Int64]
  /// One value for each category, as a map; nil for one value of all events.
  public let by: Categories?
  /// Only events for which this is true count, of those that the view's own filter lets through. A text in
  /// its canonical form, which stays what it is when the stream gets further fields.
  public let filter: CanonicalText?

  /// The values of a field that the events are told apart by.
  public struct Categories: Hashable, Sendable {
    public let field: String
    /// How many of them a value holds at most.
    public let limit: Int64

    public init(field: String, limit: Int64) {
      self.field = field
      self.limit = limit
    }
  }

  public init(
    function: String, field: String?, parameters: [String: Int64] = [:], by: Categories? = nil,
    filter: String? = nil
  ) {
    self.function = function
    self.field = field
    self.parameters = parameters
    self.by = by
    self.filter = filter.map { CanonicalText($0) }
  }
}

extension Aggregation {
  /// The name of the one parameter that is a length of time. It is about reading alone: what is stored is the
  /// same for all of them.
  public static let halfLife = "halfLife"

  /// The same for any half-life: aggregations with equal ones are stored as one.
  package var withoutHalfLife: Aggregation {
    if parameters[Self.halfLife] == nil { return self }
    return Aggregation(
      function: function, field: field, parameters: parameters.filter { $0.key != Self.halfLife },
      by: by, filter: filter?.text)
  }

  /// Names of the fields that it takes values from; its filter looks at others, perhaps.
  package var fields: [String] { [field, by?.field].compactMap { $0 } }

  /// The filter for events of a stream that has its fields.
  package func filter(over stream: StreamDeclaration) throws(FilterError) -> Filter? {
    guard let filter else { return nil }
    return try FilterParser.parse(filter.text, stream: stream, limits: .canonical)
  }
}
