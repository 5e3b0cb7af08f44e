// A feature view as a Swift type: what a declaration file says, checked by the compiler where it can, and the
// four functions that put the view's features onto the engineer's own events. It lowers to the text of a file.
import FeatureModel

/// A feature view over events of the type `Event`.
public protocol FeatureView<Event> {
  associatedtype Event: Sendable

  /// The view's name in the store.
  static var name: String { get }
  /// The stream, and which property of an event is which field of it.
  static var stream: EventStream<Event> { get }
  /// What the features describe.
  static var entity: Entity<Event> { get }
  /// The length of a slice; a day where nothing is said.
  static var slice: Period { get }
  /// Only events for which it is true count; nil: all.
  static var filter: Condition<Event>? { get }
  /// How far back slices are kept; nil: for ever.
  static var retention: Period? { get }
  @FeatureBuilder<Event> static var features: [Feature<Event>] { get }

  /// The key to look up: one text for each key field. Where nothing is said, the entity of the event.
  static func lookupKey(of event: Event) -> [String?]
  /// The instant whose features the event gets. Where nothing is said, its event time.
  static func eventTime(of event: Event) -> Timestamp
  /// What tells the event from all others. Where nothing is said, the field of the stream that is its id; nil
  /// for events that are told apart by their keys and times.
  static func eventID(of event: Event) -> String?
  /// Puts the view's features onto the event.
  static func hydrate(_ event: inout Event, with values: FeatureValues)
}

extension FeatureView {
  public static var slice: Period { .days(1) }
  public static var filter: Condition<Event>? { nil }
  public static var retention: Period? { nil }

  public static func lookupKey(of event: Event) -> [String?] {
    keyFields.map { field in field.flatMap { keyText($0.get(event)) } }
  }

  public static func eventTime(of event: Event) -> Timestamp {
    guard case .timestamp(let time)? = stream.field(.eventTime)?.get(event) else {
      preconditionFailure("the stream '\(stream.name)' has no event time; add Field.eventTime")
    }
    return time
  }

  public static func eventID(of event: Event) -> String? {
    stream.field(.id).flatMap { keyText($0.get(event)) }
  }

  /// The declaration in the form of a file.
  public static var json: JSONValue {
    let stream = stream
    var members: [(String, JSONValue)] = [
      ("view", .string(name)), ("stream", .string(stream.name)),
      ("entity", .array(keyNames.map { .string($0) })), ("slice", .string(slice.text)),
    ]
    if let filter { members.append(("where", .string(filter.text(stream)))) }
    if let retention { members.append(("retention", .string(retention.text))) }
    members.append(("features", .object(Feature.json(features, in: stream))))
    return .object(members)
  }

  /// The key fields' names.
  static var keyNames: [String] {
    let stream = stream
    return entity.parts.map { $0.name(in: stream) }
  }

  private static var keyFields: [Field<Event>?] {
    let fields = stream.fields
    return keyNames.map { name in fields.first { $0.name == name } }
  }

  /// A part of a key as text, as `EntityKey` has it.
  private static func keyText(_ value: Value) -> String? {
    switch value {
    case .null: nil
    case .timestamp(let time): String(time.milliseconds)
    default: value.description
    }
  }
}

extension FeatureSet.Member {
  /// A feature of a view that is a Swift type.
  public init(
    _ view: any FeatureView.Type, _ feature: String, default value: Value? = nil
  ) {
    self.init(view: view.name, feature: feature, default: value)
  }
}

extension DeclarationText {
  /// The declarations of views, each after its stream. Of a stream that is declared elsewhere this may be a
  /// part, or add to it.
  /// - Parameters:
  ///   - sets: feature sets, which come last.
  ///   - name: what mistakes are reported of; nil: the names of the types.
  public init(
    _ views: [any FeatureView.Type], sets: [FeatureSet] = [], name: String? = nil
  ) {
    var declarations: [JSONValue] = []
    for view in views {
      let stream = Self.stream(of: view)
      if !declarations.contains(stream) { declarations.append(stream) }
      declarations.append(view.json)
    }
    declarations += sets.map { CanonicalForm.json($0) }
    let text = JSONValue.array(declarations).pretty + "\n"
    self.init(
      name: name ?? views.map { "\($0)" }.joined(separator: ", "), text: Array(text.utf8))
    isPlugin = true
  }

  private static func stream<View: FeatureView>(of view: View.Type) -> JSONValue {
    view.stream.json
  }
}
