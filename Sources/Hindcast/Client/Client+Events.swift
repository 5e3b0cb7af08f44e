// Events through a client. The rule that nothing is counted twice is the server's: ids of one producer only
// rise. What is left to say here is what became of an event whose reply was lost.
import FeatureModel
import RESP

extension Client {
  /// Fields of an event with their values; those that are left out or null are null.
  public typealias Fields = [(name: String, value: Value)]

  /// An event of a batch.
  public struct Event: Sendable {
    public var fields: Fields
    /// `milliseconds-number`, above all of the producer before it; nil for the server's choice.
    public var id: String?

    public init(_ fields: Fields, id: String? = nil) {
      self.fields = fields
      self.id = id
    }
  }

  /// What became of an event of a batch.
  public enum AddOutcome: Hashable, Sendable {
    case stored(id: String)
    /// The server's words; other events of the batch may have been stored.
    case refused(String)
    /// Its reply was lost, and the producer's last stored id is this one or above it: it was stored, unless it
    /// was refused for a fault of its own.
    case passed(id: String)
    /// Nobody knows; with an id of its own it may be sent again.
    case unknown(ClientError)
  }

  /// Sends an event, and returns its id once it is as safe as the server's `fsync` says.
  ///
  /// Where the connection ends before the reply, an event with an id of its own is sent once more: the server
  /// refuses what it has stored, and an event whose id is the producer's last by then counts as stored.
  /// Without an id nobody can tell, and `ClientError.connectionLost` is thrown. Calls for one producer go out
  /// in their order; whoever has the next event wait for the call before it never sees an id overtaken.
  /// - Parameters:
  ///   - producer: tells producers of one stream apart, each with ids of its own.
  ///   - id: `milliseconds-number`, above the producer's last; nil for the server's choice.
  public func add(
    _ fields: Fields, to stream: String, producer: String? = nil, id: String? = nil
  ) async throws(ClientError) -> String {
    let key = Self.key(stream, producer)
    let words = Self.words(Event(fields, id: id), key)
    do throws(ClientError) {
      return try Self.id(try await tell(words, producer: key))
    } catch {
      guard case .connectionLost = error, id != nil else { throw error }
    }
    do throws(ClientError) { return try Self.id(try await tell(words, producer: key)) } catch {
      guard case .refused = error, let wanted = id.flatMap(Self.order),
        let last = try await lastID(of: stream, producer: producer), Self.order(of: last) == wanted
      else { throw error }
      return last
    }
  }

  /// As with `Value`s, of texts as the stream's types read them: `"12"`, `"2026-11-22T13:17:02Z"`.
  public func add(
    _ fields: [(name: String, text: String)], to stream: String, producer: String? = nil,
    id: String? = nil
  ) async throws(ClientError) -> String {
    try await add(
      fields.map { ($0.name, Value.string($0.text)) }, to: stream, producer: producer, id: id)
  }

  /// Sends events one behind the other without waiting for each, some thousands for one round trip, and tells
  /// what became of every one, in their order. A refused event does not hold back those behind it, but one that
  /// could not be stored (`MISCONF`, a full disk) ends the batch: none may overtake it.
  ///
  /// Where the connection ends, the batch ends with it, unless all events have ids of their own: then it goes
  /// on behind the producer's last stored id, once.
  public func add(
    events: [Event], to stream: String, producer: String? = nil
  ) async -> [AddOutcome] {
    let key = Self.key(stream, producer)
    var outcomes: [AddOutcome] = []
    // The end of what was on its way when a connection ended; nil before that.
    var lost: Int?
    while outcomes.count < events.count {
      let end = min(outcomes.count + Self.pieceSize, events.count)
      var (answers, failure) = await send(events[outcomes.count..<end], key)
      if let lost {
        for (index, place) in zip(answers.indices, outcomes.count..<lost) {
          answers[index].pass(events[place])
        }
      }
      outcomes += answers
      if let fault = answers.first(where: \.isFaultOfTheStore) {
        outcomes += events[outcomes.count...].map { _ in fault }
      } else if let failure {
        let last = lost == nil ? await resumption(events, failure, stream, producer) : nil
        lost = end
        let rest = events[outcomes.count...]
        if let last {
          let passed = rest.prefix { $0.order.map { $0 <= last } ?? false }
          outcomes += passed.map { .passed(id: $0.id!) }
        } else {
          outcomes += rest.map { _ in .unknown(failure) }
        }
      }
    }
    return outcomes
  }

