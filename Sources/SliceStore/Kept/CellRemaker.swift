// Slices made anew of kept events. For each touched slice of an entity and each arrival slice of a correction,
// an empty replacing entry goes first, and what still stands is merged onto it like any other delta; so nothing
// but the way of events into blocks decides what a corrected slice holds.
import Aggregates
import FeatureModel
import Rocks

/// Makes the touched cells of one view or more.
final class CellRemaker: @unchecked Sendable {
  // Unchecked: each worker has arenas of its own, and `write` comes when they are done.
  private let stream: StreamDeclaration
  private let targets: [(view: RegisteredView, cells: TouchedCells)]
  private let workers: [Worker]

  private final class Worker {
    let intakes: [EventIntake]
    let arenas: [RecordArena]

    init(_ views: [RegisteredView], _ stream: StreamDeclaration) {
      intakes = views.map { EventIntake($0.plan, stream) }
      arenas = views.map { _ in RecordArena(partitionBits: 0, isLarge: false) }
    }
  }

  init(
    _ stream: StreamDeclaration, _ targets: [(view: RegisteredView, cells: TouchedCells)],
    workers: Int
  ) {
    self.stream = stream
    self.targets = targets.filter { !$0.cells.isEmpty }
    let views = self.targets.map(\.view)
    self.workers = (0..<workers).map { _ in Worker(views, stream) }
  }

  var cellCount: Int { targets.reduce(0) { $0 + $1.cells.cells.count } }

  /// Takes the events of a chunk in that belong to touched cells.
  func take(
    _ number: UInt64, _ chunk: UnsafeRawBufferPointer, _ retractions: Retractions,
    worker: Int
  ) throws(CodecError) {
    let reader = KeptChunkReader(stream)
    guard !targets.isEmpty, try mayMatter(reader.column(stream.eventTime, of: chunk)) else {
      return
    }
    let (batch, admitted) = try reader.admitted(chunk)
    let retracted = retractions.times(of: number, batch.count)
    for (index, target) in targets.enumerated() {
      _ = workers[worker].intakes[index].take(
        batch, admitted, floor: target.view.floor?.index ?? .min,
        into: workers[worker].arenas[index],
        remaking: Remaking(cells: target.cells, retracted: retracted))
    }
  }

  private func mayMatter(_ times: EventColumn) -> Bool {
    for row in times.words.indices where times.valid[row] != 0 {
      let time = Int64(bitPattern: times.words[row])
      for target in targets where target.cells.contains(time: time) { return true }
    }
    return false
  }

  /// Adds all cells as they are to be from now on.
  func write(into changes: inout WriteBatch, in family: ColumnFamily) throws(StoreError) {
    for (index, target) in targets.enumerated() {
      EmptyCells(target.view.plan).write(target.cells, into: &changes, in: family)
      let builder = DeltaBuilder(target.view.plan)
      try builder.build(partition: 0, of: workers.map { $0.arenas[index] }, sealSlice: nil) {
        _, key, block throws(StoreError) in
        changes.merge(key: key, value: block, in: family)
      }
    }
  }
}

/// Replacing entries without events.
struct EmptyCells {
  private let plan: ViewPlan

  init(_ plan: ViewPlan) { self.plan = plan }

  func write(
    _ cells: TouchedCells, into changes: inout WriteBatch, in family: ColumnFamily
  ) {
    for group in plan.groups {
      let accumulators = group.columns.map { plan.columns[$0].spec.make() }
      let blocks = Dictionary(grouping: cells.cells) { cell in
        var key: [UInt8] = []
        cell.entity.withUnsafeBytes {
          SliceKey.append(
            view: plan.id, group: group.number, hash: cell.hash, entity: $0,
            block: Int32(group.cut.block(of: cell.slice, cell.hash)), to: &key)
        }
        return key
      }
      var builder = BlockBuilder()
      var bytes: [UInt8] = []
      for (key, cells) in blocks {
        for cell in cells.sorted(by: { $0.slice < $1.slice }) {
          let block = group.cut.block(of: cell.slice, cell.hash)
          let offset = cell.slice - group.cut.firstSlice(of: block, cell.hash)
          for arrival in cell.arrivals {
            builder.addEntry(
              offset: Int(offset), lag: arrival - cell.slice, isReplacing: true)
            for accumulator in accumulators { accumulator.finishEntry() }
          }
        }
        bytes.removeAll(keepingCapacity: true)
        builder.encode(accumulators, into: &bytes)
        key.withUnsafeBytes { key in
          bytes.withUnsafeBytes { changes.merge(key: key, value: $0, in: family) }
        }
      }
    }
  }
}

extension TouchedCells {
  /// Adds the cells of a view that events which were taken back lie in; they have the joined fields, too.
  /// - Parameter times: when each of them was taken back, in milliseconds.
  func add(
    _ events: EventBatch, times: [Int64], of view: RegisteredView, _ stream: StreamDeclaration
  ) {
    let intake = EventIntake(view.plan, stream)
    let stream = view.declaration.joined(stream)
    let layout = ViewInputs(view.plan).layout
    let length = view.declaration.slice.milliseconds
    var admitted = AdmittedEvents()
    for (time, rows) in Dictionary(grouping: times.indices, by: { times[$0] }) {
      var batch = EventBatch(stream)
      for row in rows { batch.append(events, rows: row..<row + 1) }
      EventAdmission.admit(batch, of: stream, into: &admitted)
      let arena = RecordArena(partitionBits: 0, isLarge: false)
      _ = intake.take(batch, admitted, floor: view.floor?.index ?? .min, into: arena)
      arena.forEachRecord(inPartition: 0, layout) { record in
        let count = Int(record.load(fromByteOffset: 16, as: UInt32.self))
        add(
          hash: record.load(as: UInt64.self),
          entity: UnsafeRawBufferPointer(start: record + layout.payloadAt, count: count),
          slice: SliceOrder.slice(record.load(fromByteOffset: 8, as: UInt64.self)),
          arrival: floorDivide(time, length))
      }
    }
  }
}
