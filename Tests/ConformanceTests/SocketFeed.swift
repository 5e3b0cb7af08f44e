// The way in through a socket: a server over the vector's own store for the time of one step, and a client
// that sends what happens. Its clock stands before all events, so that serving seals nothing; for a
// correction, which is known from the clock's time on, it stands at that.
import FeatureModel
import FeatureServer
import Hindcast

enum SocketFeed {
  private static let producer = "vector"

  /// Sends rows as events; all are stored.
  static func ingest(
    _ rows: [Vector.Row], _ stream: StreamDeclaration, _ store: FeatureStore, step: Int
  ) async throws {
    try await served(store) { client in
      let events = rows.enumerated().map { number, row in
        Client.Event(fields(row, stream), id: "\(step + 1)-\(number + 1)")
      }
      for outcome in await client.add(events: events, to: stream.name, producer: producer) {
        guard case .stored = outcome else { throw BadVector(reason: "\(outcome)") }
      }
    }
  }

  /// Whether the server refuses a row that is sent alone.
  static func refuses(
    _ row: Vector.Row, _ stream: StreamDeclaration, _ store: FeatureStore, step: Int
  ) async throws -> Bool {
    try await served(store) { client in
      let event = Client.Event(fields(row, stream), id: "\(step + 1)-1")
      let outcome = await client.add(events: [event], to: stream.name, producer: "refused")[0]
      let last = try await client.lastID(of: stream.name, producer: "refused")
      if case .refused = outcome { return last == nil }
      return false
    }
  }

  static func retract(
    _ ids: [String], from stream: String, at time: Timestamp, _ store: FeatureStore
  ) async throws {
    let report = try await served(store, at: time) { try await $0.retract(ids, from: stream) }
    guard report.retracted >= ids.count, report.knownFrom == time else {
      throw BadVector(reason: "\(report)")
    }
  }

  /// One by one: each is a correction at the same time.
  static func amend(
    _ rows: [Vector.Row], of stream: StreamDeclaration, at time: Timestamp, _ store: FeatureStore
  ) async throws {
    try await served(store, at: time) { client in
      for row in rows {
        let report = try await client.amend(fields(row, stream), of: stream.name)
        guard report.retracted > 0, report.appended == 1, report.knownFrom == time else {
          throw BadVector(reason: "\(report)")
        }
      }
    }
  }

  static func forget(
    _ field: String, _ text: String, _ store: FeatureStore
  ) async throws -> ForgetReport {
    try await served(store) { try await $0.forget([field: text]) }
  }

  /// Registers views by their texts, and waits until their histories are made.
  static func register(
    _ views: [(name: String, text: String)], _ store: FeatureStore
  ) async throws {
    try await served(store) { client in
      try await client.register(declarations: views.map(\.text))
      for view in views {
        for _ in 0..<5000 {
          if store.store.views.contains(where: { $0.declaration.name == view.name }) { break }
          try await Task.sleep(for: .milliseconds(2))
        }
      }
    }
  }

  private static func served<Result>(
    _ store: FeatureStore, at clock: Timestamp = .earliest,
    isolation: isolated (any Actor)? = #isolation, _ body: (Client) async throws -> Result
  ) async throws -> Result {
    try await ServedStore.with(store, at: clock, log: store.store.path + ".fed.log", body)
  }

  /// Values as texts, in the forms that files have; nulls are left out.
  private static func fields(_ row: Vector.Row, _ stream: StreamDeclaration) -> Client.Fields {
    zip(stream.fields, row).compactMap { field, json in
      switch json.content {
      case .null: nil
      case .string(let text): (field.name, .string(text))
      default: (field.name, .string(json.compact))
      }
    }
  }
}
