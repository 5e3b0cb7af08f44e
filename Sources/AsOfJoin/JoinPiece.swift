// One target's answers for one piece of the spine: threads take part after part, ascending, so that each
// thread's readers move forward through the store.
import Dispatch
import FeatureModel
import Synchronization

final class JoinPiece<Reader: PointInTimeReader>: @unchecked Sendable {
  // Unchecked: parts are taken by one thread each, and rows lie in one part each.
  private let spine: SpineRows
  private let order: JoinOrder
  private let knowledge: SpineKnowledge
  private let target: JoinTarget<Reader>
  private let progress: JoinProgress
  private let nextPart = Atomic(0)
  private let failure = Mutex<JoinError<Reader.Failure>?>(nil)
  private let hasFailed = Atomic(false)

  init(
    _ spine: SpineRows, _ order: JoinOrder, _ knowledge: SpineKnowledge,
    _ target: JoinTarget<Reader>, _ progress: JoinProgress
  ) {
    self.spine = spine
    self.order = order
    self.knowledge = knowledge
    self.target = target
    self.progress = progress
  }

  func run(threads: Int) throws(JoinError<Reader.Failure>) {
    DispatchQueue.concurrentPerform(iterations: threads) { thread in
      do throws(JoinError<Reader.Failure>) { try self.work(thread) } catch {
        self.hasFailed.store(true, ordering: .relaxed)
        self.failure.withLock { $0 = $0 ?? error }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }

  private func work(_ thread: Int) throws(JoinError<Reader.Failure>) {
    let readers: [Reader]
    do { readers = try target.readers(order.rows.count) } catch { throw .reader(error, row: nil) }
    var worker = JoinWorker(
      spine: spine, knowledge: knowledge, readers: readers, columns: target.columns, thread: thread)
    var sorter = PartSorter()
    if thread == 0 { try worker.answerEmpty(order.rowsWithoutKey) }
    while !hasFailed.load(ordering: .relaxed) {
      if progress.isCancelled { throw .cancelled }
      let part = nextPart.add(1, ordering: .relaxed).oldValue
      guard part < order.parts else { break }
      let items = order.part(part)
      try sorter.withSorted(items, partBits: order.partBits) {
        items throws(JoinError<Reader.Failure>) in
        try worker.answer(items)
      }
      progress.add(items.count)
    }
    if thread == 0 { progress.add(order.rowsWithoutKey.count) }
  }
}

/// What one thread needs to answer sorted items.
struct JoinWorker<Reader: PointInTimeReader> {
  var spine: SpineRows
  let knowledge: SpineKnowledge
  let readers: [Reader]
  let columns: [[FeatureColumn]]
  let thread: Int
  private var other: SpineRows
  /// The latest answer of each reader.
  private var values: [[Value]]

  init(
    spine: SpineRows, knowledge: SpineKnowledge, readers: [Reader], columns: [[FeatureColumn]],
    thread: Int
  ) {
    self.spine = spine
    self.knowledge = knowledge
    self.readers = readers
    self.columns = columns
    self.thread = thread
    other = spine
    values = Array(repeating: [], count: readers.count)
  }

  /// Answers all items; reader by reader, so that each sweeps its own keys.
  mutating func answer(
    _ items: UnsafeMutableBufferPointer<JoinItem>
  ) throws(JoinError<Reader.Failure>) {
    var start = 0
    while start < items.count {
      var end = start + 1
      while end < items.count, items[end].hash == items[start].hash { end += 1 }
      // Rows of one hash are of one key, but for collisions: then the first row's key comes first.
      end = gather(items, start, end)
      for index in readers.indices { try answer(items, start..<end, index) }
      start = end
    }
  }

  /// Moves the rows with the key of the first to the front, in their order; their end.
  private mutating func gather(
    _ items: UnsafeMutableBufferPointer<JoinItem>, _ start: Int, _ end: Int
  ) -> Int {
    if end - start == 1 { return end }
    return spine.withKey(Int(items[start].row)) { first in
      var last = start + 1
      for index in start + 1..<end {
        let isSame = other.withKey(Int(items[index].row)) { key in
          key!.count == first!.count && key!.elementsEqual(first!)
        }
        guard isSame else { continue }
        if index != last {
          // The others keep their order, too.
          let item = items[index]
          var place = index
          while place > last {
            items[place] = items[place - 1]
            place -= 1
          }
          items[last] = item
        }
        last += 1
      }
      return last
    }
  }

  private mutating func answer(
    _ items: UnsafeMutableBufferPointer<JoinItem>, _ range: Range<Int>, _ index: Int
  ) throws(JoinError<Reader.Failure>) {
    let reader = readers[index]
    let columns = columns[index]
    do throws(Reader.Failure) {
      try spine.withKey(Int(items[range.lowerBound].row)) { key throws(Reader.Failure) in
        try reader.select(
          hash: items[range.lowerBound].hash, entity: key!,
          from: Timestamp(unchecked: items[range.lowerBound].time),
          through: Timestamp(unchecked: items[range.upperBound - 1].time))
      }
    } catch { throw .reader(error, row: Int(items[range.lowerBound].row)) }
    for place in range {
      let item = items[place]
      let row = Int(item.row)
      do throws(Reader.Failure) {
        try reader.answer(
          at: Timestamp(unchecked: item.time), mode(row), into: &values[index])
      } catch { throw .reader(error, row: row) }
      for column in columns.indices {
        columns[column].set(row, values[index][column], thread: thread)
      }
    }
  }

  @inline(__always)
  private mutating func mode(_ row: Int) -> ReadMode {
    guard case .all(let mode) = knowledge else {
      // Every row's was looked at when the rows were ordered.
      return .knownAt((try? spine.known(row))!!)
    }
    return mode
  }

  /// Answers rows that have no key.
  mutating func answerEmpty(_ rows: [UInt32]) throws(JoinError<Reader.Failure>) {
    for index in readers.indices {
      for row in rows {
        do throws(Reader.Failure) {
          let time = (try? spine.time(Int(row)))!
          try readers[index].answerEmpty(at: time, into: &values[index])
        } catch { throw .reader(error, row: Int(row)) }
        for column in columns[index].indices {
          columns[index][column].set(Int(row), values[index][column], thread: thread)
        }
      }
    }
  }
}
