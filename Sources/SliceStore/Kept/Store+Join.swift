// Views that join events of two streams: what they need, what new events of either bring them, and what
// corrections of either change.
import Aggregates
import FeatureModel
import Rocks

extension Store {
  /// The views that join a stream's events to their own, those that are being built among them.
  func followers(of stream: String) -> [RegisteredView] {
    registry.withLock { registry in
      (Array(registry.views.values) + registry.building.values.map(\.view))
        .filter { $0.declaration.join?.stream == stream }.sorted { $0.id < $1.id }
    }
  }

  /// The streams that views of a stream join, and those that theirs join. They are sealed with it, so that a
  /// pair never comes to be before what was answered without it.
  func joinedStreams(of stream: String) -> Set<String> {
    var found: Set<String> = []
    var open = [stream]
    while let next = open.popLast() {
      for other in views(of: next).compactMap(\.declaration.join?.stream)
      where found.insert(other).inserted {
        open.append(other)
      }
    }
    return found
  }

  /// Those of them that a seal at `time` moves, with its records added to `changes`.
  func sealJoined(
    of streams: Set<String>, at time: Timestamp, into changes: inout WriteBatch
  ) throws(StoreError) -> Set<String> {
    var moved: Set<String> = []
    for name in streams.reduce(into: Set<String>(), { $0.formUnion(joinedStreams(of: $1)) }) {
      guard try stream(name).seal ?? .earliest < time, !streams.contains(name) else { continue }
      put([("seal/\(name)", String(time.milliseconds))], into: &changes)
      moved.insert(name)
    }
    return moved
  }

  /// Throws where a view's join cannot be made.
  /// - Parameters:
  ///   - stream: the view's own, as it is, or will be.
  ///   - planned: the other one as it will be; nil for as it is.
  func requireJoin(
    of view: ViewDeclaration, over stream: StreamDeclaration, _ planned: StreamDeclaration?
  ) throws(StoreError) {
    guard let join = view.join else { return }
    let other = if let planned { planned } else { try self.stream(join.stream).declaration }
    for stream in [stream, other] where stream.keep != .forever {
      throw .invalid(
        "view '\(view.name)' joins '\(join.stream)' to '\(view.stream)', which takes all events of both: declare "
          + "stream '\(stream.name)' with \"keep\": true")
    }
    for name in [stream.name, other.name] {
      if registry.withLock({ $0.streams[name]?.kept?.isWhole }) == false {
        throw .invalid(
          "view '\(view.name)' joins all events of stream '\(name)', but it had some before it kept them; "
            + "ingest them into a stream that keeps its events from the first one on")
      }
    }
    guard let id = other.id else {
      throw .invalid(
        "stream '\(other.name)' declares no \"id\", by which view '\(view.name)' finds its events")
    }
    let by = stream.fields[stream.index(of: join.by)!]
    guard by.type == other.fields[id].type else {
      throw .invalid(
        "'\(by.name)' of stream '\(stream.name)' is \(by.type.rawValue), but the id of '\(other.name)' is "
          + other.fields[id].type.rawValue)
    }
    for field in join.fields {
      guard let index = other.index(of: field.name) else {
        throw .invalid(
          "stream '\(other.name)' has no field '\(field.name)'"
            + Suggestion.phrase(for: field.name, among: other.fields.map(\.name)))
      }
      guard other.fields[index].type == field.type else {
        throw .invalid(
          "'\(field.name)' of stream '\(other.name)' is \(other.fields[index].type.rawValue), not "
            + field.type.rawValue)
      }
    }
  }

  /// Throws where a stream that is declared so would lose what views join.
  func requireJoins(of stream: StreamDeclaration) throws(StoreError) {
    guard stream.keep != .forever else { return }
    let own = views(of: stream.name).filter { $0.declaration.join != nil }
    if let view = (own + followers(of: stream.name)).first {
      throw .invalid(
        "stream '\(stream.name)' has to keep its events: view '\(view.declaration.name)' joins them"
      )
    }
  }

  /// Indexes both streams of a view that is about to be registered. Called with the writer's lock.
  /// - Complexity: O(n log n) in the kept events where an index is new.
  func prepareJoin(of view: ViewDeclaration) throws(StoreError) {
    guard let join = view.join else { return }
    let other = try stream(join.stream).declaration
    for (name, field) in [(view.stream, join.by), (join.stream, other.fields[other.id!].name)] {
      let registered = try stream(name)
      guard var log = registered.kept, !log.indexes.contains(field) else { continue }
      log.indexes.append(field)
      try fillIndex(of: registered.declaration, in: log)
      try putMeta([("kept/\(name)", log.record)])
      registry.withLock { $0.streams[name]?.kept = log }
      forgetPlans()
    }
    try sealForJoin(of: view, join)
  }

