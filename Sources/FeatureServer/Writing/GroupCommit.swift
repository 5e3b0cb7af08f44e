// Submissions to the store: what lies in the queue goes in together, each stream in one atomic write with the
// positions of its producers, and one fsync covers them all. Ids are held against each producer's last here, by
// one thread, so that nothing is counted twice however it is resent.
import FeatureModel
import Hindcast
import RESP

/// The store's side of XADD; belongs to the writer's thread.
package struct GroupCommit {
  private let store: Store
  private let isSynced: Bool
  /// What is stored for each producer.
  private var marks: [ProducerKey: ProducerMark] = [:]
  /// Connections that were told of a failure, until they are gone: nothing of theirs may overtake it.
  private var failed: Set<UInt64> = []
  private let observe: (StreamDeclaration, EventBatch) -> Void

  /// - Parameter observe: sees every batch that was stored.
  package init(
    _ store: Store, isSynced: Bool, observe: @escaping (StreamDeclaration, EventBatch) -> Void
  ) {
    self.store = store
    self.isSynced = isSynced
    self.observe = observe
  }

  /// What a client is told.
  package enum Outcome: Equatable {
    case stored(EventID)
    /// The event itself is at fault.
    case refused(String)
    /// The store is; the connection ends with it.
    case failed(String)
    case reply([UInt8])
  }

  /// The accepted rows of a stream, and how far its producers are with them.
  private struct Gathered {
    let stream: StreamDeclaration
    var batch: EventBatch
    var marks: [ProducerKey: ProducerMark] = [:]
  }

  /// Producers whose marks are held in memory.
  private static let keptMarks = 1 << 16

  /// Stores what can be stored.
  /// - Parameter now: epoch milliseconds, for ids that are asked for.
  /// - Returns: an outcome for each item of each submission.
  package mutating func commit(_ submissions: [Submission], now: Int64) -> [[Outcome]] {
    if marks.count > Self.keptMarks { marks.removeAll() }
    var gathered: [String: Gathered] = [:]
    var outcomes = submissions.map { gather($0, now, into: &gathered) }
    var failures: [String: String] = [:]
    for (name, part) in gathered where part.batch.count > 0 {
      if let failure = store(part) { failures[name] = failure }
    }
    if isSynced, failures.count < gathered.count {
      do throws(StoreError) { try store.sync() } catch {
        for name in gathered.keys { failures[name] = "it may be stored or not: \(error)" }
      }
    }
    for (name, part) in gathered where failures[name] == nil {
      marks.merge(part.marks) { $1 }
      if part.batch.count > 0 { observe(part.stream, part.batch) }
    }
    if !failures.isEmpty { tell(failures, of: submissions, &outcomes) }
    for submission in submissions { failed.subtract(submission.gone) }
    return outcomes
  }

  /// Nil where all went well.
  private func store(_ part: Gathered) -> String? {
    let positions = part.marks.map {
      SourcePosition(source: ProducerMark.source($0.key.producer), position: $0.value.position)
    }
    do throws(StoreError) {
      let report = try store.append(
        part.batch, to: part.stream, positions: positions, durability: .written)
      return report.refused.isEmpty ? nil : "\(report.refused[0].reason)"
    } catch { return "\(error)" }
  }

  private mutating func tell(
    _ failures: [String: String], of submissions: [Submission], _ outcomes: inout [[Outcome]]
  ) {
    for (index, submission) in submissions.enumerated() {
      for (place, item) in submission.items.enumerated() {
        guard case .event(let producer, _, _) = item.content,
          case .stored = outcomes[index][place]
        else { continue }
        let key = submission.producers[producer].key
        guard let reason = failures[key.stream] else { continue }
        outcomes[index][place] = .failed(
          "MISCONF the event was not stored (XINFO STREAM has the last that was): \(reason)")
        failed.insert(item.clientID)
        // What the store has now is read again before the producer goes on.
        marks[key] = nil
      }
    }
  }
}

// What of a submission is taken.
extension GroupCommit {
  private mutating func gather(
    _ submission: Submission, _ now: Int64, into gathered: inout [String: Gathered]
  ) -> [Outcome] {
    let faults = submission.batches.map { batch in
      self.faults(of: batch, beside: gathered[batch.stream.name]?.stream)
    }
    // Accepted rows that follow each other are copied together.
    var runs = submission.batches.map { _ in 0..<0 }
    var outcomes: [Outcome] = []
    outcomes.reserveCapacity(submission.items.count)
    for item in submission.items {
      switch item.content {
      case .reply(let bytes): outcomes.append(.reply(bytes))
      case .event(let producer, let row, let requested):
        let (key, batch) = submission.producers[producer]
        if let objection = objection(item.clientID, faults[batch], row) {
          outcomes.append(objection)
          continue
        }
        let outcome = judge(
          item.clientID, key, requested, now,
          &gathered[
            key.stream,
            default: Gathered(
              stream: submission.batches[batch].stream,
              batch: EventBatch(submission.batches[batch].stream))])
        outcomes.append(outcome)
        guard case .stored = outcome else { continue }
        if runs[batch].upperBound != row {
          gathered[key.stream]!.batch.append(submission.batches[batch].batch, rows: runs[batch])
          runs[batch] = row..<row
        }
        runs[batch] = runs[batch].lowerBound..<row + 1
      }
    }
    for (batch, run) in runs.enumerated() where !run.isEmpty {
      let stream = submission.batches[batch].stream.name
      gathered[stream]!.batch.append(submission.batches[batch].batch, rows: run)
    }
    return outcomes
  }

