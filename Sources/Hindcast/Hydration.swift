// Features onto a caller's own events, by the four functions of the re-scoring playbook: how to build the key
// to look up, the event's time, the event's id, and how to put the values back. Only keys, times and ids go
// through the join, so events may be large, and may be read a second time instead of being held.
import AsOfJoin
import FeatureModel
import SliceStore

/// What is particular to one type of event; all else of re-hydrating it is the store's.
public protocol EventHydrator<Event> {
  associatedtype Event
  associatedtype EventID: Hashable

  /// What is wanted, in the order of `FeatureValues`.
  var features: [FeatureSelection] { get }
  /// Sets whose vectors are wanted behind the features; none where nothing is said.
  var sets: [FeatureSet] { get }
  /// The names of what `lookupKey` gives: the key fields of the views, or the names that a selection's `keys`
  /// give them.
  var keyFields: [String] { get }

  /// The parts of the look-up key, one for each of `keyFields`, as text: what `get` takes for an entity. An
  /// event with a nil is answered like an entity that nothing is known of.
  func lookupKey(of event: Event) -> [String?]
  /// The instant whose features the event gets.
  func eventTime(of event: Event) -> Timestamp
  /// What tells the event from all others.
  func eventID(of event: Event) -> EventID
  /// Puts the values back on the event.
  func hydrate(_ event: inout Event, with values: FeatureValues)
}

extension EventHydrator {
  public var sets: [FeatureSet] { [] }
}

/// The features of one event.
public struct FeatureValues: Sendable {
  private let answers: JoinAnswers
  private let places: [String: Int]
  private let row: Int

  fileprivate init(_ answers: JoinAnswers, _ places: [String: Int], row: Int) {
    self.answers = answers
    self.places = places
    self.row = row
  }

  /// Of all features, in their order.
  public var names: [String] { answers.names }

  /// The value of a feature by its place.
  public subscript(place: Int) -> Value { answers.columns[place].value(row) }

  /// The value of a feature by its name; a name that was not asked for is the caller's mistake.
  public subscript(name: String) -> Value {
    guard let place = places[name] else {
      preconditionFailure(
        "no feature '\(name)' was asked for\(Suggestion.phrase(for: name, among: names))")
    }
    return self[place]
  }

  /// A whole number, nil where it is null or another type.
  public func int(_ name: String) -> Int64? {
    if case .int(let value) = self[name] { value } else { nil }
  }

  /// A number, nil where it is null or no number.
  public func double(_ name: String) -> Double? {
    switch self[name] {
    case .double(let value): value
    case .int(let value): Double(value)
    default: nil
    }
  }
}

/// What hydrating did.
public struct HydrationReport: Hashable, Sendable {
  /// Events hydrated.
  public var events = 0
  /// Events with different ids, for each of which one row was joined.
  public var distinctEvents = 0
  /// Events without a part of their key, by view.
  public var eventsWithoutKey: [String: Int] = [:]
}

extension FeatureStore {
  /// Puts features on events in place.
  /// - Throws: `HindcastError.refused` where two events of one id have different keys or times.
  /// - Complexity: memory of a key, a time and an id for each event, beside its answers.
  @discardableResult
  public func hydrate<Events: MutableCollection, Hydrator: EventHydrator>(
    _ events: inout Events, with hydrator: Hydrator, mode: ReadMode = .asServed,
    _ options: JoinOptions = JoinOptions()
  ) throws(HindcastError) -> HydrationReport where Hydrator.Event == Events.Element {
    var run = try HydrationRun(self, hydrator, mode)
    for event in events { try run.add(event) }
    try run.join(options)
    for index in events.indices { try run.hydrate(&events[index]) }
    return run.report
  }

