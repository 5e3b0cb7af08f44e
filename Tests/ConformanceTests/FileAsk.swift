// The way out through files: a spine of the questions is written, joined, and what was written is read
// back with the feature's own types.
import FeatureModel
import Hindcast

struct FileAsk {
  private let vector: Vector
  private let isCSV: Bool
  private let isOutputCSV: Bool
  private static let time = "asked_at"
  private static let number = "question_number"

  init(_ vector: Vector, from input: RowFormat, to output: RowFormat) {
    self.vector = vector
    isCSV = input == .csv
    isOutputCSV = output == .csv
  }

  func join(_ group: [Vector.Question], _ store: FeatureStore) throws -> [Outcome] {
    let spine = "\(store.store.path).spine.\(isCSV ? "csv" : "jsonl")"
    let output = "\(store.store.path).joined.\(isOutputCSV ? "csv" : "jsonl")"
    let rows = group.enumerated().map { row($0.element, number: $0.offset) }
    try text(rows).write(toFile: spine, atomically: false, encoding: .utf8)
    var request = JoinRequest(views: [(group[0].view, group[0].features)], time: Self.time)
    request.mode = group[0].mode
    request.outputFormat = isOutputCSV ? .csv : .jsonLines
    do {
      let report = try store.join(spine, to: output, request)
      guard report.rows == group.count else { throw BadVector(reason: "\(report)") }
    } catch { return group.map { _ in Ask.failure(error) } }
    return try read(output, group[0])
  }

  private func row(_ question: Vector.Question, number: Int) -> [(name: String, value: JSONValue)] {
    let view = vector.views.first { $0.name == question.view }
    let types = vector.keyTypes(question.view) ?? []
    var cells: [(name: String, value: JSONValue)] = [
      (Self.number, .int(Int64(number))),
      // Both ways to write a time.
      (
        Self.time,
        number % 2 == 0
          ? .int(question.at.milliseconds) : .string(question.at.description)
      ),
    ]
    for (index, name) in (view?.entity ?? []).enumerated() {
      let part = question.entity[index]
      cells.append((name, part.map { cell($0, types[index]) } ?? .null))
    }
    return cells
  }

  private func cell(_ text: String, _ type: FieldType) -> JSONValue {
    switch type {
    case .int, .timestamp: .int(Int64(text)!)
    case .bool: .bool(text == "true")
    case .string, .double: .string(text)
    }
  }

  private func text(_ rows: [[(name: String, value: JSONValue)]]) -> String {
    var lines: [String] = []
    if isCSV {
      lines.append(rows[0].map(\.name).joined(separator: ","))
      lines += rows.map { $0.map { Feed.cell($0.value) }.joined(separator: ",") }
    } else {
      lines = rows.map { JSONValue.object($0.map { ($0.name, $0.value) }).compact }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func read(_ path: String, _ question: Vector.Question) throws -> [Outcome] {
    guard let view = vector.views.first(where: { $0.name == question.view }) else {
      throw BadVector(reason: "an unknown view was joined")
    }
    // A CSV spine has texts alone, and in JSON they stay what they are.
    let isText = isCSV && !isOutputCSV
    var fields: [StreamDeclaration.Field] = [
      .init(name: Self.number, type: isText ? .string : .int)
    ]
    for name in question.features {
      fields.append(.init(name: name, type: view.features.first { $0.name == name }!.type))
    }
    let chunker = try RowChunker(path: path)
    let parser = try RowParser(for: chunker, schema: RowSchema(fields))
    var batch = parser.schema.makeBatch()
    var spans: [RowSpan] = []
    var bad: [RowRejection] = []
    while let chunk = try chunker.next() {
      parser.parse(chunk, into: &batch, rows: &spans) { bad.append($0) }
    }
    guard bad.isEmpty else { throw BadVector(reason: "\(bad)") }
    return (0..<batch.count).map { row in
      guard batch.columns[0].value(row).description == String(row) else {
        return .error("row \(row) is not in its place")
      }
      return .values(batch.columns.dropFirst().map { $0.value(row) })
    }
  }
}