  /// No pair may come to be in the past of a correction that was made before anybody joined the two, nor in
  /// that of what is sealed.
  private func sealForJoin(of view: ViewDeclaration, _ join: EventJoin) throws(StoreError) {
    guard let log = try stream(join.stream).kept else { return }
    let corrected = try retractions(of: log).latest.flatMap { Timestamp(milliseconds: $0) }
    var seals = (own: try stream(view.stream).seal, other: try stream(join.stream).seal)
    if let corrected { seals.own = max(seals.own ?? .earliest, corrected) }
    if let own = seals.own { seals.other = max(seals.other ?? .earliest, own) }
    // What views of the two join is sealed with them.
    let own = [view.stream] + joinedStreams(of: view.stream).sorted()
    let other = [join.stream] + joinedStreams(of: join.stream).sorted()
    for (name, seal) in own.map({ ($0, seals.own) }) + other.map({ ($0, seals.other) }) {
      guard let seal, try stream(name).seal ?? .earliest < seal else { continue }
      try putMeta([("seal/\(name)", String(seal.milliseconds))])
      registry.withLock { $0.streams[name]?.seal = seal }
    }
  }

  /// The pairs that new events make with what is stored.
  /// - Parameter stream: of the events; the view's own, or the one that it joins.
  func newPairs(
    of events: MeetingEvents, of stream: StreamDeclaration, in view: ViewDeclaration,
    includesParted: Bool = false
  ) throws(StoreError) -> JoinedEvents {
    guard let join = view.join else { return JoinedEvents(batch: EventBatch(stream)) }
    if view.stream == stream.name {
      guard let others = try indexed(join.stream, by: nil) else { throw Self.noIndex(view) }
      return try joined(
        events, of: stream, in: view, to: others, includesParted: includesParted)
    }
    guard let owns = try indexed(view.stream, by: join.by) else { throw Self.noIndex(view) }
    return try joined(
      events, from: stream, in: view, to: owns,
      filter: try hashFilter(of: owns.log, owns.slot), includesParted: includesParted)
  }

  private static func noIndex(_ view: ViewDeclaration) -> StoreError {
    .invalid("the streams of view '\(view.name)' are not indexed; register it again")
  }

  /// Adds what the views that join take of a batch. Called with the writer's lock.
  /// - Parameter stream: with the seal that the events are stored under.
  /// - Returns: how many events fell below the views' floors.
  func addJoined(
    _ batch: EventBatch, _ admitted: AdmittedEvents, of stream: RegisteredStream,
    into changes: inout WriteBatch
  ) throws(StoreError) -> Int {
    let name = stream.declaration.name
    let joining =
      views(of: name).filter { $0.declaration.join != nil } + followers(of: name)
    if joining.isEmpty || batch.count == 0 { return 0 }
    var raised = admitted
    if let seal = stream.seal { EventAdmission.raise(&raised, to: seal.milliseconds) }
    let events = MeetingEvents(batch: batch, admitted: raised, gone: nil)
    var expired = 0
    for view in joining {
      let pairs = try newPairs(of: events, of: stream.declaration, in: view.declaration)
      if pairs.batch.count == 0 { continue }
      let own = try self.stream(view.declaration.stream)
      let arena = RecordArena(partitionBits: 0, isLarge: false)
      expired +=
        EventIntake(view.plan, own.declaration).take(
          pairs.batch, pairs.admitted, floor: view.floor?.index ?? .min, into: arena
        ).expired
      // The arrivals have the seals in them.
      try DeltaBuilder(view.plan).build(partition: 0, of: [arena], sealSlice: nil) {
        _, key, block throws(StoreError) in
        changes.merge(key: key, value: block, in: slices)
      }
    }
    return expired
  }
}

