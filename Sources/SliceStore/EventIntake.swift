// From a batch of events to one view's records: filter, key, hash, slice, lag, and the inputs of the
// view's partials. What is compiled once for a view is here; `RecordColumnWriter` is the work for each row.
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
    if let filter { filter.select(batch, into: &selected) }
    return batch.withColumns { columns in
      slots.withUnsafeBufferPointer { slots in
        var writer = RecordColumnWriter(
          columns: columns, entity: plan.entityFields, slots: slots, layout: layout, arena: arena,
          length: length, floor: floor)
        admitted.mask.withUnsafeBufferPointer { admittedRows in
          admitted.eventTimes.withUnsafeBufferPointer { events in
            admitted.arrivalTimes.withUnsafeBufferPointer { arrivals in
              selected.withUnsafeBufferPointer { selected in
                for row in 0..<columns.count where admittedRows[row] != 0 {
                  if filter != nil, selected[row] == 0 { continue }
                  writer.take(row, event: events[row], arrival: arrivals[row])
                }
              }
            }
          }
        }
        return (writer.taken, writer.expired)
      }
    }
  }
}

/// Integer division rounded down; the divisor is positive.
@inline(__always)
func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
  let quotient = value / divisor
  return value < quotient * divisor ? quotient - 1 : quotient
}
