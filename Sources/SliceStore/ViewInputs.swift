// What a view's records carry for its columns: each distinct input of a field is a word (a slot), stored once
// however many columns take it in, and each column has a bit that says whether the event counts for it.
import Aggregates
import FeatureModel

/// The slots and bits of a view's records.
struct ViewInputs: Sendable {
  private(set) var slots: [Slot] = []
  private(set) var marks: [Mark] = []
  private(set) var columns: [Column] = []
  private let hasTime: Bool

  /// A distinct input of the view's columns. Its bit, of the same number, says whether there is a value.
  struct Slot {
    let field: Int
    let kind: PartialSpec.Slot
    let type: FieldType
  }

  /// A condition that is more than one value's presence; it has a bit behind those of the slots.
  struct Mark: Hashable, BitwiseCopyable {
    /// Slots that must have a value; -1 for none.
    let value: Int
    let category: Int
    /// The filter that must be true; -1 for none.
    let filter: Int
  }

  /// What a column takes from a record.
  struct Column: Sendable {
    /// Nil where rows are counted.
    let value: Int?
    let category: Int?
    /// Set in the records that count; nil where all do.
    let bit: Int?
  }

  init(_ plan: ViewPlan) {
    hasTime = plan.columns.contains { $0.spec.usesTime }
    var places: [(value: Int?, category: Int?)] = []
    for column in plan.columns {
      let value = column.input.map { slot($0, column.spec.slot) }
      let category = column.category.map { slot($0, $0.type == .string ? .text : .word) }
      places.append((value, category))
    }
    // The bits of conditions come behind those of all slots.
    for (column, place) in zip(plan.columns, places) {
      var bit = place.value
      if column.filter != nil || place.category != nil {
        bit =
          slots.count
          + mark(
            Mark(
              value: place.value ?? -1, category: place.category ?? -1, filter: column.filter ?? -1)
          )
      }
      columns.append(Column(value: place.value, category: place.category, bit: bit))
    }
  }

  var layout: RecordLayout {
    RecordLayout(slotCount: slots.count, markCount: marks.count, hasTime: hasTime)
  }

  private mutating func slot(_ input: ViewPlan.Column.Input, _ kind: PartialSpec.Slot) -> Int {
    if let known = slots.firstIndex(where: { $0.field == input.field && $0.kind == kind }) {
      return known
    }
    slots.append(Slot(field: input.field, kind: kind, type: input.type))
    return slots.count - 1
  }

  private mutating func mark(_ mark: Mark) -> Int {
    if let known = marks.firstIndex(of: mark) { return known }
    marks.append(mark)
    return marks.count - 1
  }

  /// Lends slots, marks, and the bytes of the filters' answers.
  @inline(__always)
  func withPointers<Result>(
    _ chosen: [UInt8],
    _ body: (
      _ slots: UnsafeBufferPointer<Slot>, _ marks: UnsafeBufferPointer<Mark>,
      _ chosen: UnsafeBufferPointer<UInt8>
    ) -> Result
  ) -> Result {
    slots.withUnsafeBufferPointer { slots in
      marks.withUnsafeBufferPointer { marks in
        chosen.withUnsafeBufferPointer { chosen in body(slots, marks, chosen) }
      }
    }
  }
}
