// The ways in: the same rows through streaming writes, bulk loads, tables, files and a server, and out of kept
// events. A feed also says how a row that must be refused is refused.
import FeatureModel
import Hindcast
import TestSupport

/// A way for rows into a store.
enum Feed: String, CaseIterable, Sendable {
  case append, appendShuffled, bulk, table, jsonLinesFile, csvFile
  /// The stream keeps its events, and every view is made of them anew before it is asked.
  case kept
  /// Everything that a server can be told goes through one: events, corrections, views that come later.
  case socket

  /// Takes rows in; all are accepted. `step` makes names unique.
  func ingest(
    _ rows: [Vector.Row], _ stream: StreamDeclaration, into store: FeatureStore, step: Int
  ) async throws {
    switch self {
    case .socket: try await SocketFeed.ingest(rows, stream, store, step: step)
    case .append:
      try Self.append(rows, stream, store)
    case .table: try Self.table(rows, stream, store, step: step)
    case .appendShuffled, .kept:
      var random = SplitMix64(UInt64(step) + 7)
      for piece in random.split(rows.shuffled(using: &random), most: 5) {
        try Self.append(piece, stream, store)
      }
    case .bulk:
      let loader = try store.store.bulkLoader(for: stream.name, workers: 2)
      for (index, row) in rows.enumerated() {
        let report = loader.add(try Self.batch([row], stream), worker: index % 2)
        guard report.refused.isEmpty else { throw BadVector(reason: "\(report.refused)") }
      }
      try loader.commit(positions: [])
    case .jsonLinesFile, .csvFile:
      try ingestFile(rows, stream, store, name: "step\(step)")
    }
  }

  /// Whether a row that is offered alone is refused; nothing of it may be stored.
  func refuses(
    _ row: Vector.Row, of vector: Vector, _ store: FeatureStore, step: Int
  ) async throws -> Bool {
    let stream = vector.stream
    switch self {
    case .socket: return try await SocketFeed.refuses(row, stream, store, step: step)
    case .append, .appendShuffled, .kept:
      let batch = try Self.batch([row], stream)
      let report = try store.store.append(
        batch, to: stream.name,
        refusals: self == .append ? .refuseBatch : .skipRows)
      return report.refused.count == 1 && report.events == 0
    case .table:
      do {
        try Self.table([row], stream, store, step: step)
        return false
      } catch HindcastError.eventRow { return true }
    case .bulk:
      let loader = try store.store.bulkLoader(for: stream.name, workers: 1)
      let report = loader.add(try Self.batch([row], stream), worker: 0)
      try loader.commit(positions: [])
      return report.refused.count == 1 && report.events == 0
    case .jsonLinesFile, .csvFile:
      do {
        try ingestFile([row], stream, store, name: "refused\(step)")
        return false
      } catch HindcastError.row(_, let rejection, _) {
        return rejection.line == (self == .csvFile ? 2 : 1)
      }
    }
  }

  private static func append(
    _ rows: [Vector.Row], _ stream: StreamDeclaration, _ store: FeatureStore
  ) throws {
    let report = try store.store.append(
      try batch(rows, stream), to: stream.name, durability: .written)
    guard report.refused.isEmpty, report.events == rows.count else {
      throw BadVector(reason: "refused: \(report.refused)")
    }
  }

  /// A source of its own for each step.
  private static func table(
    _ rows: [Vector.Row], _ stream: StreamDeclaration, _ store: FeatureStore, step: Int
  ) throws {
    let all = try batch(rows, stream)
    var parts = [
      EventPart(count: rows.count) { range, batch in
        batch.append(all, rows: range)
        return []
      }
    ]
    let report = try store.ingest(into: stream.name, TableOptions(source: "step\(step)")) {
      parts.popLast()
    }
    guard report.rows == rows.count, report.rejectedCount == 0 else {
      throw BadVector(reason: "\(report)")
    }
  }

  static func batch(
    _ rows: [Vector.Row], _ stream: StreamDeclaration
  ) throws -> EventBatch {
    var batch = EventBatch(stream)
    for row in rows {
      for index in row.indices {
        try append(row[index], to: &batch.columns[index])
      }
    }
    return batch
  }

  private static func append(_ json: JSONValue, to column: inout EventColumn) throws {
    switch (json.content, column.type) {
    case (.null, _): column.appendNull()
    case (.int(let value), .int): column.append(.int(value))
    // As bits, because a row that must be refused has times that no Timestamp holds.
    case (.int(let value), .timestamp): column.append(word: UInt64(bitPattern: value))
    case (.string, .timestamp): column.append(.timestamp(try Vector.time(json)))
    case (.int(let value), .double): column.append(.double(Double(value)))
    case (.double(let value), .double): column.append(.double(value))
    case (.bool(let value), .bool): column.append(.bool(value))
    case (.string(let value), .string): column.append(.string(value))
    default: throw BadVector(reason: "\(json.compact) does not fit \(column.type)")
    }
  }

  private func ingestFile(
    _ rows: [Vector.Row], _ stream: StreamDeclaration, _ store: FeatureStore, name: String
  ) throws {
    let path = "\(store.store.path).\(name).\(self == .csvFile ? "csv" : "jsonl")"
    let lines = self == .csvFile ? Self.csv(rows, stream) : Self.jsonLines(rows, stream)
    try (lines.joined(separator: "\n") + "\n").write(
      toFile: path, atomically: false, encoding: .utf8)
    var options = IngestOptions()
    options.source = name
    let report = try store.ingest(path, into: stream.name, options)
    guard report.rows == rows.count, report.rejected == 0 else {
      throw BadVector(reason: "\(report)")
    }
  }

  private static func jsonLines(_ rows: [Vector.Row], _ stream: StreamDeclaration) -> [String] {
    rows.map { row in
      JSONValue.object(zip(stream.fields, row).map { ($0.name, $1) }).compact
    }
  }

  private static func csv(_ rows: [Vector.Row], _ stream: StreamDeclaration) -> [String] {
    [stream.fields.map(\.name).joined(separator: ",")]
      + rows.map { $0.map(cell).joined(separator: ",") }
  }

  /// Text in quotes, so that empty text is no null.
  static func cell(_ json: JSONValue) -> String {
    switch json.content {
    case .null: ""
    case .string(let text): "\"" + text.replacing("\"", with: "\"\"") + "\""
    default: json.compact
    }
  }
}
