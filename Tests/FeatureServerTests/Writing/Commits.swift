// Events to submissions, and commits over a store that can be closed and opened again.
import FeatureModel
import FeatureServer
import Hindcast
import Synchronization
import TestSupport

/// Builds a submission as a loop does: one batch for each stream.
struct SubmissionBuilder {
  private(set) var submission: Submission

  init(loop: Int = 0) { submission = Submission(loop: loop) }

  mutating func add(_ event: SentEvent, over stream: StreamDeclaration) {
    var batch = submission.batches.firstIndex { $0.stream.name == stream.name }
    if batch == nil {
      batch = submission.batches.count
      submission.batches.append(.init(stream: stream, batch: EventBatch(stream)))
    }
    var producer = submission.producers.firstIndex { $0.key == event.key }
    if producer == nil {
      producer = submission.producers.count
      submission.producers.append((event.key, batch!))
    }
    let row = submission.batches[batch!].batch.count
    submission.batches[batch!].batch.append(event.row)
    add(.event(producer: producer!, row: row, id: event.id), of: event.client)
  }

  mutating func add(reply: [UInt8], of client: UInt64) { add(.reply(reply), of: client) }

  private mutating func add(_ content: Submission.Item.Content, of client: UInt64) {
    submission.items.append(
      .init(
        client: ConnectionHandle(descriptor: Int32(client), generation: 1), clientID: client,
        content: content))
  }

  mutating func note(gone client: UInt64) { submission.gone.append(client) }
}

/// A store, and what writes to it.
final class CommittedStore {
  let folder: String
  private(set) var store: FeatureStore
  private var commit: GroupCommit
  /// Events that observers saw.
  private let seen: Counter

  /// The disk has no space.
  private let fullness = Fullness()

  private final class Fullness: Sendable { let isFull = Atomic<Bool>(false) }

  private final class Counter: @unchecked Sendable {
    // Unchecked: a test has one thread.
    var events = 0
  }

  init(_ folder: String, streams: [String] = ["events"]) throws {
    self.folder = folder
    store = try ServerStore.make(folder, streams: streams) { [fullness] in
      DiskSpace(free: fullness.isFull.load(ordering: .relaxed) ? 0 : 1 << 40, total: 1 << 41)
    }
    seen = Counter()
    commit = Self.commit(store, seen)
  }

  private static func commit(_ store: FeatureStore, _ seen: Counter) -> GroupCommit {
    GroupCommit(store.store, isSynced: false) { _, batch in seen.events += batch.count }
  }

  var seenEvents: Int { seen.events }

  func fillDisk(_ isFull: Bool) { fullness.isFull.store(isFull, ordering: .relaxed) }

  func close() { store.store.close() }

  func reopen(_ mode: StoreMode = .existing) throws {
    store.store.close()
    store = try ServerStore.open(folder, mode)
    commit = Self.commit(store, seen)
  }

  func stream(_ name: String = "events") throws -> StreamDeclaration {
    try store.store.stream(name).declaration
  }

  func perform(_ submissions: [Submission], now: Int64 = 1000) -> [[GroupCommit.Outcome]] {
    commit.commit(submissions, now: now)
  }

  /// One submission of one client's events.
  func send(
    _ ids: [RequestedID], client: UInt64 = 1, _ producer: String = "", now: Int64 = 1000
  ) throws -> [GroupCommit.Outcome] {
    var builder = SubmissionBuilder()
    for id in ids { builder.add(SentEvent(client, "events", producer, id), over: try stream()) }
    return perform([builder.submission], now: now)[0]
  }
}

extension SentEvent {
  static let day = Timestamp(parsing: "2026-01-01")!

  init(
    _ client: UInt64, _ stream: String, _ producer: String, _ id: RequestedID, who: String = "a",
    isBad: Bool = false
  ) {
    self.init(
      client: client, key: ProducerKey(stream: stream, producer: producer), id: id,
      row: [isBad ? .null : .timestamp(Self.day), .string(who), .int(1), .int(2)], isBad: isBad)
  }
}

func id(_ milliseconds: UInt64, _ sequence: UInt64 = 0) -> EventID {
  EventID(milliseconds: milliseconds, sequence: sequence)
}