// Corrections.
extension Store {
  /// Adds what a correction of a stream changes in the views that join its events, or join others to them.
  /// Called with the writer's lock.
  /// - Parameter retractions: of the stream, with those of this correction.
  /// - Returns: how many slices of entities are made anew.
  func remakeJoined(
    correcting stream: String, _ found: FoundEvents, _ retractions: Retractions, at time: Timestamp,
    into changes: inout WriteBatch
  ) throws(StoreError) -> Int {
    let joining =
      views(of: stream).filter { $0.declaration.join != nil } + followers(of: stream)
    if joining.isEmpty || found.places.isEmpty { return 0 }
    var admitted = AdmittedEvents()
    let declaration = try self.stream(stream).declaration
    EventAdmission.admit(found.batch, of: declaration, into: &admitted)
    admitted.arrivalTimes = found.arrivals
    let events = MeetingEvents(batch: found.batch, admitted: admitted, gone: nil)
    let serving = Set(views.map(\.id))
    var count = 0
    for view in joining {
      let cells = TouchedCells(view.declaration.slice)
      let pairs = try newPairs(of: events, of: declaration, in: view.declaration)
      if let last = pairs.admitted.arrivalTimes.max(), last > time.milliseconds {
        throw .invalid(
          "an event that is corrected at \(time) meets another of view '\(view.declaration.name)' that "
            + "arrives at \(Timestamp(unchecked: last)), after it; correct it from then on")
      }
      // In one that is being built all corrections are made at its end.
      guard serving.contains(view.id) else { continue }
      cells.add(
        pairs.batch,
        times: Array(repeating: time.milliseconds, count: pairs.batch.count), of: view,
        try self.stream(view.declaration.stream).declaration)
      count += cells.cells.count
      try remake(cells, of: view, [stream: retractions], into: &changes)
    }
    return count
  }

  /// Adds all that corrections change in a view that joins events, whose history was just replayed. Called with
  /// the writer's lock.
  func remakeJoined(
    _ view: RegisteredView, into changes: inout WriteBatch
  ) throws(StoreError) {
    guard let join = view.declaration.join else { return }
    let cells = TouchedCells(view.declaration.slice)
    let own = try stream(view.declaration.stream).declaration
    for name in [view.declaration.stream, join.stream] {
      let stream = try stream(name)
      guard let log = stream.kept else { continue }
      let events = try retracted(try retractions(of: log), of: stream.declaration, log)
      // Also of pairs that are parted in the instant in which they are known: they may have been counted
      // before.
      let pairs = try newPairs(
        of: events, of: stream.declaration, in: view.declaration, includesParted: true)
      cells.add(pairs.batch, times: pairs.gone, of: view, own)
    }
    try remake(cells, of: view, [:], into: &changes)
  }

  /// Adds cells as they are to be from now on, from all pairs of kept events.
  /// - Parameter retractions: of streams by name, where they are not those that are stored.
  private func remake(
    _ cells: TouchedCells, of view: RegisteredView, _ retractions: [String: Retractions],
    into changes: inout WriteBatch
  ) throws(StoreError) {
    guard !cells.isEmpty, let join = view.declaration.join else { return }
    let own = try stream(view.declaration.stream)
    guard let log = own.kept,
      let others = try indexed(join.stream, by: nil, retractions: retractions[join.stream])
    else { throw Self.noIndex(view.declaration) }
    let gone =
      if let known = retractions[own.declaration.name] {
        known
      } else {
        try self.retractions(of: log)
      }
    let arena = RecordArena(partitionBits: 0, isLarge: false)
    let intake = EventIntake(view.plan, own.declaration)
    let reader = KeptChunkReader(own.declaration)
    for number in 0..<(try nextChunkNumber(log)) {
      var events: MeetingEvents?
      try forEachChunk(of: log, number..<number + 1) { number, chunk throws(CodecError) in
        var (batch, admitted) = try reader.admitted(chunk)
        for row in admitted.mask.indices where !cells.contains(time: admitted.eventTimes[row]) {
          admitted.mask[row] = 0
        }
        guard admitted.mask.contains(1) else { return }
        events = MeetingEvents(
          batch: batch, admitted: admitted, gone: gone.times(of: number, batch.count))
      }
      guard let events else { continue }
      let pairs = try joined(events, of: own.declaration, in: view.declaration, to: others)
      _ = intake.take(
        pairs.batch, pairs.admitted, floor: view.floor?.index ?? .min, into: arena,
        remaking: Remaking(cells: cells, retracted: pairs.gone))
    }
    EmptyCells(view.plan).write(cells, into: &changes, in: slices)
    try DeltaBuilder(view.plan).build(partition: 0, of: [arena], sealSlice: nil) {
      _, key, block throws(StoreError) in
      changes.merge(key: key, value: block, in: slices)
    }
  }
}
