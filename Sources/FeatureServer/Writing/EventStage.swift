// XADD's words to rows of a batch. Producers send the same fields in the same order, so each name is compared
// with the one that stood in its place last time before it is searched for.
import FeatureModel
import Glibc
import Hindcast
import RESP
import RowFiles

/// Gathers the events that a loop reads, until they are handed on.
final class EventStage {
  /// What is wrong with one event; the text begins with the kind of the error.
  struct Problem: Error { let text: String }

  /// A stream as events name it.
  private struct Layout {
    let declaration: StreamDeclaration
    let names: [[UInt8]]
    /// The field at each place of the latest event.
    var order: [Int]
    /// In the submission.
    var batch: Int?
  }

  private let store: Store
  private var layouts: [Layout] = []
  /// Places of the submission's producers.
  private var producers: [ProducerKey: Int] = [:]
  /// The key of the latest event, and its producer in the submission.
  private var latestKey: [UInt8] = []
  private var latest: (layout: Int, producer: Int)?
  private(set) var submission: Submission

  init(_ store: Store, loop: Int) {
    self.store = store
    submission = Submission(loop: loop)
  }

  /// Hands over what was gathered.
  func take() -> Submission {
    defer {
      submission = Submission(loop: submission.loop)
      for index in layouts.indices { layouts[index].batch = nil }
      producers.removeAll(keepingCapacity: true)
      latest = nil
    }
    return submission
  }

  /// For declarations that have changed; to be called between submissions.
  func forgetDeclarations() {
    precondition(submission.items.isEmpty, "events have to be handed over first")
    // An event that was refused may have left a batch of the old layout behind.
    var clean = Submission(loop: submission.loop)
    clean.gone = submission.gone
    submission = clean
    layouts.removeAll()
    producers.removeAll()
    latest = nil
  }

  func add(reply: [UInt8], _ connection: Connection) {
    submission.items.append(
      .init(client: connection.handle, clientID: connection.client.id, content: .reply(reply)))
  }

  func noteGone(_ client: UInt64) { submission.gone.append(client) }

  /// Takes one event in.
  /// - Parameter words: of XADD, the name of the command among them.
  func add(
    _ words: RequestWords, _ connection: Connection
  ) throws(Problem) {
    var idPlace = 2
    if words.count > 3, words.isWord(2, "NOMKSTREAM") { idPlace = 3 }
    try refuseTrimming(words, at: idPlace)
    let pairs = words.count - idPlace - 1
    guard pairs >= 2, pairs % 2 == 0 else {
      throw Problem(text: "ERR wrong number of arguments for 'xadd' command")
    }
    guard let id = RequestedID(words[idPlace]) else {
      throw Problem(text: "ERR Invalid stream ID specified as stream command argument")
    }
    let (layout, producer) = try place(words[1])
    let batch = layouts[layout].batch!
    let row = submission.batches[batch].batch.count
    do throws(Problem) {
      try addFields(words, from: idPlace + 1, pairs / 2, layout, batch, row)
    } catch {
      for index in submission.batches[batch].batch.columns.indices
      where submission.batches[batch].batch.columns[index].words.count > row {
        submission.batches[batch].batch.columns[index].removeLast()
      }
      throw error
    }
    submission.items.append(
      .init(
        client: connection.handle, clientID: connection.client.id,
        content: .event(producer: producer, row: row, id: id)))
  }

  private func refuseTrimming(
    _ words: RequestWords, at place: Int
  ) throws(Problem) {
    if words.count > place, words.isWord(place, "MAXLEN") || words.isWord(place, "MINID") {
      throw Problem(
        text:
          "ERR XADD keeps no events to be trimmed: their aggregates are kept as the views declare; "
          + "leave \(words.string(place)) out")
    }
  }

