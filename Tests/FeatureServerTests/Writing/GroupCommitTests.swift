// Commits case by case: which ids are taken, what a bad event spoils, what is left behind a failure.
import FeatureModel
import FeatureServer
import Hindcast
import TestSupport
import Testing

@Suite("Commits")
struct GroupCommitTests {
  static let tooLow =
    "ERR The ID specified in XADD is equal or smaller than the target stream top item"
  static let zero = "ERR The ID specified in XADD must be greater than 0-0"

  private static func withStore(
    streams: [String] = ["events"], _ body: (CommittedStore) throws -> Void
  ) throws {
    try withTemporaryDirectory { folder in
      let store = try CommittedStore(folder, streams: streams)
      try body(store)
      store.close()
    }
  }

  @Test("Ids above the last are taken; others are refused in Redis's words")
  func ids() throws {
    try Self.withStore { store throws in
      let outcomes = try store.send([
        .exact(id(5, 1)), .exact(id(5, 1)), .exact(id(5)), .exact(id(4, .max)), .exact(.zero),
        .exact(id(5, 2)), .nextOf(milliseconds: 5), .nextOf(milliseconds: 4),
        .nextOf(milliseconds: 7), .exact(id(7)),
      ])
      #expect(
        outcomes == [
          .stored(id(5, 1)), .refused(Self.tooLow), .refused(Self.tooLow), .refused(Self.tooLow),
          .refused(Self.zero), .stored(id(5, 2)), .stored(id(5, 3)), .refused(Self.tooLow),
          .stored(id(7)), .refused(Self.tooLow),
        ])
      // Across commits, and for every producer on its own.
      #expect(try store.send([.exact(id(7))]) == [.refused(Self.tooLow)])
      #expect(try store.send([.exact(id(1))], "other") == [.stored(id(1))])
      #expect(try store.send([.nextOf(milliseconds: 0)], "third") == [.stored(id(0, 1))])
      #expect(store.seenEvents == 6)
    }
  }

  @Test("Ids by the clock rise even when it goes back")
  func clock() throws {
    try Self.withStore { store throws in
      #expect(
        try store.send([.next, .next], now: 2000) == [.stored(id(2000)), .stored(id(2000, 1))])
      #expect(try store.send([.next], now: 1999) == [.stored(id(2000, 2))])
      #expect(try store.send([.next], now: -5) == [.stored(id(2000, 3))])
      #expect(try store.send([.next], now: 2001) == [.stored(id(2001))])
      #expect(try store.send([.exact(id(3000, .max)), .next]).last == .stored(id(3001)))
      #expect(try store.send([.next], "early", now: -5) == [.stored(id(0, 1))])
    }
  }

  @Test("Behind the last id of all there is none")
  func lastID() throws {
    try Self.withStore { store throws in
      #expect(try store.send([.exact(id(.max, .max))]) == [.stored(id(.max, .max))])
      for request in [.next, .nextOf(milliseconds: .max), .exact(id(.max, .max))] as [RequestedID] {
        #expect(try store.send([request]) == [.refused(Self.tooLow)])
      }
    }
  }

  @Test("A bad event harms no other, nor its producer's ids")
  func badRows() throws {
    try Self.withStore { store throws in
      var builder = SubmissionBuilder()
      for number in 1...6 as ClosedRange<UInt64> {
        builder.add(
          SentEvent(1, "events", "", .exact(id(number)), isBad: number % 3 != 0),
          over: try store.stream())
      }
      let outcomes = store.perform([builder.submission])[0]
      for (index, outcome) in outcomes.enumerated() {
        let number = UInt64(index + 1)
        if number % 3 == 0 {
          #expect(outcome == .stored(id(number)))
        } else if case .refused(let text) = outcome {
          #expect(text.hasPrefix("ERR field 'at': "), "\(text)")
        } else {
          Issue.record("\(outcome)")
        }
      }
      #expect(
        try store.send([.exact(id(5)), .exact(id(7))]).map { $0 == .stored(id(7)) } == [
          false, true,
        ])
      #expect(store.seenEvents == 3)
    }
  }

  @Test("Marks outlive the store's end")
  func reopening() throws {
    try Self.withStore { store throws in
      _ = try store.send([.exact(id(5, 1)), .exact(id(6))], "a")
      _ = try store.send([.exact(id(9))], "b")
      try store.reopen()
      #expect(try store.send([.exact(id(6))], "a") == [.refused(Self.tooLow)])
      #expect(try store.send([.nextOf(milliseconds: 6)], "a") == [.stored(id(6, 1))])
      #expect(try store.send([.next], "b", now: 3) == [.stored(id(9, 1))])
      let marks = try ProducerMark.all(of: "events", in: store.store.store)
      #expect(marks.mapValues(\.count) == ["a": 3, "b": 2])
      #expect(marks.mapValues(\.last) == ["a": id(6, 1), "b": id(9, 1)])
    }
  }

  @Test("Behind a failure a connection stores nothing, until it is gone")
  func failure() throws {
    try Self.withStore { store throws in
      _ = try store.send([.exact(id(5))])
      try store.reopen(.readOnly)
      func texts(_ outcomes: [GroupCommit.Outcome]) -> [String] {
        outcomes.map {
          switch $0 {
          case .failed(let text): String(text.prefix(31))
          case .refused(let text): text
          default: "\($0)"
          }
        }
      }
      let first = "MISCONF the event was not store"
      let later = "MISCONF an event before this on"
      #expect(
        texts(try store.send([.exact(id(4)), .exact(id(6)), .exact(id(7))])) == [
          Self.tooLow, first, first,
        ])
      #expect(texts(try store.send([.exact(id(8)), .exact(id(4))])) == [later, later])
      // Other connections try for themselves; what needs no store is answered.
      #expect(texts(try store.send([.exact(id(6))], client: 2)) == [first])
      #expect(texts(try store.send([.exact(id(5))], client: 3)) == [Self.tooLow])
      var builder = SubmissionBuilder()
      builder.add(reply: [1, 2], of: 1)
      builder.note(gone: 1)
      #expect(store.perform([builder.submission]) == [[.reply([1, 2])]])
      #expect(texts(try store.send([.exact(id(8))])) == [first])
      #expect(texts(try store.send([.exact(id(8))], client: 2)) == [later])
      #expect(store.seenEvents == 1)
      // Nothing of it was stored.
      try store.reopen()
      #expect(try store.send([.exact(id(6))]) == [.stored(id(6))])
    }
  }

  @Test("With space again, who is new stores at once, and who failed once its connection is gone")
  func recovery() throws {
    try Self.withStore { store throws in
      #expect(try store.send([.exact(id(5))]) == [.stored(id(5))])
      store.fillDisk(true)
      guard case .failed = try store.send([.exact(id(6))])[0] else {
        Issue.record("an event was stored without space")
        return
      }
      store.fillDisk(false)
      let overtaken = GroupCommit.Outcome.failed("MISCONF an event before this one was not stored")
      #expect(try store.send([.exact(id(7)), .next]) == [overtaken, overtaken])
      #expect(try store.send([.exact(id(6))], client: 2) == [.stored(id(6))])
      // What stands beside the news of its end was sent before it.
      var builder = SubmissionBuilder()
      builder.add(SentEvent(1, "events", "", .exact(id(7))), over: try store.stream())
      builder.note(gone: 1)
      #expect(store.perform([builder.submission]) == [[overtaken]])
      #expect(try store.send([.exact(id(7))]) == [.stored(id(7))])
      #expect(store.seenEvents == 3)
      let marks = try ProducerMark.all(of: "events", in: store.store.store)
      #expect(marks[""]?.count == 3)
    }
  }

  @Test("Where a stream was extended, events of before are sent again and harm none of now")
  func extended() throws {
    for isOldFirst in [true, false] {
      try Self.withStore { store throws in
        let old = try store.stream()
        var builder = SubmissionBuilder()
        builder.add(SentEvent(1, "events", "", .exact(id(1))), over: old)
        let longer = ServerStore.stream.replacing("{\"at\"", with: "{\"note\": \"string\", \"at\"")
        _ = try store.store.register([DeclarationText(name: "text", text: Array(longer.utf8))])
        let stream = try store.stream()
        #expect(stream.fields.count == 5)
        let values: [String: Value] = [
          "at": .timestamp(SentEvent.day), "who": .string("b"), "site": .int(1), "size": .int(2),
          "note": .string("n"),
        ]
        var newer = SubmissionBuilder()
        newer.add(
          SentEvent(
            client: 2, key: ProducerKey(stream: "events", producer: "p"), id: .exact(id(1)),
            row: stream.fields.map { values[$0.name]! }, isBad: false), over: stream)
        let both = [builder.submission, newer.submission]
        let outcomes = store.perform(isOldFirst ? both : both.reversed())
        // Failed, not refused: nothing that follows on the connection may overtake it.
        guard case .failed(let text) = outcomes[isOldFirst ? 0 : 1][0] else {
          Issue.record("\(outcomes)")
          return
        }
        #expect(text.contains("ask XINFO STREAM where to go on"), "\(text)")
        #expect(outcomes[isOldFirst ? 1 : 0] == [.stored(id(1))])
      }
    }
  }

  @Test("Streams do not count for each other")
  func streams() throws {
    try Self.withStore(streams: ["events", "others"]) { store throws in
      var builder = SubmissionBuilder()
      for number in [1, 2, 3] as [UInt64] {
        for stream in ["events", "others"] where number != 2 || stream == "events" {
          builder.add(
            SentEvent(1, stream, "p", .exact(id(number))), over: try store.stream(stream))
        }
      }
      let outcomes = store.perform([builder.submission])[0]
      #expect(outcomes == [1, 1, 2, 3, 3].map { .stored(id($0)) })
      let counts = try ["events", "others"].map {
        try ProducerMark.all(of: $0, in: store.store.store)["p"]?.count
      }
      #expect(counts == [3, 2])
    }
  }
}
