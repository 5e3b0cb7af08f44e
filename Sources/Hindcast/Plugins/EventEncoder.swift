// An engineer's events to columns: a stream's fields in the store's order, each read from the event through its
// key path or its closure. The way back, from rows of a file to events, is `EventDecoder`.
import FeatureModel
import SliceStore

/// Makes rows of a registered stream from events.
struct EventEncoder<Event: Sendable>: Sendable {
  /// In the order of the registered stream's fields.
  private let getters: [@Sendable (Event) -> Value]

  /// - Throws: `refused` where events would leave fields of the stream empty, or fill them with another type.
  init(_ stream: EventStream<Event>, into registered: StreamDeclaration) throws(HindcastError) {
    let missing = registered.fields.map(\.name).filter { name in
      !stream.fields.contains { $0.name == name }
    }
    guard missing.isEmpty else {
      throw .refused(
        "stream '\(registered.name)' has fields that \(Event.self) does not fill: "
          + "\(Suggestion.list(missing)). Every view of the stream would miss them: add them to the plugin's "
          + "stream, or take the rows from a file")
    }
    getters = try registered.fields.map { declared throws(HindcastError) in
      let field = stream.fields.first { $0.name == declared.name }!
      try StreamFit.check(field, against: declared, of: registered.name)
      return field.get
    }
  }

  /// Appends one row for each event.
  func append(_ events: some Collection<Event>, to batch: inout EventBatch) {
    for (index, get) in getters.enumerated() {
      for event in events { batch.columns[index].append(get(event)) }
    }
  }
}

/// Whether a plugin's fields are those of a registered stream.
enum StreamFit {
  static func check<Event>(
    _ field: Field<Event>, against declared: StreamDeclaration.Field, of stream: String
  ) throws(HindcastError) {
    guard field.type == declared.type else {
      throw .refused(
        "field '\(declared.name)' of stream '\(stream)' is \(declared.type.rawValue), and the property of "
          + "\(Event.self) is \(field.type.rawValue): give the property the stream's type")
    }
  }
}

/// Makes events from rows that hold the stored properties.
struct EventDecoder<Event: Sendable>: Sendable {
  private struct Property: Sendable {
    let name: String
    /// Among the columns.
    let column: Int
    let set: @Sendable (inout Event, Value) -> Bool
  }

  private let blank: Event
  private let properties: [Property]

  /// - Parameter columns: the fields of the rows, in their order.
  init(
    _ stream: EventStream<Event>, from columns: [StreamDeclaration.Field]
  ) throws(HindcastError) {
    guard let blank = stream.blank else {
      throw .refused(
        "rows cannot become events: give the stream '\(stream.name)' a blank event to start from, as in "
          + "EventStream(\"\(stream.name)\", blank: \(Event.self)())")
    }
    self.blank = blank
    properties = try stream.fields.filter { !$0.isDerived }.map { field throws(HindcastError) in
      guard let column = columns.firstIndex(where: { $0.name == field.name }) else {
        throw .refused(
          "stream '\(stream.name)' has no field '\(field.name)'"
            + Suggestion.phrase(for: field.name, among: columns.map(\.name)))
      }
      try StreamFit.check(field, against: columns[column], of: stream.name)
      guard let set = field.set else {
        throw .refused(
          "the property of field '\(field.name)' cannot be set from a row: make it a `var` of \(Event.self), "
            + "or declare it as Derived where it is computed")
      }
      return Property(name: field.name, column: column, set: set)
    }
  }

  /// The event of one row, or why there is none.
  func event(_ batch: EventBatch, _ row: Int) throws(RefusedEvent) -> Event {
    var event = blank
    for property in properties {
      let value = batch.columns[property.column].value(row)
      if !property.set(&event, value) {
        let reason =
          value == .null
          ? "a value is missing, and the property of \(Event.self) is not optional"
          : "\(value) is not a value of the property of \(Event.self)"
        throw RefusedEvent(row: row, field: property.name, reason: reason)
      }
    }
    return event
  }
}

extension RefusedEvent: Error {}