  /// - Returns: the last stored id, where a batch may go on behind it.
  private func resumption(
    _ events: [Event], _ failure: ClientError, _ stream: String, _ producer: String?
  ) async -> Order? {
    guard case .connectionLost = failure, events.allSatisfy({ $0.id != nil }) else { return nil }
    do throws(ClientError) {
      return Self.order(of: try await lastID(of: stream, producer: producer) ?? "0-0")
    } catch { return nil }
  }

  /// The last id of a producer that was stored: send what comes behind it. Nil where nothing was.
  public func lastID(
    of stream: String, producer: String? = nil
  ) async throws(ClientError) -> String? {
    let reply = try await ask(["XINFO", "STREAM", Self.key(stream, producer)])
    guard let id = reply["last-generated-id"]?.text else {
      throw .unexpectedReply("no last id of '\(stream)'")
    }
    return id == "0-0" ? nil : id
  }
}

extension Client {
  /// Events for one round trip.
  private static let pieceSize = 2000

  private static func key(_ stream: String, _ producer: String?) -> String {
    producer.map { "\(stream):\($0)" } ?? stream
  }

  private static func words(_ event: Event, _ key: String) -> [String] {
    var words = ["XADD", key, event.id ?? "*"]
    for (name, value) in event.fields where value != .null {
      words.append(name)
      words.append(value.description)
    }
    return words
  }

  private static func id(_ reply: RESPValue) throws(ClientError) -> String {
    guard let id = reply.text else { throw .unexpectedReply("no id of an event") }
    return id
  }

  /// - Returns: what is known of the first events, and why there is nothing about the others.
  private func send(
    _ events: ArraySlice<Event>, _ key: String
  ) async -> (answers: [AddOutcome], failure: ClientError?) {
    var bytes: [UInt8] = []
    for event in events { RequestWriter.append(Self.words(event, key), to: &bytes) }
    let outcome = await carryOut(bytes, replies: events.count, producer: key)
    let answers = outcome.replies.map { reply -> AddOutcome in
      if case .error(let message) = reply { return .refused(message) }
      return reply.text.map { .stored(id: $0) }
        ?? .unknown(.unexpectedReply("no id of an event"))
    }
    return (answers, outcome.failure)
  }

  /// An id as two numbers that compare as the server compares it; nil for what is none.
  fileprivate static func order(of id: String) -> Order? {
    let parts = id.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count <= 2, let milliseconds = UInt64(parts[0]),
      let number = parts.count == 2 ? UInt64(parts[1]) : 0
    else { return nil }
    return Order(milliseconds: milliseconds, number: number)
  }

  fileprivate struct Order: Comparable {
    let milliseconds: UInt64
    let number: UInt64

    static func < (left: Self, right: Self) -> Bool {
      (left.milliseconds, left.number) < (right.milliseconds, right.number)
    }
  }
}

extension Client.Event {
  fileprivate var order: Client.Order? { id.flatMap(Client.order) }
}

extension Client.AddOutcome {
  fileprivate var isFaultOfTheStore: Bool {
    if case .refused(let reason) = self { reason.hasPrefix("MISCONF") } else { false }
  }

  /// Of an event that may have been sent twice: a refusal of its id means that the first was stored meanwhile.
  fileprivate mutating func pass(_ event: Client.Event) {
    guard case .refused(let reason) = self, reason.hasPrefix("ERR The ID specified in XADD"),
      let id = event.id
    else { return }
    self = .passed(id: id)
  }
}