  private enum Faults {
    case rows([Int: String])
    case all(String)
  }

  /// - Parameter other: the stream as the rows that were gathered have it.
  private func faults(
    of batch: Submission.StreamBatch, beside other: StreamDeclaration?
  ) -> Faults {
    // Columns of before and behind an extension of the stream do not go together.
    if let other, other != batch.stream {
      return .all(Self.changed(other.name))
    }
    do throws(StoreError) {
      guard try store.stream(batch.stream.name).declaration == batch.stream else {
        return .all(Self.changed(batch.stream.name))
      }
      let refused = try store.refusals(of: batch.batch, for: batch.stream.name)
      return .rows(
        Dictionary(
          refused.map { ($0.row, "ERR field '\($0.field)': \($0.reason)") },
          uniquingKeysWith: { first, _ in first }))
    } catch { return .all("MISCONF \(error)") }
  }

  private static func changed(_ stream: String) -> String {
    "MISCONF stream '\(stream)' was declared anew just now, and the event is not stored: ask XINFO STREAM "
      + "where to go on"
  }

  /// What is said against an event whatever its id.
  private mutating func objection(_ client: UInt64, _ faults: Faults, _ row: Int) -> Outcome? {
    if failed.contains(client) {
      return .failed("MISCONF an event before this one was not stored")
    }
    switch faults {
    case .all(let reason):
      // What follows on this connection must not overtake it.
      failed.insert(client)
      return .failed(reason)
    case .rows(let rows): return rows[row].map { .refused($0) }
    }
  }

  private mutating func judge(
    _ client: UInt64, _ key: ProducerKey, _ requested: RequestedID, _ now: Int64,
    _ part: inout Gathered
  ) -> Outcome {
    var mark: ProducerMark
    do throws(StoreError) {
      if let known = part.marks[key] { mark = known } else { mark = try stored(key) }
    } catch {
      failed.insert(client)
      return .failed("MISCONF \(error)")
    }
    guard let id = Self.id(requested, behind: mark.last, now) else {
      return .refused(Self.refusal(requested))
    }
    mark.last = id
    mark.count += 1
    part.marks[key] = mark
    return .stored(id)
  }

  private mutating func stored(_ key: ProducerKey) throws(StoreError) -> ProducerMark {
    if let known = marks[key] { return known }
    let mark = try ProducerMark.stored(key, in: store)
    marks[key] = mark
    return mark
  }

  /// Nil for an id that is not above the last.
  static func id(_ requested: RequestedID, behind last: EventID, _ now: Int64) -> EventID? {
    switch requested {
    case .exact(let id): return id > last ? id : nil
    case .next:
      let clock = UInt64(max(0, now))
      return clock > last.milliseconds
        ? EventID(milliseconds: clock, sequence: 0) : last.next
    case .nextOf(let milliseconds):
      if milliseconds > last.milliseconds {
        return EventID(milliseconds: milliseconds, sequence: milliseconds == 0 ? 1 : 0)
      }
      guard milliseconds == last.milliseconds, last.sequence < .max else { return nil }
      return EventID(milliseconds: milliseconds, sequence: last.sequence + 1)
    }
  }

  /// In Redis's words, which clients know.
  private static func refusal(_ requested: RequestedID) -> String {
    if case .exact(.zero) = requested {
      return "ERR The ID specified in XADD must be greater than 0-0"
    }
    return "ERR The ID specified in XADD is equal or smaller than the target stream top item"
  }
}

extension ProducerMark {
  /// How far a producer has come in any view: one that was registered later may have seen less.
  package static func stored(
    _ key: ProducerKey, in store: Store
  ) throws(StoreError) -> ProducerMark {
    var mark = ProducerMark()
    for taker in store.takers(of: key.stream) {
      let position = try store.position(of: source(key.producer), in: taker)
      if let position, let found = ProducerMark(position: position), found.last > mark.last {
        mark = found
      }
    }
    return mark
  }

  /// All producers of a stream by name.
  package static func all(
    of stream: String, in store: Store
  ) throws(StoreError) -> [String: ProducerMark] {
    var marks: [String: ProducerMark] = [:]
    for taker in store.takers(of: stream) {
      for position in try store.positions(in: taker) {
        guard let name = producer(position.source),
          let found = ProducerMark(position: position.position)
        else { continue }
        if found.last > marks[name]?.last ?? .zero { marks[name] = found }
      }
    }
    return marks
  }
}
