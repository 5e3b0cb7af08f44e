// The ways out in memory: single look-ups, joins of columns under one mode, joins with each row's own
// knowledge. Questions of one shape are asked together, in their order.
import FeatureModel
import Hindcast
import SliceStore

/// A way for answers out of a store; one outcome per question.
enum Ask: String, CaseIterable, Sendable {
  case reader, get, join, joinPerRow, streamJoin, csvJoin, jsonLinesJoin, csvToJSONLinesJoin,
    jsonLinesToCSVJoin

  func answers(_ questions: [Vector.Question], _ vector: Vector, _ store: FeatureStore) throws
    -> [(question: Vector.Question, outcome: Outcome)]
  {
    switch self {
    case .reader: return questions.map { ($0, Self.outcome { try Self.read($0, store) }($0)) }
    case .get:
      return questions.filter { !$0.entity.contains(nil) }.map { question in
        (question, Self.outcome { try Self.get($0, store) }(question))
      }
    case .join:
      return grouped(questions.filter(vector.canBeJoined), byMode: true).flatMap { group in
        Self.answers(group) { try Self.join(group, vector, isPerRow: false, store) }
      }
    case .streamJoin:
      return grouped(questions.filter(vector.canBeJoined), byMode: true).flatMap { group in
        Self.answers(group) { try Self.stream(group, vector, store) }
      }
    case .joinPerRow:
      let own = questions.filter(vector.canBeJoined).filter {
        $0.mode != .corrected && $0.mode != .fresh
      }
      return grouped(own, byMode: false).flatMap { group in
        Self.answers(group) { try Self.join(group, vector, isPerRow: true, store) }
      }
    case .csvJoin, .jsonLinesJoin, .csvToJSONLinesJoin, .jsonLinesToCSVJoin:
      let file = FileAsk(
        vector, from: self == .csvJoin || self == .csvToJSONLinesJoin ? .csv : .jsonLines,
        to: self == .csvJoin || self == .jsonLinesToCSVJoin ? .csv : .jsonLines)
      return try grouped(questions.filter(vector.canBeJoined), byMode: true).flatMap { group in
        let outcomes = try file.join(group, store)
        return Array(zip(group, outcomes)).map { (question: $0, outcome: $1) }
      }
    }
  }

  /// Questions that go into one join: one view, features and mode. What ends in an error stands alone.
  private func grouped(
    _ questions: [Vector.Question], byMode: Bool
  ) -> [[Vector.Question]] {
    var groups: [[Vector.Question]] = []
    for question in questions {
      let place = groups.firstIndex { group in
        let first = group[0]
        guard case .values = first.expected, case .values = question.expected else { return false }
        return first.view == question.view && first.features == question.features
          && (!byMode || first.mode == question.mode)
      }
      if let place { groups[place].append(question) } else { groups.append([question]) }
    }
    return groups
  }

  private static func answers(
    _ group: [Vector.Question], _ body: () throws -> [[Value]]
  ) -> [(question: Vector.Question, outcome: Outcome)] {
    do {
      return zip(group, try body()).map { ($0, .values($1)) }
    } catch { return group.map { ($0, failure(error)) } }
  }

  private static func outcome(
    _ body: @escaping (Vector.Question) throws -> [Value]
  ) -> (Vector.Question) -> Outcome {
    { question in
      do { return .values(try body(question)) } catch { return failure(error) }
    }
  }

  static func failure(_ error: any Error) -> Outcome {
    if case HindcastError.store(let error) = error { return failure(error) }
    if case HindcastError.storeAtRow(_, _, let error, _) = error { return failure(error) }
    switch error {
    case StoreError.unknownView: return .error("unknown_view")
    case StoreError.unknownFeature: return .error("unknown_feature")
    case StoreError.expired: return .error("expired")
    default: return .error("\(error)")
    }
  }

  private static func read(_ question: Vector.Question, _ store: FeatureStore) throws -> [Value] {
    let reader = try store.store.reader(of: question.view, features: question.features)
    let parts = question.entity.compactMap { $0 }
    if parts.count == question.entity.count {
      return try reader.answer(EntityKey(parts: parts), at: question.at, question.mode)
    }
    try reader.answerEmpty(at: question.at)
    return reader.values.all
  }

  private static func get(_ question: Vector.Question, _ store: FeatureStore) throws -> [Value] {
    try store.get(
      question.view, entity: question.entity.compactMap { $0 }, at: question.at, question.mode,
      features: question.features
    ).map(\.value)
  }

  private static func knowledge(_ question: Vector.Question) -> Timestamp {
    if case .knownAt(let known) = question.mode { return known }
    return question.at
  }

  /// One row of values per question.
  private static func join(
    _ group: [Vector.Question], _ vector: Vector, isPerRow: Bool, _ store: FeatureStore
  ) throws -> [[Value]] {
    var request = JoinRequest(views: [(group[0].view, group[0].features)], time: "at")
    if isPerRow { request.knownColumn = "known" } else { request.mode = group[0].mode }
    let answers = try store.join(ColumnAsk.spine(group, vector, knowledge), request)
    return group.indices.map { row in answers.columns.map { $0.value(row) } }
  }

  /// The same in chunks of a stream, of which two are answered together.
  private static func stream(
    _ group: [Vector.Question], _ vector: Vector, _ store: FeatureStore
  ) throws -> [[Value]] {
    var request = JoinRequest(views: [(group[0].view, group[0].features)], time: "at")
    request.mode = group[0].mode
    var chunks = group.flatMap { ColumnAsk.spine([$0], vector, knowledge) }
    let fields = chunks[0].columns.map { SpineField(name: $0.name, type: $0.type) }
    let join = try ColumnJoin(store, spine: fields, request)
    chunks.reverse()
    let stream = JoinStream(join, rowsTogether: 2) { chunks.popLast() }
    var rows: [[Value]] = []
    while let chunk = try stream.next() {
      rows += chunk.rows.map { row in chunk.answers.columns.map { $0.value(row) } }
    }
    return rows
  }
}
