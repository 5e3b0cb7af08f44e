// What a store does with a view that is a Swift type: everything that it does with one of a file, and events of
// the engineer's own type in the place of rows.
import AsOfJoin
import FeatureModel
import RowFiles
import SliceStore

extension FeatureStore {
  /// Registers views and their streams, all or none.
  /// - Throws: `HindcastError.declarations` with every mistake, as for files.
  @discardableResult
  public func register(
    _ views: any FeatureView.Type...
  ) throws(HindcastError) -> [RegistrationReport] {
    try register([DeclarationText(views)])
  }

  /// Takes events into all views of a view's stream. Events are counted under the name `source`: the same call
  /// again, or with more events behind those of before, takes in only what is new.
  /// - Complexity: 65,536 events are held at a time.
  @discardableResult
  public func ingest<View: FeatureView, Events: Sequence>(
    _ events: Events, for view: View.Type, source: String
  ) throws -> TableReport where Events.Element == View.Event {
    try ingest(events, for: view, TableOptions(source: source))
  }

  /// As above, with options.
  @discardableResult
  public func ingest<View: FeatureView, Events: Sequence>(
    _ events: Events, for view: View.Type, _ options: TableOptions
  ) throws -> TableReport where Events.Element == View.Event {
    let registered = try stream(of: view)
    let encoder = try EventEncoder(View.stream, into: registered)
    var rest = events.makeIterator()
    return try ingest(into: registered.name, options) {
      var part: [View.Event] = []
      while part.count < 1 << 16, let event = rest.next() { part.append(event) }
      if part.isEmpty { return nil }
      let taken = part
      return EventPart(count: taken.count) { rows, batch in
        encoder.append(taken[rows], to: &batch)
        return []
      }
    }
  }

  /// Takes a file into all views of a view's stream, as `ingest` of a path does, and fills in what the view
  /// computes: the file needs no such columns.
  @discardableResult
  public func ingest<View: FeatureView>(
    _ path: String, for view: View.Type, _ options: IngestOptions = IngestOptions(),
    progress: @escaping @Sendable (IngestProgress) -> Void = { _ in }
  ) throws(HindcastError) -> IngestReport {
    let registered = try stream(of: view)
    var options = options
    options.deriver = try RowDeriver.of(view, into: registered)
    return try ingest(path, into: registered.name, options, progress: progress)
  }

  /// Puts a view's features onto events in place, by the view's own four functions.
  @discardableResult
  public func hydrate<View: FeatureView, Events: MutableCollection>(
    _ events: inout Events, with view: View.Type, mode: ReadMode = .asServed,
    _ options: JoinOptions = JoinOptions()
  ) throws(HindcastError) -> HydrationReport where Events.Element == View.Event {
    try hydrate(&events, with: ViewHydrator<View>(), mode: mode, options)
  }

  /// Puts a view's features onto events that are read twice and never held; see `hydrate(reading:with:)` of an
  /// `EventHydrator`.
  @discardableResult
  public func hydrate<View: FeatureView, Events: Sequence>(
    reading events: () throws -> Events, with view: View.Type, mode: ReadMode = .asServed,
    _ options: JoinOptions = JoinOptions(), emit: (View.Event) throws -> Void
  ) throws -> HydrationReport where Events.Element == View.Event {
    try hydrate(reading: events, with: ViewHydrator<View>(), mode: mode, options, emit: emit)
  }

  /// The registered stream of a view that is registered, too.
  private func stream<View: FeatureView>(
    of view: View.Type
  ) throws(HindcastError) -> StreamDeclaration {
    try HindcastError.store { () throws(StoreError) in
      let registered = try store.view(View.name).declaration
      guard registered.stream == View.stream.name else {
        throw .invalid(
          "view '\(View.name)' is registered over the stream '\(registered.stream)', not over "
            + "'\(View.stream.name)': give one of them another name")
      }
      return try store.stream(registered.stream).declaration
    }
  }
}

extension FeatureStore {
  /// Tries a view on events; registers nothing. Mistakes of the declaration are thrown as `register` throws
  /// them.
  public static func check<View: FeatureView>(
    _ view: View.Type, on events: some Collection<View.Event>, entities: Int = 3
  ) throws(HindcastError) -> CheckedView {
    let (stream, declaration) = try declarations(of: view)
    var batch = EventBatch(stream)
    try EventEncoder(View.stream, into: stream).append(events, to: &batch)
    return try check([declaration], of: stream, on: batch, entities: entities)[0]
  }

  /// Tries a view on a file whose computed fields the view fills in; registers nothing.
  public static func check<View: FeatureView>(
    _ view: View.Type, sample: String, format: RowFormat? = nil, entities: Int = 3
  ) throws(HindcastError) -> CheckedView {
    let (stream, declaration) = try declarations(of: view)
    let deriver = try RowDeriver.of(view, into: stream)
    return try check(
      [declaration], of: stream, sample: sample, format: format, entities: entities,
      deriver: deriver)[0]
  }

  /// A view and its stream, checked for themselves, apart from any store.
  static func declarations<View: FeatureView>(
    of view: View.Type
  ) throws(HindcastError) -> (stream: StreamDeclaration, view: ViewDeclaration) {
    let folder = try ScratchFolder("hindcast-view")
    defer { withExtendedLifetime(folder) {} }
    let trial = try HindcastError.store { () throws(StoreError) in
      try FeatureStore.open("\(folder.path)/store", .create)
    }
    let resolved = try trial.resolve([DeclarationText([view])])
    return (resolved.streams[0], resolved.views[0])
  }
}

/// A view's four functions as hydration asks for them.
private struct ViewHydrator<View: FeatureView>: EventHydrator {
  /// Events without an id are the same where key and time are, because then their features are.
  enum EventID: Hashable, CustomStringConvertible {
    case id(String)
    case keyAndTime([String?], Timestamp)

    var description: String {
      switch self {
      case .id(let text): text
      case .keyAndTime(let key, let time): "\(key) at \(time)"
      }
    }
  }

  let features = [FeatureSelection(View.name)]
  let keyFields = View.keyNames

  func lookupKey(of event: View.Event) -> [String?] { View.lookupKey(of: event) }
  func eventTime(of event: View.Event) -> Timestamp { View.eventTime(of: event) }
  func eventID(of event: View.Event) -> EventID {
    View.eventID(of: event).map { .id($0) }
      ?? .keyAndTime(View.lookupKey(of: event), View.eventTime(of: event))
  }
  func hydrate(_ event: inout View.Event, with values: FeatureValues) {
    View.hydrate(&event, with: values)
  }
}
