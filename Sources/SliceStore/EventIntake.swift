// From a batch of events to one view's records: filter, key, hash, slice, lag, and the inputs of the
// view's partials. This is the per-row part of ingestion; it allocates nothing per row.
import Aggregates
import FeatureModel

/// What a view takes from each event, compiled once; one per view and thread.
final class EventIntake {
  let plan: ViewPlan
  let layout: RecordLayout
  private let slots: [Slot]
  private let filter: FilterEvaluator?
  private let length: Int64
  private var selected: [UInt8] = []
  private var keyBytes: [UInt8] = []

  /// A distinct input of the view's columns.
  struct Slot {
    let field: Int
    let kind: PartialSpec.Slot
    let type: FieldType
  }

  init(_ plan: ViewPlan, _ stream: StreamDeclaration) {
    self.plan = plan
    let (slots, _) = Self.slots(of: plan)
    self.slots = slots
    layout = Self.layout(of: plan)
    filter = plan.declaration.filter.map { FilterEvaluator($0, stream: stream) }
    length = plan.declaration.slice.milliseconds
  }

  static func layout(of plan: ViewPlan) -> RecordLayout {
    RecordLayout(
      slotCount: slots(of: plan).slots.count,
      hasTime: plan.columns.contains { $0.spec.usesTime })
  }

  /// The distinct inputs, and for each column the index of its own (-1 where rows are counted).
  static func slots(of plan: ViewPlan) -> (slots: [Slot], slotOfColumn: [Int]) {
    var slots: [Slot] = []
    var slotOfColumn: [Int] = []
    for column in plan.columns {
      guard let field = column.field, let type = column.fieldType else {
        slotOfColumn.append(-1)
        continue
      }
      if let known = slots.firstIndex(where: { $0.field == field && $0.kind == column.spec.slot }) {
        slotOfColumn.append(known)
      } else {
        slotOfColumn.append(slots.count)
        slots.append(Slot(field: field, kind: column.spec.slot, type: type))
      }
    }
    return (slots, slotOfColumn)
  }

  /// Appends a record for each admitted event that passes the filter and has an entity.
  /// - Returns: how many events were taken, and how many fell below the view's retention floor.
  func take(
    _ batch: EventBatch, _ admitted: AdmittedEvents, floor: Int64, into arena: RecordArena
  ) -> (taken: Int, expired: Int) {
    let count = batch.count
    if let filter {
      filter.select(batch, into: &selected)
    } else if selected.count != count || selected.contains(0) {
      selected = Array(repeating: 1, count: count)
    }
    var taken = 0
    var expired = 0
    for row in 0..<count where selected[row] == 1 && admitted.mask[row] != 0 {
      let slice = floorDivide(admitted.eventTimes[row], length)
      let lag = floorDivide(admitted.arrivalTimes[row], length) - slice
      guard slice >= floor else {
        expired += 1
        continue
      }
      let place = SliceOrder.pack(slice: slice, lag: lag)
      if append(batch, row, order: place, time: admitted.eventTimes[row], arena) { taken += 1 }
    }
    return (taken, expired)
  }

  /// False where a part of the key is null: such an event describes no entity of this view.
  @inline(__always)
  private func append(
    _ batch: EventBatch, _ row: Int, order: UInt64, time: Int64, _ arena: RecordArena
  ) -> Bool {
    if plan.entityFields.count == 1, batch.columns[plan.entityFields[0]].type == .string {
      let column = plan.entityFields[0]
      guard batch.columns[column].valid[row] != 0 else { return false }
      let range = batch.columns[column].textRange(row)
      batch.columns[column].text.withUnsafeBytes { text in
        let key = UnsafeRawBufferPointer(rebasing: text[range])
        write(batch, row, key, order: order, time: time, arena)
      }
      return true
    }
    guard EntityKeyBuilder.build(batch, plan.entityFields, row, into: &keyBytes) else {
      return false
    }
    keyBytes.withUnsafeBytes { write(batch, row, $0, order: order, time: time, arena) }
    return true
  }

  @inline(__always)
  private func write(
    _ batch: EventBatch, _ row: Int, _ key: UnsafeRawBufferPointer, order: UInt64, time: Int64,
    _ arena: RecordArena
  ) {
    var textLength = 0
    for slot in slots where slot.kind == .text {
      textLength += batch.columns[slot.field].textRange(row).count
    }
    let hash = EntityHash.of(key)
    let payload = key.count + textLength
    let record = arena.allocate(hash: hash, size: layout.size(payload: payload))
    record.storeBytes(of: hash, as: UInt64.self)
    record.storeBytes(of: order, toByteOffset: 8, as: UInt64.self)
    record.storeBytes(of: UInt32(key.count), toByteOffset: 16, as: UInt32.self)
    record.storeBytes(of: UInt32(payload), toByteOffset: 20, as: UInt32.self)
    if layout.hasTime {
      record.storeBytes(of: time, toByteOffset: layout.timeAt, as: Int64.self)
    }
    if let base = key.baseAddress {
      (record + layout.payloadAt).copyMemory(from: base, byteCount: key.count)
    }
    writeSlots(batch, row, record, textsAt: key.count)
  }

  @inline(__always)
  private func writeSlots(
    _ batch: EventBatch, _ row: Int, _ record: UnsafeMutableRawPointer, textsAt: Int
  ) {
    var textAt = textsAt
    var mask: UInt64 = 0
    for index in slots.indices {
      let slot = slots[index]
      var word: UInt64 = 0
      if batch.columns[slot.field].valid[row] != 0 {
        mask |= 1 << UInt64(index & 63)
        word = slotWord(batch, row, slot, record, &textAt)
      }
      record.storeBytes(of: word, toByteOffset: layout.slotsAt + 8 * index, as: UInt64.self)
      if index & 63 == 63 || index == slots.count - 1 {
        record.storeBytes(of: mask, toByteOffset: 24 + 8 * (index >> 6), as: UInt64.self)
        mask = 0
      }
    }
  }

  @inline(__always)
  private func slotWord(
    _ batch: EventBatch, _ row: Int, _ slot: Slot, _ record: UnsafeMutableRawPointer,
    _ textAt: inout Int
  ) -> UInt64 {
    switch slot.kind {
    case .rows: return 0
    case .word: return batch.columns[slot.field].words[row]
    case .hash:
      if slot.type != .string {
        return DistinctSet.hash(word: batch.columns[slot.field].words[row], type: slot.type)
      }
      let range = batch.columns[slot.field].textRange(row)
      return batch.columns[slot.field].text.withUnsafeBytes {
        DistinctSet.hash(text: UnsafeRawBufferPointer(rebasing: $0[range]))
      }
    case .text:
      let range = batch.columns[slot.field].textRange(row)
      batch.columns[slot.field].text.withUnsafeBytes { text in
        if let base = text.baseAddress {
          (record + layout.payloadAt + textAt).copyMemory(
            from: base + range.lowerBound, byteCount: range.count)
        }
      }
      let word = UInt64(textAt) << 32 | UInt64(range.count)
      textAt += range.count
      return word
    }
  }
}

/// Integer division rounded down; the divisor is positive.
@inline(__always)
func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
  let quotient = value / divisor
  return value % divisor < 0 ? quotient - 1 : quotient
}
