// From a batch of events to one view's records: filters, key, hash, slice, lag, and the inputs of the
// view's partials. What is compiled once for a view is here; `RecordColumnWriter` is the work for each row.
import Aggregates
import FeatureModel

/// What a view takes from each event, compiled once; one per view and thread.
final class EventIntake {
  let plan: ViewPlan
  let layout: RecordLayout
  private let inputs: ViewInputs
  private let derivation: RowDerivation
  private let length: Int64
  private var selected: [UInt8] = []
  /// For each filter of a feature a byte for each row, one run behind the other.
  private var chosen: [UInt8] = []

  init(_ plan: ViewPlan, _ stream: StreamDeclaration) {
    self.plan = plan
    inputs = ViewInputs(plan)
    layout = inputs.layout
    derivation = RowDerivation(plan.declaration, of: stream, filters: plan.filters)
    length = plan.declaration.slice.milliseconds
  }

  /// Appends a record for each admitted event that passes the filter and has an entity.
  /// - Parameter remaking: only events of cells that are made anew are taken, a record for each arrival slice
  ///   in which they count.
  /// - Returns: how many events were taken, and how many fell below the view's retention floor.
  func take(
    _ batch: EventBatch, _ admitted: AdmittedEvents, floor: Int64, into arena: RecordArena,
    remaking: Remaking? = nil
  ) -> (taken: Int, expired: Int) {
    let pieces = derivation.pieces(of: batch)
    if pieces.count == 1 {
      return takeAtOnce(batch, admitted, floor: floor, into: arena, remaking: remaking)
    }
    var (taken, expired) = (0, 0)
    for rows in pieces {
      let part = takeAtOnce(
        batch.part(rows), admitted.part(rows), floor: floor, into: arena,
        remaking: remaking?.part(rows))
      taken += part.taken
      expired += part.expired
    }
    return (taken, expired)
  }

  private func takeAtOnce(
    _ batch: EventBatch, _ admitted: AdmittedEvents, floor: Int64, into arena: RecordArena,
    remaking: Remaking?
  ) -> (taken: Int, expired: Int) {
    let filter = derivation.filter
    let batch = derivation.extend(batch)
    if let filter { filter.select(batch, into: &selected) }
    choose(batch)
    return batch.withColumns { columns in
      inputs.withPointers(chosen) { slots, marks, chosen in
        var writer = RecordColumnWriter(
          columns: columns, entity: plan.entityFields, slots: slots, marks: marks, chosen: chosen,
          layout: layout, arena: arena, length: length, floor: floor, remaking: remaking)
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

  /// Evaluates the features' filters, each once for all rows.
  private func choose(_ batch: EventBatch) {
    let filters = derivation.others
    if filters.isEmpty { return }
    let rows = batch.count
    if chosen.count < filters.count * rows {
      chosen = Array(repeating: 0, count: filters.count * rows)
    }
    chosen.withUnsafeMutableBufferPointer { chosen in
      for (index, filter) in filters.enumerated() {
        let own = chosen[index * rows..<(index + 1) * rows]
        filter.select(batch, into: UnsafeMutableBufferPointer(rebasing: own))
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
