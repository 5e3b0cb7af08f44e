// What was wrong and what has to go, through a client: events taken back and amended by their ids, the rows of
// tables, entities that are forgotten. None of these is sent again where its reply was lost: ask, then decide.
import FeatureModel
import RESP

extension Client {
  /// What became of a correction.
  public struct Corrected: Hashable, Sendable {
    /// When it became known; the stream is sealed up to there.
    public let knownFrom: Timestamp
    /// Events that were taken back, and that came in their place.
    public let retracted: Int64
    public let appended: Int64
    /// Slices of entities that were made anew, over all views.
    public let slices: Int64
  }

  /// What a load did to a table.
  public struct Loaded: Hashable, Sendable {
    /// All that the table has now.
    public let rows: Int64
    public let added: Int64
    public let changed: Int64
    public let removed: Int64
    public let unchanged: Int64
    /// Nil where nothing changed.
    public let knownFrom: Timestamp?
  }

  /// Takes the events with some ids back, now, in one atomic step. What was served before stays what it was.
  /// - Parameter ids: as text, as the stream's files have them.
  /// - Throws: `ClientError.refused` with a line for each id that names no event; nothing was changed then.
  public func retract(
    _ ids: [String], from stream: String
  ) async throws(ClientError) -> Corrected {
    guard !ids.isEmpty else { throw .usage("no ids are given to be taken back") }
    return try Self.corrected(await tell(["FS.RETRACT", stream] + ids))
  }

  /// Takes the events with the id of a whole event back, now, and lets that come in their place, in one atomic
  /// step. Fields that are left out or null are null.
  public func amend(
    _ event: Fields, of stream: String
  ) async throws(ClientError) -> Corrected {
    let words = event.filter { $0.value != .null }.flatMap { [$0.name, $0.value.description] }
    guard !words.isEmpty else { throw .usage("an event without fields takes nobody's place") }
    return try Self.corrected(await tell(["FS.AMEND", stream] + words))
  }

  private static func corrected(_ reply: RESPValue) throws(ClientError) -> Corrected {
    guard let time = reply["known-from"]?.text.flatMap({ Timestamp(parsing: $0) }),
      let retracted = reply.number("retracted"), let appended = reply.number("appended"),
      let slices = reply.number("slices")
    else { throw .unexpectedReply("a correction without its time or numbers") }
    return Corrected(knownFrom: time, retracted: retracted, appended: appended, slices: slices)
  }

  /// Makes rows all that a table has, known from now on: all of them, or none where one is bad.
  /// - Parameter rows: at least one, each with the table's key, attributes and valid-from time. What is left
  ///   out is null. As many as the server admits in one command.
  /// - Throws: `ClientError.refused` with row (from 1), field and reason.
  public func load(
    _ rows: [Fields], into table: String
  ) async throws(ClientError) -> Loaded {
    guard !rows.isEmpty else { throw .usage("no rows are given, and a table needs one at least") }
    let texts = rows.map { row in
      JSONValue.object(row.map { ($0.name, JSONValue($0.value)) }).compact
    }
    let reply = try await tell(["FS.LOAD", table] + texts)
    guard let count = reply.number("rows"), let added = reply.number("added"),
      let changed = reply.number("changed"), let removed = reply.number("removed"),
      let unchanged = reply.number("unchanged")
    else { throw .unexpectedReply("a load without its numbers") }
    return Loaded(
      rows: count, added: added, changed: changed, removed: removed, unchanged: unchanged,
      knownFrom: reply["known-from"]?.text.flatMap { Timestamp(parsing: $0) })
  }

  /// Takes a table away with its rows.
  public func drop(table: String) async throws(ClientError) {
    defer { catalogue.removeAll() }
    _ = try await tell(["FS.DROP", "TABLE", table])
  }
}

extension Client {
  /// Erases an entity everywhere: views, kept events, the served log, the server's memory, files. Then the
  /// server reads everything again. This cannot be undone.
  /// - Parameter entity: fields and their values; with several, it is what has all of them.
  /// - Returns: what was erased, place by place, and what is left: 0 has to be. Large stores take longer than
  ///   the configured time to answer; then ask with `find`.
  public func forget(
    _ entity: KeyValuePairs<String, String>
  ) async throws(ClientError) -> ForgetReport {
    try await Self.forgotten(tell(["FS.FORGET"] + Self.words(entity)))
  }

  /// Where an entity is stored, as `left`; changes nothing.
  public func find(
    _ entity: KeyValuePairs<String, String>
  ) async throws(ClientError) -> ForgetReport {
    try await Self.forgotten(ask(["FS.FORGET", "DRYRUN"] + Self.words(entity)))
  }

  private static func words(_ entity: KeyValuePairs<String, String>) -> [String] {
    entity.map { "\($0.key)=\($0.value)" }
  }

  private static func forgotten(_ reply: RESPValue) throws(ClientError) -> ForgetReport {
    guard let fields = reply["fields"]?.items, let places = reply["places"]?.items,
      let mentions = reply["mentions"]?.items, let bytesRead = reply.number("bytes-read")
    else { throw .unexpectedReply("no report of what was forgotten") }
    var report = ForgetReport(fields: fields.compactMap(\.text))
    for place in places {
      guard let kind = place["kind"]?.text, let name = place["name"]?.text,
        let unit = place["unit"]?.text, let erased = place.number("erased"),
        let left = place.number("left")
      else { throw .unexpectedReply("a place without name or numbers") }
      report.add(
        .init(kind: kind, name: name, unit: unit, erased: Int(erased), left: Int(left)))
    }
    for mention in mentions {
      guard let place = mention["place"]?.text, let what = mention["what"]?.text,
        let wayOut = mention["way-out"]?.text, let count = mention.number("count")
      else { throw .unexpectedReply("a mention without place or number") }
      report.mentions.append(.init(place: place, count: Int(count), what: what, wayOut: wayOut))
    }
    report.bytesRead = Int(bytesRead)
    report.isTextSearched = reply["text-searched"] == .bool(true)
    return report
  }
}

extension RESPValue {
  /// The whole number of a map under a name.
  fileprivate func number(_ name: String) -> Int64? {
    if case .integer(let number)? = self[name] { number } else { nil }
  }
}
