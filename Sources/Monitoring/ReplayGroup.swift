// Answers to the same features of one view, on their way back through the as-of join: their times and keys as
// columns of a spine, and what the join says written as the reply that was sent.
import FeatureModel
import Hindcast
import RESP

final class ReplayGroup {
  /// An answer that waits; its key and reply lie in `bytes`.
  private struct Row {
    let time: Timestamp
    let question: ServedQuestion
    /// Nil for a key with a null.
    let key: Range<Int>?
    let reply: Range<Int>
  }

  private let store: FeatureStore
  private let view: RegisteredView
  /// Each feature of the questions once.
  private let features: [String]
  /// For each of a question's features, its place in `features`.
  private let places: [Int]
  /// Types of the key's parts: a join takes their texts for any of them.
  private let types: [FieldType]
  private let admission: FeatureReader
  /// Made with the first rows, so that it knows all that was known when they were listed.
  private var join: ColumnJoin?
  private var rows: [Row] = []
  private var bytes: [UInt8] = []

  init(
    _ store: FeatureStore, _ view: RegisteredView, over stream: StreamDeclaration,
    features asked: [String]
  ) throws(StoreError) {
    self.store = store
    self.view = view
    var features: [String] = []
    for feature in asked where !features.contains(feature) { features.append(feature) }
    self.features = features
    places = asked.map { features.firstIndex(of: $0)! }
    let scope = view.declaration.scope(of: stream)
    types = view.declaration.entity.map { scope.fields[scope.index(of: $0)!].type }
    admission = try store.store.reader(of: view.declaration.name, features: features)
  }

  /// Bytes that wait, about.
  var heldBytes: Int { bytes.count + rows.count * MemoryLayout<Row>.stride }

  /// Takes in an answer, unless it is counted as expired or as no answer of this view.
  func add(
    _ question: ServedQuestion, at time: Timestamp, _ entity: UnsafeRawBufferPointer?,
    _ reply: UnsafeRawBufferPointer, _ report: inout ServedReport
  ) throws(HindcastError) {
    if let entity, EntityKey.partRanges(of: entity, count: types.count) == nil {
      let reason = "view '\(question.view)': an entity that has not \(types.count) parts"
      report.unreplayable[reason, default: 0] += 1
      return
    }
    guard try isKept(time) else {
      report.expired += 1
      return
    }
    let start = bytes.count
    if let entity { bytes.append(contentsOf: entity) }
    let key = start..<bytes.count
    bytes.append(contentsOf: reply)
    rows.append(
      Row(
        time: time, question: question, key: entity == nil ? nil : key,
        reply: key.upperBound..<bytes.count))
  }

  private func isKept(_ time: Timestamp) throws(HindcastError) -> Bool {
    do throws(StoreError) {
      try admission.admit(time)
      return true
    } catch {
      guard case .expired = error else { throw .store(error) }
      return false
    }
  }

  /// Joins and compares all that wait.
  func flush(_ report: inout ServedReport, keeping limit: Int) throws(HindcastError) {
    while !rows.isEmpty {
      guard let answers = try answers() else {
        // The floor rose while we were at it.
        var kept: [Row] = []
        for row in rows { if try isKept(row.time) { kept.append(row) } }
        report.expired += rows.count - kept.count
        rows = kept
        continue
      }
      try compare(answers, &report, limit)
      break
    }
    rows.removeAll(keepingCapacity: true)
    bytes.removeAll(keepingCapacity: true)
  }

  /// Nil where a row's window begins before what is kept.
  private func answers() throws(HindcastError) -> JoinAnswers? {
    let spine = spine()
    if join == nil {
      let fields = spine.columns.map { SpineField(name: $0.name, type: $0.type) }
      join = try ColumnJoin(store, spine: fields, request)
    }
    do throws(HindcastError) { return try join?.answer([spine]) } catch {
      switch error {
      case .storeAtRow(_, _, .expired, _), .store(.expired): return nil
      default: throw error
      }
    }
  }

  /// Names that no feature has, so that no column stands in the way of another.
  private static func column(_ part: Int) -> String { "key \(part)" }
  private static let time = "time of the answer"

  private var request: JoinRequest {
    var keys: [String: String] = [:]
    for (part, field) in view.declaration.entity.enumerated() { keys[field] = Self.column(part) }
    let selection = FeatureSelection(
      view.declaration.name, features: features, keys: keys, prefix: "value ")
    return JoinRequest([selection], time: Self.time)
  }

  private func spine() -> SpineBatch {
    var columns = [EventColumn(type: .timestamp)]
    columns += types.map { _ in EventColumn(type: .string) }
    var names = [Self.time]
    names += types.indices.map(Self.column)
    bytes.withUnsafeBytes { bytes in
      for row in rows {
        columns[0].append(.timestamp(row.time))
        guard let range = row.key else {
          for part in types.indices { columns[1 + part].appendNull() }
          continue
        }
        let key = UnsafeRawBufferPointer(rebasing: bytes[range])
        let parts = EntityKey.partRanges(of: key, count: types.count) ?? []
        for (part, place) in parts.enumerated() {
          columns[1 + part].append(utf8: UnsafeRawBufferPointer(rebasing: key[place]))
        }
      }
    }
    let needed = Dictionary(uniqueKeysWithValues: zip(names.dropFirst(), types))
    return SpineBatch(EventBatch(columns: columns), names: names) { needed[$0] }
  }

  private func compare(
    _ answers: JoinAnswers, _ report: inout ServedReport, _ limit: Int
  ) throws(HindcastError) {
    var counts = report.views[view.declaration.name] ?? ServedReport.ViewCount()
    var writer = ReplyWriter()
    let names = rows.first?.question.features ?? []
    for (index, row) in rows.enumerated() {
      writer.removeAll()
      writer.version = row.question.version
      writer.answer(row.question.shape, names: names) { feature in
        answers.columns[places[feature]].value(index)
      }
      if writer.bytes.elementsEqual(bytes[row.reply]) {
        counts.compared += 1
      } else if try !isFinal(row.time) {
        report.unsealed += 1
      } else {
        counts.compared += 1
        counts.mismatches += 1
        if report.mismatches.count < limit {
          report.mismatches.append(mismatch(row, joined: writer.bytes))
        }
      }
    }
    report.views[view.declaration.name] = counts
  }

  /// Whether nothing can arrive any more that an answer at this time may know.
  private func isFinal(_ time: Timestamp) throws(HindcastError) -> Bool {
    let length = view.declaration.slice
    do throws(StoreError) {
      guard let seal = try store.store.stream(view.declaration.stream).seal else { return false }
      return length.slice(of: time) <= length.slice(of: seal)
    } catch { throw .store(error) }
  }

  private func mismatch(_ row: Row, joined: [UInt8]) -> ServedMismatch {
    let key = row.key.map { Array(bytes[$0]) }
    let parts = key.flatMap { EntityKey(bytes: $0).parts(count: types.count) }
    return ServedMismatch(
      time: row.time, question: row.question, key: key, entity: parts ?? [],
      served: Array(bytes[row.reply]), joined: joined)
  }
}
