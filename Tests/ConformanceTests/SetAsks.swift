// The ways out for vectors of feature sets: look-ups, joins of columns under one mode and with each row's own
// knowledge, and joins of files.
import FeatureModel
import Foundation
import Hindcast
import SliceStore

extension Vector {
  struct SetQuestion: Sendable {
    let set: String
    let keys: [String: String?]
    let at: Timestamp
    let mode: ReadMode
    let expected: Outcome
  }

  /// - Parameter types: of each set's members.
  static func setQuestion(
    _ json: JSONValue, _ types: [String: [FieldType]]
  ) throws -> SetQuestion {
    let set = try text(member("set", json))
    guard case .object(let members) = try member("keys", json).content else {
      throw BadVector(reason: "keys are no object")
    }
    var keys: [String: String?] = [:]
    for key in members {
      keys.updateValue(key.value.content == .null ? nil : try text(key.value), forKey: key.name)
    }
    let expected: Outcome
    if let error = json["error"] {
      expected = .error(try text(error))
    } else {
      expected = .values(
        try zip(list("values", json), types[set] ?? []).map { try value($0, $1) })
    }
    return SetQuestion(
      set: set, keys: keys, at: try time(member("at", json)), mode: try mode(json),
      expected: expected)
  }
}

enum SetAsk: String, CaseIterable, Sendable {
  case lookUp, join, joinPerRow, jsonLinesJoin, csvJoin

  /// What a question is answered with; nil where it cannot be asked so.
  func answer(_ question: Vector.SetQuestion, _ store: FeatureStore) throws -> Outcome? {
    do {
      switch self {
      case .lookUp:
        let found = try store.vector(
          question.set, keys: question.keys, at: question.at, question.mode)
        return .values(found.map(\.value))
      case .join: return .values(try Self.join(question, isPerRow: false, store))
      case .joinPerRow:
        if question.mode == .corrected || question.mode == .fresh { return nil }
        return .values(try Self.join(question, isPerRow: true, store))
      case .jsonLinesJoin: return .values(try Self.fileJoin(question, .jsonLines, store))
      case .csvJoin: return .values(try Self.fileJoin(question, .csv, store))
      }
    } catch StoreError.unknownSet { return .error("unknown_set") } catch {
      return Ask.failure(error)
    }
  }

  private static func request(
    _ question: Vector.SetQuestion, _ store: FeatureStore
  ) throws -> JoinRequest {
    let set = try store.store.set(question.set).declaration
    var request = JoinRequest(sets: [set], time: "asked at")
    request.mode = question.mode
    return request
  }

  /// Twice the same row, in two batches.
  private static func join(
    _ question: Vector.SetQuestion, isPerRow: Bool, _ store: FeatureStore
  ) throws -> [Value] {
    var request = try request(question, store)
    var known = question.at
    if case .knownAt(let other) = question.mode { known = other }
    if isPerRow {
      request.mode = .asServed
      request.knownColumn = "known"
    }
    let fields = question.keys.keys.sorted()
    var batch = EventBatch(
      columns: fields.map { _ in EventColumn(type: .string) } + [
        EventColumn(type: .timestamp), EventColumn(type: .timestamp),
      ])
    let key = fields.map { field in question.keys[field]!.map { Value.string($0) } ?? .null }
    batch.append(key + [.timestamp(question.at), .timestamp(known)])
    let spine = SpineBatch(batch, names: fields + ["asked at", "known"])
    let answers = try store.join([spine, spine], request)
    let rows = (0..<2).map { row in answers.columns.map { $0.value(row) } }
    guard zip(rows[0], rows[1]).allSatisfy({ $0.isSame(as: $1) }) else {
      throw BadVector(reason: "two rows of one key differ: \(rows)")
    }
    return rows[0]
  }

  /// A spine of one row; what comes out is read with the members' types.
  private static func fileJoin(
    _ question: Vector.SetQuestion, _ format: RowFormat, _ store: FeatureStore
  ) throws -> [Value] {
    let request = try request(question, store)
    let columns = try store.columns(of: request).answers
    let path = "\(store.store.path).set"
    let fields = question.keys.keys.sorted()
    let cells = fields.map { question.keys[$0]!.map { JSONValue.string($0) } ?? .null }
    let row = zip(fields + ["asked at"], cells + [.int(question.at.milliseconds)])
    var text = JSONValue.object(row.map { ($0, $1) }).compact + "\n"
    if format == .csv {
      text = row.map(\.0).joined(separator: ",") + "\n"
      text += row.map { Feed.cell($0.1) }.joined(separator: ",") + "\n"
    }
    let spine = path + (format == .csv ? ".csv" : ".jsonl")
    let output = path + (format == .csv ? ".out.csv" : ".out.jsonl")
    try text.write(toFile: spine, atomically: false, encoding: .utf8)
    _ = try store.join(spine, to: output, request)
    let chunker = try RowChunker(path: output)
    let schema = RowSchema(columns.map { .init(name: $0.name, type: $0.type) })
    let parser = try RowParser(for: chunker, schema: schema)
    var batch = schema.makeBatch()
    var spans: [RowSpan] = []
    while let chunk = try chunker.next() {
      parser.parse(chunk, into: &batch, rows: &spans) { _ in }
    }
    guard batch.count == 1 else { throw BadVector(reason: "no row came out") }
    return batch.columns.map { $0.value(0) }
  }
}
