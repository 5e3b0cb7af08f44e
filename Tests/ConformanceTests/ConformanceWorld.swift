// A store that a vector's steps happen to. Views that come later are made of kept events; under one of the
// feeds all of them are, again and again.
import FeatureModel
import Hindcast
import SliceStore
import Testing

final class ConformanceWorld {
  private(set) var store: FeatureStore
  private let vector: Vector
  private let feed: Feed
  /// Whether all views are made of kept events before they are asked.
  private let remakes: Bool
  private let path: String
  /// The views that are registered by now.
  private var standing: Set<String>
  /// Those with a floor, which would not outlive a drop.
  private var floored: Set<String> = []

  private static let options: StoreOptions = {
    var options = StoreOptions()
    options.cacheBytes = 4 << 20
    return options
  }()

  init(_ vector: Vector, _ feed: Feed, at path: String) throws {
    self.vector = vector
    self.feed = feed
    self.path = path
    // Where events go after a time, a view that is made anew is not what it was.
    remakes = feed == .kept && !vector.losesEvents
    standing = Set(vector.views.map(\.name)).subtracting(vector.later)
    store = try FeatureStore.open(path, .create, options: Self.options)
    for stream in [vector.stream] + (vector.joined.map { [$0] } ?? []) {
      try store.store.register(
        StreamDeclaration(
          name: stream.name, fields: stream.fields, eventTime: stream.eventTime,
          arrivalTime: stream.arrivalTime, id: stream.id,
          keep: remakes ? .forever : stream.keep))
    }
    if remakes { return }
    for view in vector.views where standing.contains(view.name) { try make(view) }
  }

  private func make(_ view: ViewDeclaration) throws {
    try store.store.register(view)
    try store.store.build(view.name)
  }

  /// Views that come later, whose history is made of kept events.
  func register(_ names: [String]) async throws {
    standing.formUnion(names)
    if remakes { return }
    if feed == .socket {
      return try await SocketFeed.register(
        names.map { ($0, vector.texts[$0]!) }, store)
    }
    for view in vector.views where names.contains(view.name) { try make(view) }
  }

  /// Before a question: where views are made of kept events, all but those with a floor are made anew.
  func makeViews() throws {
    guard remakes else { return }
    for set in store.store.sets { try store.store.drop(set: set.declaration.name) }
    for view in vector.views where standing.contains(view.name) && !floored.contains(view.name) {
      if store.store.views.contains(where: { $0.declaration.name == view.name }) {
        try store.store.drop(view: view.name)
      }
      try make(view)
    }
  }

  /// Before a question about sets, which may have gone so that their views can be made anew.
  func makeSets() throws {
    for set in vector.sets { try store.store.register(set) }
  }

  /// An earlier seal changes nothing; the store says so with an error.
  func seal(_ time: Timestamp) throws {
    let name = vector.stream.name
    if try store.store.stream(name).seal ?? .earliest <= time {
      try store.store.seal(name, at: time)
    } else {
      #expect(throws: StoreError.self) { try store.store.seal(name, at: time) }
    }
  }

  /// Takes events back by their ids.
  func retract(_ ids: [String], from stream: String, at time: Timestamp) async throws {
    if feed == .socket {
      return try await SocketFeed.retract(ids, from: stream, at: time, store)
    }
    _ = try store.retract(ids, from: stream, at: time)
  }

  /// Rows in the place of the events with their ids.
  func amend(_ rows: [Vector.Row], at time: Timestamp) async throws {
    let stream = vector.stream
    if feed == .socket { return try await SocketFeed.amend(rows, of: stream, at: time, store) }
    _ = try store.amend(try Feed.batch(rows, stream), of: stream.name, at: time)
  }

  /// Erases an entity, of which nothing may be left.
  func forget(_ field: String, _ text: String) async throws {
    let report =
      feed == .socket
      ? try await SocketFeed.forget(field, text, store) : try store.forget([field: text])
    guard report.left == 0 else { throw BadVector(reason: "\(report)") }
  }

  func expire(_ view: String, _ before: Timestamp) throws {
    try makeViews()
    floored.insert(view)
    try store.store.expire(view, before: before)
  }

  /// Compacts, closes and opens the store.
  func reopen() throws {
    try store.store.compact()
    store.store.close()
    store = try FeatureStore.open(path, .existing, options: Self.options)
  }
}