  /// Puts features on events that are read twice and never held: first for their keys, then to be hydrated
  /// and handed on.
  /// - Parameters:
  ///   - events: makes a pass over all events; called twice. The second pass must have no event that the
  ///     first had not.
  ///   - emit: gets each event of the second pass, hydrated, in its order.
  @discardableResult
  public func hydrate<Events: Sequence, Hydrator: EventHydrator>(
    reading events: () throws -> Events, with hydrator: Hydrator, mode: ReadMode = .asServed,
    _ options: JoinOptions = JoinOptions(), emit: (Events.Element) throws -> Void
  ) throws -> HydrationReport where Hydrator.Event == Events.Element {
    var run = try HydrationRun(self, hydrator, mode)
    for event in try events() { try run.add(event) }
    try run.join(options)
    for var event in try events() {
      try run.hydrate(&event)
      try emit(event)
    }
    return run.report
  }
}

/// The keys and times of events under their ids, and later their answers.
private struct HydrationRun<Hydrator: EventHydrator> {
  private(set) var report = HydrationReport()
  private let store: FeatureStore
  private let hydrator: Hydrator
  private let plan: JoinPlan
  private var rows: [Hydrator.EventID: Int] = [:]
  /// The key fields, and last the time.
  private var columns: [EventColumn]
  private var answers: JoinAnswers?
  private var places: [String: Int] = [:]
  private static var time: String { "event time" }

  init(_ store: FeatureStore, _ hydrator: Hydrator, _ mode: ReadMode) throws(HindcastError) {
    self.store = store
    self.hydrator = hydrator
    var request = JoinRequest(hydrator.features, sets: hydrator.sets, time: Self.time)
    request.mode = mode
    plan = try JoinPlan(request, in: store.store)
    for field in plan.fields.dropFirst() where !hydrator.keyFields.contains(field.name) {
      let hint = Suggestion.phrase(for: field.name, among: hydrator.keyFields)
      throw .refused("the look-up key has no part '\(field.name)'\(hint)")
    }
    columns = hydrator.keyFields.map { _ in EventColumn(type: .string) }
    columns.append(EventColumn(type: .timestamp))
  }

  mutating func add(_ event: Hydrator.Event) throws(HindcastError) {
    let key = hydrator.lookupKey(of: event)
    guard key.count == hydrator.keyFields.count else {
      throw .refused(
        "a look-up key of \(key.count) parts, where keyFields names \(hydrator.keyFields.count)")
    }
    let values =
      key.map { $0.map { Value.string($0) } ?? .null }
      + [.timestamp(hydrator.eventTime(of: event))]
    let id = hydrator.eventID(of: event)
    if let row = rows[id] {
      guard zip(columns, values).allSatisfy({ $0.value(row) == $1 }) else {
        throw .refused(
          "two events with the id '\(id)' have different keys or times: ids must tell events apart")
      }
      return
    }
    rows[id] = columns[0].words.count
    for index in columns.indices { columns[index].append(values[index]) }
  }

  mutating func join(_ options: JoinOptions) throws(HindcastError) {
    let names = hydrator.keyFields + [Self.time]
    // Texts stand for keys of any type: a key is its text.
    let batch = SpineBatch(EventBatch(columns: columns), names: names) { name in
      plan.fields.first { $0.name == name }?.type
    }
    let fields = batch.columns.map { SpineField(name: $0.name, type: $0.type) }
    let answers = try ColumnJoin(store.store, spine: fields, plan).answer([batch], options)
    columns = []
    self.answers = answers
    places = Dictionary(
      uniqueKeysWithValues: answers.names.enumerated().map { ($0.element, $0.offset) })
    report.distinctEvents = answers.rows
    report.eventsWithoutKey = answers.rowsWithoutKey
  }

  mutating func hydrate(_ event: inout Hydrator.Event) throws(HindcastError) {
    let id = hydrator.eventID(of: event)
    guard let row = rows[id], let answers else {
      throw .refused("the event with the id '\(id)' was not there when keys were gathered")
    }
    hydrator.hydrate(&event, with: FeatureValues(answers, places, row: row))
    report.events += 1
  }
}
