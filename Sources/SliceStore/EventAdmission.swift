// The two clocks of each event, checked: what every view of a stream then slices. The arrival of an event
// is the latest of its declared arrival and its event time; the stream's seal is applied when it is stored
// (`RecordSorter`), so that no write can slip below a seal that moved meanwhile.
import FeatureModel

/// The times of a batch's events in milliseconds, row by row.
struct AdmittedEvents {
  /// 1 where the row was admitted.
  var mask: [UInt8] = []
  var eventTimes: [Int64] = []
  var arrivalTimes: [Int64] = []
  /// Rows that can't be stored and why; in row order.
  var refused: [RefusedEvent] = []
}

/// A row of a batch that was not stored.
public struct RefusedEvent: Hashable, Sendable {
  /// Index into the batch.
  public let row: Int
  /// The declared field that is at fault.
  public let field: String
  public let reason: String
}

enum EventAdmission {
  /// - Complexity: O(rows); `admitted` is reused from batch to batch.
  static func admit(
    _ batch: EventBatch, of stream: StreamDeclaration, into admitted: inout AdmittedEvents
  ) {
    precondition(fits(batch, stream), "a batch has the columns of its stream")
    let count = batch.count
    admitted.mask.removeAll(keepingCapacity: true)
    admitted.eventTimes.removeAll(keepingCapacity: true)
    admitted.arrivalTimes.removeAll(keepingCapacity: true)
    admitted.refused.removeAll(keepingCapacity: true)
    for row in 0..<count {
      let eventValid = batch.columns[stream.eventTime].valid[row] != 0
      let event = Int64(bitPattern: batch.columns[stream.eventTime].words[row])
      var arrival = event
      var arrivalField = stream.eventTime
      if let field = stream.arrivalTime, batch.columns[field].valid[row] != 0 {
        arrival = max(arrival, Int64(bitPattern: batch.columns[field].words[row]))
        arrivalField = field
      }
      let fault =
        eventValid
        ? fault(event: event, arrival: arrival, stream, arrivalField)
        : (stream.eventTime, "the event time is null")
      if let fault {
        let field = stream.fields[fault.0].name
        admitted.refused.append(RefusedEvent(row: row, field: field, reason: fault.1))
      }
      admitted.mask.append(fault == nil ? 1 : 0)
      admitted.eventTimes.append(event)
      admitted.arrivalTimes.append(arrival)
    }
    for (index, field) in stream.fields.enumerated() where field.type == .double {
      refuseNonFinite(batch.columns[index], field.name, &admitted)
    }
  }

  /// NaN and the infinities have no place in exact sums or in an order.
  private static func refuseNonFinite(
    _ column: EventColumn, _ field: String, _ admitted: inout AdmittedEvents
  ) {
    for row in admitted.mask.indices
    where column.words[row] & 0x7FF0_0000_0000_0000 == 0x7FF0_0000_0000_0000 {
      guard column.valid[row] != 0, admitted.mask[row] != 0 else { continue }
      admitted.mask[row] = 0
      let value = Double(bitPattern: column.words[row])
      admitted.refused.append(
        RefusedEvent(row: row, field: field, reason: "\(value) is not a finite number"))
    }
    admitted.refused.sort { $0.row < $1.row }
  }

  /// Whether a batch has the stream's columns, of its types and of one length.
  static func fits(_ batch: EventBatch, _ stream: StreamDeclaration) -> Bool {
    batch.columns.map(\.type) == stream.fields.map(\.type)
      && batch.columns.allSatisfy { $0.words.count == batch.count && $0.valid.count == batch.count }
  }

  /// Nil for nearly all events: both times in range, and a lag that any slice length can hold.
  @inline(__always)
  private static func fault(
    event: Int64, arrival: Int64, _ stream: StreamDeclaration, _ arrivalField: Int
  ) -> (field: Int, reason: String)? {
    guard event >= Timestamp.earliest.milliseconds, event < Timestamp.limit.milliseconds else {
      return (stream.eventTime, "\(event) ms lies outside the years 0001 to 9999")
    }
    guard arrival < Timestamp.limit.milliseconds else {
      return (arrivalField, "\(arrival) ms lies outside the years 0001 to 9999")
    }
    guard (arrival - event) / 60_000 <= BlockView.lagMax - 1 else {
      return (
        arrivalField, "the event arrives more than \(BlockView.lagMax) minutes after it happened"
      )
    }
    return nil
  }
}
