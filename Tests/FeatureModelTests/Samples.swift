// The stream and the functions that the tests of declarations speak about.
import FeatureModel

enum Samples {
  static let stream = StreamDeclaration(
    name: "commits",
    fields: [
      .init(name: "event_time", type: .timestamp), .init(name: "arrival_time", type: .timestamp),
      .init(name: "event_id", type: .string), .init(name: "author", type: .string),
      .init(name: "repo", type: .string), .init(name: "parents", type: .int),
      .init(name: "lines_added", type: .int), .init(name: "score", type: .double),
      .init(name: "is_bot", type: .bool), .init(name: "odd name`s", type: .int),
    ],
    eventTime: 0, arrivalTime: 1, id: 2)

  static let numbers: Set<FieldType> = [.int, .double]
  static let signatures: [AggregateSignature] = [
    AggregateSignature(
      name: "count", summary: "Counts rows.", accepts: Set(FieldType.allCases), acceptsRows: true,
      categorized: Set(FieldType.allCases)
    ) { _ in .int },
    AggregateSignature(name: "sum", summary: "Adds.", accepts: numbers, categorized: numbers) {
      $0!
    },
    AggregateSignature(name: "mean", summary: "Averages.", accepts: numbers) { _ in .double },
    AggregateSignature(name: "rows", summary: "Only rows.", accepts: [], acceptsRows: true) { _ in
      .int
    },
    AggregateSignature(
      name: "max", summary: "The largest.", accepts: Set(FieldType.allCases), categorized: numbers
    ) { $0! },
    AggregateSignature(name: "stddev", summary: "Spread.", accepts: numbers) { _ in .double },
    AggregateSignature(name: "first", summary: "Earliest.", accepts: Set(FieldType.allCases)) {
      $0!
    },
    AggregateSignature(name: "last", summary: "Latest.", accepts: Set(FieldType.allCases)) { $0! },
    AggregateSignature(
      name: "distinct", summary: "Different values.", accepts: Set(FieldType.allCases),
      parameters: [.init(name: "exactUpTo", range: 0...4096, defaultValue: 256)]
    ) { _ in .int },
  ]

  static let reader = DeclarationReader(signatures: signatures)

  /// The mistakes that reading this text reports, one line each; for views, over `stream`.
  static func problems(_ text: String, over stream: StreamDeclaration = stream) -> [String] {
    do throws(DeclarationError) {
      for declaration in try reader.read(text) {
        if case .view(let view) = declaration { _ = try reader.resolve(view, against: stream) }
      }
      return []
    } catch {
      return error.problems.map(\.description)
    }
  }

  static func view(_ text: String) throws -> ViewDeclaration {
    try reader.readView(text, over: stream)
  }
}
