// What one thread does with a part of the rows once they are in order: entity by entity, and for each of them
// reader by reader, so that each reader sweeps its own keys.
import FeatureModel

struct JoinWorker {
  private var spine: SpineRows
  private let knowledge: SpineKnowledge
  private let readers: [PointInTimeReader]
  /// Each reader's.
  private let rows: [AnswerRow]
  private var room = JoinArena<UInt8>(count: 0)

  init(
    _ spine: SpineRows, _ knowledge: SpineKnowledge, _ readers: [PointInTimeReader],
    _ columns: [[FeatureColumn]], thread: Int
  ) {
    self.spine = spine
    self.knowledge = knowledge
    self.readers = readers
    rows = columns.map { AnswerRow($0.map { $0.writer(thread: thread) }) }
  }

  /// Answers items that are ordered by hash and time.
  mutating func answer(
    _ items: UnsafeMutableBufferPointer<JoinItem>, _ keys: PartKeys
  ) throws(JoinError) {
    let keys = keys.copied(into: &room)
    var start = 0
    while start < items.count {
      let hash = items[start].hash
      var end = start + 1
      var isOneKey = true
      while end < items.count, items[end].hash == hash {
        isOneKey = isOneKey && keys.areEqual(items[start], items[end])
        end += 1
      }
      if isOneKey {
        try answer(items, start..<end, keys)
      } else {
        try answerEach(items, start..<end, keys)
      }
      start = end
    }
  }

  /// Answers items of one hash and several keys, key by key.
  private mutating func answerEach(
    _ items: UnsafeMutableBufferPointer<JoinItem>, _ range: Range<Int>, _ keys: PartKeys
  ) throws(JoinError) {
    var left = Array(range)
    while let first = left.first {
      let same = left.filter { keys.areEqual(items[first], items[$0]) }
      left.removeAll { keys.areEqual(items[first], items[$0]) }
      try answer(items, same, keys)
    }
  }

  /// Answers the items of one entity; at least one.
  @inline(__always)
  private mutating func answer(
    _ items: UnsafeMutableBufferPointer<JoinItem>, _ places: some BidirectionalCollection<Int>,
    _ keys: PartKeys
  ) throws(JoinError) {
    let (first, last) = (items[places.first!], items[places.last!])
    for index in readers.indices {
      let (reader, answer) = (readers[index], rows[index])
      do throws(ReaderFailure) {
        try reader.select(
          hash: first.hash, entity: keys[first], from: Timestamp(unchecked: first.time),
          through: Timestamp(unchecked: last.time))
      } catch { throw .reader(error, row: Int(first.row)) }
      for place in places {
        let item = items[place]
        let row = Int(item.row)
        answer.begin(row)
        do throws(ReaderFailure) {
          try reader.answer(at: Timestamp(unchecked: item.time), mode(row), into: answer)
        } catch { throw .reader(error, row: row) }
        answer.end()
      }
    }
  }

  /// Writes what answers are still on their way to their rows.
  func flush() { for row in rows { row.flush() } }

  @inline(__always)
  private mutating func mode(_ row: Int) -> ReadMode {
    guard case .all(let mode) = knowledge else {
      // Every row's was looked at when the rows were ordered.
      return .knownAt((try? spine.known(row))!!)
    }
    return mode
  }

  /// Answers rows that have no key.
  mutating func answerEmpty(_ empty: [UInt32]) throws(JoinError) {
    for index in readers.indices {
      for row in empty {
        do throws(ReaderFailure) {
          rows[index].begin(Int(row))
          try readers[index].answerEmpty(at: (try? spine.time(Int(row)))!, into: rows[index])
        } catch { throw .reader(error, row: Int(row)) }
        rows[index].end()
      }
    }
  }
}
