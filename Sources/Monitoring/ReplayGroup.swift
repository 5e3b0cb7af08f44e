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
  private let subject: ReplaySubject
  /// Made with the first rows, so that it knows all that was known when they were listed.
  private var join: ColumnJoin?
  private var rows: [Row] = []
  private var bytes: [UInt8] = []

  init(_ store: FeatureStore, _ subject: ReplaySubject) {
    self.store = store
    self.subject = subject
  }

  private var types: [FieldType] { subject.types }

  /// Bytes that wait, about.
  var heldBytes: Int { bytes.count + rows.count * MemoryLayout<Row>.stride }

  /// Takes in an answer, unless it is counted as expired or as no answer of this view.
  func add(
    _ question: ServedQuestion, at time: Timestamp, _ entity: UnsafeRawBufferPointer?,
    _ reply: UnsafeRawBufferPointer, _ report: inout ServedReport
  ) throws(HindcastError) {
    if let entity, EntityKey.partRanges(of: entity, count: types.count) == nil {
      let kind = question.isSet ? "set" : "view"
      let reason = "\(kind) '\(question.view)': an entity that has not \(types.count) parts"
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
      for reader in subject.admissions { try reader.admit(time) }
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
      join = try ColumnJoin(store, spine: fields, subject.request)
    }
    do throws(HindcastError) { return try join?.answer([spine]) } catch {
      switch error {
      case .storeAtRow(_, _, .expired, _), .store(.expired): return nil
      default: throw error
      }
    }
  }

  private func spine() -> SpineBatch {
    var columns = [EventColumn(type: .timestamp)]
    columns += types.map { _ in EventColumn(type: .string) }
    var names = [ReplaySubject.time]
    names += types.indices.map(ReplaySubject.column)
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
    var counts = report.views[subject.name] ?? ServedReport.ViewCount()
    var writer = ReplyWriter()
    let names = rows.first?.question.features ?? []
    for (index, row) in rows.enumerated() {
      writer.removeAll()
      writer.version = row.question.version
      writer.answer(row.question.shape, names: names) { feature in
        answers.columns[subject.places[feature]].value(index)
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
    report.views[subject.name] = counts
  }

  /// Whether nothing can arrive any more that an answer at this time may know.
  private func isFinal(_ time: Timestamp) throws(HindcastError) -> Bool {
    do throws(StoreError) {
      for reader in subject.admissions {
        let view = reader.plan.declaration
        guard let seal = try store.store.stream(view.stream).seal,
          view.slice.slice(of: time) <= view.slice.slice(of: seal)
        else { return false }
      }
      return true
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