  /// Where the events of a key go.
  private func place(
    _ key: UnsafeRawBufferPointer
  ) throws(Problem) -> (layout: Int, producer: Int) {
    if let latest, latestKey.count == key.count,
      latestKey.withUnsafeBytes({ memcmp($0.baseAddress!, key.baseAddress!, key.count) == 0 })
    {
      return latest
    }
    let (stream, producer) = try Self.split(key)
    let layout = try layout(of: stream)
    if layouts[layout].batch == nil {
      layouts[layout].batch = submission.batches.count
      let declaration = layouts[layout].declaration
      submission.batches.append(.init(stream: declaration, batch: EventBatch(declaration)))
    }
    let name = ProducerKey(stream: stream, producer: producer)
    let place = producers[name] ?? submission.producers.count
    if place == submission.producers.count {
      submission.producers.append((name, layouts[layout].batch!))
      producers[name] = place
    }
    latestKey = Array(key)
    latest = (layout, place)
    return (layout, place)
  }

  /// `stream` or `stream:producer`.
  static func split(
    _ key: UnsafeRawBufferPointer
  ) throws(Problem) -> (stream: String, producer: String) {
    guard UTF8Sequence.firstInvalid(key) == nil, key.count <= 1024 else {
      throw Problem(text: "ERR the name of a stream and its producer is text of at most 1024 bytes")
    }
    let colon = key.firstIndex(of: UInt8(ascii: ":"))
    let stream = String(decoding: key[..<(colon ?? key.count)], as: UTF8.self)
    let producer = colon.map { String(decoding: key[($0 + 1)...], as: UTF8.self) } ?? ""
    return (stream, producer)
  }

  private func layout(of stream: String) throws(Problem) -> Int {
    if let known = layouts.firstIndex(where: { $0.declaration.name == stream }) { return known }
    do throws(StoreError) {
      let declaration = try store.stream(stream).declaration
      try store.requireNoTable(stream, Store.loads)
      guard store.takesEvents(stream) else { throw .noViews(stream: stream) }
      layouts.append(
        Layout(
          declaration: declaration, names: declaration.fields.map { Array($0.name.utf8) }, order: []
        ))
    } catch { throw Problem(text: "ERR \(error)") }
    return layouts.count - 1
  }

  private func addFields(
    _ words: RequestWords, from start: Int, _ pairs: Int, _ layout: Int, _ batch: Int,
    _ row: Int
  ) throws(Problem) {
    for pair in 0..<pairs {
      let name = words[start + 2 * pair]
      let field = try field(name, at: pair, layout)
      guard submission.batches[batch].batch.columns[field].words.count == row else {
        throw Problem(text: "ERR field '\(words.string(start + 2 * pair))' is given twice")
      }
      let problem = ValueParser.append(
        words[start + 2 * pair + 1], to: &submission.batches[batch].batch.columns[field])
      if let problem {
        throw Problem(text: "ERR field '\(words.string(start + 2 * pair))': \(problem)")
      }
    }
    guard pairs < layouts[layout].names.count else { return }
    for index in submission.batches[batch].batch.columns.indices
    where submission.batches[batch].batch.columns[index].words.count == row {
      submission.batches[batch].batch.columns[index].appendNull()
    }
  }

  private func field(
    _ name: UnsafeRawBufferPointer, at place: Int, _ layout: Int
  ) throws(Problem) -> Int {
    if place < layouts[layout].order.count {
      let guess = layouts[layout].order[place]
      if Self.isSame(layouts[layout].names[guess], name) { return guess }
    }
    guard let found = layouts[layout].names.firstIndex(where: { Self.isSame($0, name) }) else {
      let declaration = layouts[layout].declaration
      let given = String(decoding: name.prefix(60), as: UTF8.self)
      let hint = Suggestion.phrase(for: given, among: declaration.fields.map(\.name))
      throw Problem(text: "ERR stream '\(declaration.name)' has no field '\(given)'\(hint)")
    }
    while layouts[layout].order.count <= place, layouts[layout].order.count < 4096 {
      layouts[layout].order.append(0)
    }
    if place < layouts[layout].order.count { layouts[layout].order[place] = found }
    return found
  }

  private static func isSame(_ name: [UInt8], _ bytes: UnsafeRawBufferPointer) -> Bool {
    name.count == bytes.count
      && name.withUnsafeBytes { memcmp($0.baseAddress!, bytes.baseAddress!, bytes.count) == 0 }
  }
}
