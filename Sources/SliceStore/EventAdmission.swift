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

  /// Adds a row that was admitted.
  mutating func append(event: Int64, arrival: Int64) {
    mask.append(1)
    eventTimes.append(event)
    arrivalTimes.append(arrival)
  }

  /// Some of the rows, without those that are refused.
  func part(_ rows: Range<Int>) -> AdmittedEvents {
    var part = AdmittedEvents()
    part.mask = Array(mask[rows])
    part.eventTimes = Array(eventTimes[rows])
    part.arrivalTimes = Array(arrivalTimes[rows])
    return part
  }

  /// Room for `count` rows, all of which the caller fills.
  mutating func resize(_ count: Int) {
    if mask.count == count { return }
    mask = Array(repeating: 0, count: count)
    eventTimes = Array(repeating: 0, count: count)
    arrivalTimes = Array(repeating: 0, count: count)
  }

  /// Lends the memory of all rows to be filled.
  mutating func withRows(
    _ body: (
      _ mask: UnsafeMutableBufferPointer<UInt8>, _ events: UnsafeMutableBufferPointer<Int64>,
      _ arrivals: UnsafeMutableBufferPointer<Int64>, _ refused: inout [RefusedEvent]
    ) -> Void
  ) {
    mask.withUnsafeMutableBufferPointer { mask in
      eventTimes.withUnsafeMutableBufferPointer { events in
        arrivalTimes.withUnsafeMutableBufferPointer { arrivals in
          body(mask, events, arrivals, &refused)
        }
      }
    }
  }
}

/// A row of a batch that was not stored.
public struct RefusedEvent: Hashable, Sendable {
  /// Index into the batch.
  public let row: Int
  /// The declared field that is at fault.
  public let field: String
  public let reason: String

  public init(row: Int, field: String, reason: String) {
    self.row = row
    self.field = field
    self.reason = reason
  }
}

enum EventAdmission {
  /// - Complexity: O(rows); `admitted` is reused from batch to batch.
  static func admit(
    _ batch: EventBatch, of stream: StreamDeclaration, into admitted: inout AdmittedEvents
  ) {
    precondition(fits(batch, stream), "a batch has the columns of its stream")
    admitted.refused.removeAll(keepingCapacity: true)
    batch.withColumns { columns in
      admitted.resize(columns.count)
      admitted.withRows { mask, events, arrivals, refused in
        for row in 0..<columns.count {
          let (fault, event, arrival) = judge(columns, row, stream.eventTime, stream.arrivalTime)
          mask[row] = fault == nil ? 1 : 0
          events[row] = event
          arrivals[row] = arrival
          if let fault { refused.append(refusal(row, fault, event, arrival, stream)) }
        }
        for (index, field) in stream.fields.enumerated() where field.type == .double {
          refuseNonFinite(columns[index], field.name, mask, &refused)
        }
      }
    }
  }

  /// Events that were stored behind a seal arrive no earlier than it, as `SliceOrder.sealed` has it.
  static func raise(_ admitted: inout AdmittedEvents, to seal: Int64) {
    admitted.withRows { mask, events, arrivals, _ in
      for row in mask.indices {
        let longest = events[row] &+ BlockView.lagMax * 60_000
        arrivals[row] = max(arrivals[row], min(seal, longest))
      }
    }
  }

  /// NaN and the infinities have no place in exact sums or in an order.
  private static func refuseNonFinite(
    _ column: EventColumnView, _ field: String, _ mask: UnsafeMutableBufferPointer<UInt8>,
    _ refused: inout [RefusedEvent]
  ) {
    let exponent: UInt64 = 0x7FF0_0000_0000_0000
    var found = false
    for row in mask.indices where column.words[row] & exponent == exponent {
      guard column.valid[row] != 0, mask[row] != 0 else { continue }
      mask[row] = 0
      let value = Double(bitPattern: column.words[row])
      refused.append(
        RefusedEvent(row: row, field: field, reason: "\(value) is not a finite number"))
      found = true
    }
    if found { refused.sort { $0.row < $1.row } }
  }

  /// Whether a batch has the stream's columns, of its types and of one length.
  static func fits(_ batch: EventBatch, _ stream: StreamDeclaration) -> Bool {
    batch.columns.map(\.type) == stream.fields.map(\.type)
      && batch.columns.allSatisfy { $0.words.count == batch.count && $0.valid.count == batch.count }
  }

  private enum Fault {
    case null, event, arrival, lag
  }

  /// No fault for nearly all events: both times in range, and a lag that any slice length can hold.
  @inline(__always)
  private static func judge(
    _ columns: EventColumnsView, _ row: Int, _ eventField: Int, _ arrivalField: Int?
  ) -> (fault: Fault?, event: Int64, arrival: Int64) {
    let event = Int64(bitPattern: columns[eventField].words[row])
    var arrival = event
    if let field = arrivalField, columns[field].valid[row] != 0 {
      arrival = max(arrival, Int64(bitPattern: columns[field].words[row]))
    }
    guard columns[eventField].valid[row] != 0 else { return (.null, event, arrival) }
    guard event >= Timestamp.earliest.milliseconds, event < Timestamp.limit.milliseconds else {
      return (.event, event, arrival)
    }
    guard arrival < Timestamp.limit.milliseconds else { return (.arrival, event, arrival) }
    if arrival != event, (arrival - event) / 60_000 > BlockView.lagMax - 1 {
      return (.lag, event, arrival)
    }
    return (nil, event, arrival)
  }

  private static func refusal(
    _ row: Int, _ fault: Fault, _ event: Int64, _ arrival: Int64, _ stream: StreamDeclaration
  ) -> RefusedEvent {
    let range = "ms lies outside the years 0001 to 9999"
    let late = "the event arrives more than \(BlockView.lagMax) minutes after it happened"
    let isArrival = fault == .arrival || fault == .lag
    let field = isArrival ? stream.arrivalTime ?? stream.eventTime : stream.eventTime
    let reason =
      switch fault {
      case .null: "the event time is null"
      case .event: "\(event) \(range)"
      case .arrival: "\(arrival) \(range)"
      case .lag: late
      }
    return RefusedEvent(row: row, field: stream.fields[field].name, reason: reason)
  }
}
