// How an engineer's own event type is a stream: which property is which field, by key paths, and which fields
// are computed. One such value serves all views over the stream.
import FeatureModel

/// One field of a stream, and the property of `Event` that holds it.
public struct Field<Event: Sendable>: Sendable {
  enum Role: Sendable { case value, eventTime, arrivalTime, id }

  let name: String
  let type: FieldType
  let role: Role
  /// Computed: rows of files and of other producers need not have it.
  let isDerived: Bool
  /// Nil for what a closure computes.
  let path: (any PartialKeyPath<Event> & Sendable)?
  let get: @Sendable (Event) -> Value
  /// False where the property cannot hold the value. Nil where it cannot be set at all: computed, or a `let`.
  let set: (@Sendable (inout Event, Value) -> Bool)?

  /// A stored property.
  public init<Property: FieldValue>(_ name: String, _ path: FieldPath<Event, Property>) {
    self.init(name, path, .value, isDerived: false)
  }

  /// The property with the instant at which the event happened.
  public static func eventTime(
    _ name: String, _ path: FieldPath<Event, Timestamp>
  ) -> Field {
    Field(name, path, .eventTime, isDerived: false)
  }

  /// The property with the instant at which the event became known.
  public static func arrivalTime(
    _ name: String, _ path: FieldPath<Event, Timestamp>
  ) -> Field {
    Field(name, path, .arrivalTime, isDerived: false)
  }

  /// As above, where it is not always known: without it the event arrives when it happens.
  public static func arrivalTime(
    _ name: String, _ path: FieldPath<Event, Timestamp?>
  ) -> Field {
    Field(name, path, .arrivalTime, isDerived: false)
  }

  /// The property that tells the event from all others.
  public static func id<Property: KeyFieldValue>(
    _ name: String, _ path: FieldPath<Event, Property>
  ) -> Field {
    Field(name, path, .id, isDerived: false)
  }

  init<Property: FieldValue>(
    _ name: String, _ path: FieldPath<Event, Property>, _ role: Role, isDerived: Bool
  ) {
    self.name = name
    type = Property.fieldType
    self.role = role
    self.isDerived = isDerived
    self.path = path
    get = { $0[keyPath: path].fieldValue }
    set = isDerived ? nil : Setter(path)?.function
  }

  init<Property>(_ derived: Derived<Event, Property>) {
    name = derived.name
    type = Property.fieldType
    role = .value
    isDerived = true
    path = derived.path
    let compute = derived.compute
    get = { compute($0).fieldValue }
    set = nil
  }
}

/// The writable form of a key path that is known to be safe to share.
private struct Setter<Event: Sendable, Property: FieldValue>: @unchecked Sendable {
  // Unchecked: it is the very object that was handed in as Sendable.
  let path: WritableKeyPath<Event, Property>

  init?(_ path: FieldPath<Event, Property>) {
    guard let path = path as? WritableKeyPath<Event, Property> else { return nil }
    self.path = path
  }

  var function: @Sendable (inout Event, Value) -> Bool {
    { event, value in
      guard let property = Property(fieldValue: value) else { return false }
      event[keyPath: path] = property
      return true
    }
  }
}

/// A field that is computed from the event, before anything is aggregated: the domain of an address, the ratio
/// of two numbers. Functions and entities take it where they take a key path.
public struct Derived<Event: Sendable, Property: FieldValue>: Sendable {
  let name: String
  let path: (any PartialKeyPath<Event> & Sendable)?
  let compute: @Sendable (Event) -> Property

  /// - Parameter compute: a function of the event alone. Asked twice it has to say the same, or a file that is
  ///   ingested again would count as something else.
  public init(_ name: String, _ compute: @escaping @Sendable (Event) -> Property) {
    self.name = name
    path = nil
    self.compute = compute
  }

  /// A computed property of the event.
  public init(_ name: String, _ path: FieldPath<Event, Property>) {
    self.name = name
    self.path = path
    compute = { $0[keyPath: path] }
  }
}

/// A stream of `Event`: its name, and its fields in their order.
public struct EventStream<Event: Sendable>: Sendable {
  public let name: String
  let fields: [Field<Event>]
  let blank: Event?
  let keep: Period?

  /// - Parameters:
  ///   - blank: what an event is made from whose properties come from a row of a file; without it, events come
  ///     from the program alone.
  ///   - keep: how long the events themselves are kept, for views to come; `.lifetime` for ever. Without it a
  ///     stream that is registered already keeps them as it does.
  public init(
    _ name: String, blank: Event? = nil, keep: Period? = nil,
    @FieldBuilder<Event> fields: () -> [Field<Event>]
  ) {
    self.name = name
    self.blank = blank
    self.keep = keep
    self.fields = fields()
  }

  /// The declaration in the form of a file.
  public var json: JSONValue {
    var members: [(String, JSONValue)] = [
      ("stream", .string(name)),
      ("fields", .object(fields.map { ($0.name, .string($0.type.rawValue)) })),
    ]
    for (role, name) in [
      (Field<Event>.Role.eventTime, "eventTime"), (.arrivalTime, "arrivalTime"), (.id, "id"),
    ] {
      members += fields.filter { $0.role == role }.map { (name, .string($0.name)) }
    }
    if let keep { members.append(("keep", keep == .lifetime ? .bool(true) : .string(keep.text))) }
    return .object(members)
  }

  func field(_ role: Field<Event>.Role) -> Field<Event>? { fields.first { $0.role == role } }
}

/// Fields, one below the other.
@resultBuilder
public enum FieldBuilder<Event: Sendable> {
  public static func buildExpression(_ field: Field<Event>) -> [Field<Event>] { [field] }
  public static func buildExpression<Property>(
    _ derived: Derived<Event, Property>
  ) -> [Field<Event>] { [Field(derived)] }
  public static func buildBlock(_ fields: [Field<Event>]...) -> [Field<Event>] {
    fields.flatMap { $0 }
  }
  public static func buildArray(_ fields: [[Field<Event>]]) -> [Field<Event>] {
    fields.flatMap { $0 }
  }
  public static func buildOptional(_ fields: [Field<Event>]?) -> [Field<Event>] { fields ?? [] }
}

/// A field as a declaration names it: by the property that holds it, or by its name.
enum FieldReference<Event: Sendable>: Sendable {
  case path(any PartialKeyPath<Event> & Sendable)
  case name(String)

  /// A property that is no field keeps its own name, `\Mail.size`: no stream has such a field, and the check of
  /// the declaration says so with the fields that there are.
  func name(in stream: EventStream<Event>) -> String {
    switch self {
    case .name(let name): name
    case .path(let path): stream.fields.first { $0.path == path }?.name ?? "\(path)"
    }
  }
}

/// The key fields of what a view describes, in their order.
public struct Entity<Event: Sendable>: Sendable {
  let parts: [FieldReference<Event>]

  public init<each Part: KeyFieldValue>(_ paths: repeat FieldPath<Event, each Part>) {
    var parts: [FieldReference<Event>] = []
    for path in repeat each paths { parts.append(.path(path)) }
    self.parts = parts
  }

  /// A computed key.
  public init<Part: KeyFieldValue>(_ derived: Derived<Event, Part>) {
    parts = [.name(derived.name)]
  }

  /// Fields by their names, for keys that mix computed fields and properties.
  public init(named names: String...) { parts = names.map { .name($0) } }
}
