// Commits of random events of many clients, producers and streams, against a model that knows no batches: the
// same outcomes, the same counts, the same answers, through restarts too.
import FeatureModel
import FeatureServer
import Hindcast
import TestSupport
import Testing

@Suite("Commits by chance")
struct GroupCommitPropertyTests {
  private static let streams = ["events", "others"]
  private static let people = ["a", "b", "c"]

  private struct World {
    let seed: UInt64
    let store: CommittedStore
    var random: SplitMix64
    var model = NaiveProducers()
    var clock: Int64 = 1_000_000
    var stored = 0
    /// How often each fate was met.
    var outcomes: [String: Int] = [:]

    /// Any client may send for any producer.
    mutating func event() -> SentEvent {
      let key = ProducerKey(
        stream: random.pick(streams), producer: random.pick(["", "p", "q", "p:1"]))
      let last = model.last[key] ?? 0
      let milliseconds = UInt64(last >> 64)
      let request: RequestedID
      switch random.below(6) {
      case 0, 1: request = .next
      case 2:
        let isLower = milliseconds > 0 && random.chance(20)
        request = .nextOf(
          milliseconds: isLower ? milliseconds - 1 : milliseconds + random.pick([0, 0, 1, 5]))
      case 3: request = .exact(.zero)
      default:
        let step = random.pick([0, 1, 1, 2, 7, 1 << 64, 5 << 64]) as UInt128
        let whole = random.chance(25) && last >= step ? last - step : last + step
        request = .exact(
          EventID(
            milliseconds: UInt64(whole >> 64), sequence: UInt64(truncatingIfNeeded: whole)))
      }
      return SentEvent(
        UInt64(1 + random.below(5)), key.stream, key.producer, request,
        who: random.pick(people), isBad: random.chance(10))
    }

    /// One commit of some submissions.
    mutating func step() throws {
      clock += random.pick([0, 1, 500, -3000])
      var builders: [SubmissionBuilder] = []
      var expected: [[GroupCommit.Outcome?]] = []
      for loop in 0..<random.below(4) {
        var builder = SubmissionBuilder(loop: loop)
        var fates: [GroupCommit.Outcome?] = []
        for _ in 0..<random.below(12) {
          if random.chance(5) {
            let reply = [UInt8(random.below(256))]
            builder.add(reply: reply, of: UInt64(1 + random.below(5)))
            fates.append(.reply(reply))
            continue
          }
          let event = event()
          builder.add(event, over: try store.stream(event.key.stream))
          fates.append(fate(model.take(event, now: clock)))
        }
        if random.chance(10) { builder.note(gone: UInt64(1 + random.below(5))) }
        builders.append(builder)
        expected.append(fates)
      }
      let found = store.perform(builders.map(\.submission), now: clock)
      #expect(found.map(\.count) == expected.map(\.count), "seed \(seed)")
      for (found, expected) in zip(found.joined(), expected.joined()) {
        if let expected {
          #expect(found == expected, "seed \(seed)")
        } else if case .refused(let text) = found {
          #expect(text.hasPrefix("ERR field 'at': "), "seed \(seed): \(text)")
        } else {
          Issue.record("seed \(seed): a bad event is \(found)")
        }
      }
    }

    /// Nil for an event that is bad, whose text is the store's.
    private mutating func fate(_ fate: NaiveProducers.Fate) -> GroupCommit.Outcome? {
      outcomes["\(fate)".prefix(4).description, default: 0] += 1
      switch fate {
      case .bad: return nil
      case .tooLow: return .refused(GroupCommitTests.tooLow)
      case .zero: return .refused(GroupCommitTests.zero)
      case .stored(let id):
        stored += 1
        return .stored(id)
      }
    }

    func check() throws {
      for stream in streams {
        let marks = try ProducerMark.all(of: stream, in: store.store.store)
        let counts = model.counts.filter { $0.key.stream == stream }
        #expect(marks.count == counts.count, "seed \(seed)")
        for (key, count) in counts { #expect(marks[key.producer]?.count == count, "seed \(seed)") }
        let view = stream == "events" ? "people" : "\(stream)_people"
        let reader = try store.store.store.reader(of: view, features: ["COUNT"])
        for person in people {
          let answer = try reader.answer(
            EntityKey(parts: [person]), at: Timestamp(parsing: "2026-06-01")!)
          #expect(answer == [.int(model.people[stream]?[person] ?? 0)], "seed \(seed): \(person)")
        }
      }
      #expect(store.seenEvents == stored, "seed \(seed)")
    }
  }

  @Test("Outcomes, counts and answers are the model's")
  func model() throws {
    var outcomes: [String: Int] = [:]
    for seed in TestRounds.seeds(12) {
      try withTemporaryDirectory { folder in
        let store = try CommittedStore(folder, streams: Self.streams)
        var world = World(seed: seed, store: store, random: SplitMix64(seed))
        for _ in 0..<150 {
          try world.step()
          if world.random.chance(2) { try store.reopen() }
          if world.random.chance(5) { try world.check() }
        }
        try world.check()
        store.close()
        outcomes.merge(world.outcomes, uniquingKeysWith: +)
      }
    }
    #expect(outcomes.count == 4 && outcomes.values.allSatisfy { $0 > 50 }, "\(outcomes)")
  }
}
