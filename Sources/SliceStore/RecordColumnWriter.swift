// One batch on its way into an arena: key, hash, slice, lag and inputs of each row, from the columns'
// memory into a record's. This is the per-row part of ingestion; it allocates nothing per row.
import Aggregates
import FeatureModel

/// Writes records of one view from one batch, whose columns it borrows.
struct RecordColumnWriter {
  private let columns: EventColumnsView
  private let slots: UnsafeBufferPointer<ViewInputs.Slot>
  private let marks: UnsafeBufferPointer<ViewInputs.Mark>
  /// Which rows each of the features' filters lets through.
  private let chosen: UnsafeBufferPointer<UInt8>
  private let layout: RecordLayout
  private let arena: RecordArena
  /// Those of entities that are left out lie outside.
  private let hashes: ClosedRange<UInt64>
  private let length: Int64
  private let floor: Int64
  private let entity: [Int]
  /// The entity's only column, where it is one text: its bytes are the key.
  private let keyColumn: EventColumnView?
  private let hasTexts: Bool
  private let isRemaking: Bool
  private let remaking: Remaking?
  private var keyBytes: [UInt8] = []
  private(set) var taken = 0
  private(set) var expired = 0

  init(
    columns: EventColumnsView, entity: [Int], slots: UnsafeBufferPointer<ViewInputs.Slot>,
    marks: UnsafeBufferPointer<ViewInputs.Mark>, chosen: UnsafeBufferPointer<UInt8>,
    layout: RecordLayout, arena: RecordArena, length: Int64, floor: Int64, remaking: Remaking?
  ) {
    self.remaking = remaking
    isRemaking = remaking != nil
    self.columns = columns
    self.entity = entity
    self.slots = slots
    self.marks = marks
    self.chosen = chosen
    self.layout = layout
    self.arena = arena
    hashes = arena.hashes
    self.length = length
    self.floor = floor
    let isText = entity.count == 1 && columns[entity[0]].type == .string
    keyColumn = isText ? columns[entity[0]] : nil
    hasTexts = slots.contains { $0.kind == .text }
  }

  /// Takes one row in; without effect where a part of the key is null, since such an event describes no
  /// entity of this view, and where the arena has no records of the entity's hash.
  @inline(__always)
  mutating func take(_ row: Int, event: Int64, arrival: Int64) {
    let slice = floorDivide(event, length)
    guard slice >= floor else {
      expired += 1
      return
    }
    // Most events arrive in their own slice, which one comparison tells.
    let isOnTime = arrival < (slice + 1) * length
    let lag = isOnTime ? 0 : floorDivide(arrival, length) - slice
    if let keyColumn {
      guard keyColumn.valid[row] != 0 else { return }
      if place(row, keyColumn.utf8(row), slice: slice, lag: lag, time: event) { taken += 1 }
    } else {
      guard EntityKeyBuilder.build(columns, entity, row, into: &keyBytes) else { return }
      let isTaken = keyBytes.withUnsafeBytes {
        place(row, $0, slice: slice, lag: lag, time: event)
      }
      if isTaken { taken += 1 }
    }
  }

  @inline(__always)
  private func place(
    _ row: Int, _ key: UnsafeRawBufferPointer, slice: Int64, lag: Int64, time: Int64
  ) -> Bool {
    let hash = EntityHash.of(key)
    guard hashes.contains(hash) else { return false }
    guard isRemaking, let remaking else {
      write(row, key, hash, order: SliceOrder.pack(slice: slice, lag: lag), time: time)
      return true
    }
    remaking.cells.forEachArrival(
      hash: hash, entity: key, slice: slice, arrival: slice + lag,
      retracted: remaking.retracted[row]
    ) { arrival in
      let order = SliceOrder.pack(slice: slice, lag: arrival - slice)
      write(row, key, hash, order: order, time: time)
    }
    return true
  }

  @inline(__always)
  private func write(
    _ row: Int, _ key: UnsafeRawBufferPointer, _ hash: UInt64, order: UInt64, time: Int64
  ) {
    let payload = key.count + (hasTexts ? textLength(row) : 0)
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
    if !slots.isEmpty { writeSlots(row, record, textsAt: key.count) }
    if !marks.isEmpty { writeMarks(row, record) }
  }

  private func textLength(_ row: Int) -> Int {
    var length = 0
    for slot in slots where slot.kind == .text { length += columns[slot.field].utf8(row).count }
    return length
  }

  @inline(__always)
  private func writeSlots(_ row: Int, _ record: UnsafeMutableRawPointer, textsAt: Int) {
    var textAt = textsAt
    var mask: UInt64 = 0
    for index in slots.indices {
      let slot = slots[index]
      var word: UInt64 = 0
      if columns[slot.field].valid[row] != 0 {
        mask |= 1 << UInt64(index & 63)
        word =
          slot.kind == .word
          ? columns[slot.field].words[row] : slotWord(row, slot, record, &textAt)
      }
      record.storeBytes(of: word, toByteOffset: layout.slotsAt + 8 * index, as: UInt64.self)
      if index & 63 == 63 || index == slots.count - 1 {
        record.storeBytes(of: mask, toByteOffset: 24 + 8 * (index >> 6), as: UInt64.self)
        mask = 0
      }
    }
  }

  /// Adds the bits of the marks to those of the slots.
  private func writeMarks(_ row: Int, _ record: UnsafeMutableRawPointer) {
    for index in marks.indices {
      let mark = marks[index]
      let counts =
        (mark.filter < 0 || chosen[mark.filter * columns.count + row] != 0)
        && isPresent(mark.value, row) && isPresent(mark.category, row)
      let bit = slots.count + index
      let place = 24 + 8 * (bit >> 6)
      let known =
        bit & 63 == 0 ? 0 : UnsafeRawPointer(record).load(fromByteOffset: place, as: UInt64.self)
      record.storeBytes(
        of: known | (counts ? 1 << UInt64(bit & 63) : 0), toByteOffset: place, as: UInt64.self)
    }
  }

  @inline(__always)
  private func isPresent(_ slot: Int, _ row: Int) -> Bool {
    slot < 0 || columns[slots[slot].field].valid[row] != 0
  }

  private func slotWord(
    _ row: Int, _ slot: ViewInputs.Slot, _ record: UnsafeMutableRawPointer, _ textAt: inout Int
  ) -> UInt64 {
    let column = columns[slot.field]
    switch slot.kind {
    case .rows: return 0
    case .word: return column.words[row]
    case .hash:
      return slot.type == .string
        ? DistinctSet.hash(text: column.utf8(row))
        : DistinctSet.hash(word: column.words[row], type: slot.type)
    case .text:
      let text = column.utf8(row)
      if let base = text.baseAddress {
        (record + layout.payloadAt + textAt).copyMemory(from: base, byteCount: text.count)
      }
      let word = UInt64(textAt) << 32 | UInt64(text.count)
      textAt += text.count
      return word
    }
  }
}
