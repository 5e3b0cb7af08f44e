// What a request may know: the second clock of the contract. The first, the request's own time, says
// which slices a window covers; this one says which arrivals count.

/// The knowledge a request is answered with. See `docs/contract.md`.
public enum ReadMode: Hashable, Sendable {
  /// What was known at the request's own time; the default, and what was served.
  case asServed
  /// All that is known by now.
  case corrected
  /// What was known at a fixed instant, whatever the request's time.
  case knownAt(Timestamp)
  /// All that is known by now, and the current slice as well. Not replayable.
  case fresh
}

/// A request in slices of one view: the window of n slices covers event slices `[end - n, end)` and
/// counts the events whose arrival slice is below `arrivalLimit`.
public struct SliceRequest: Hashable, Sendable {
  public let end: Int64
  public let arrivalLimit: Int64

  public init(at time: Timestamp, _ mode: ReadMode, _ length: SliceLength) {
    let request = length.slice(of: time).index
    switch mode {
    case .asServed: (end, arrivalLimit) = (request, request)
    case .corrected: (end, arrivalLimit) = (request, .max)
    case .knownAt(let known): (end, arrivalLimit) = (request, length.slice(of: known).index)
    case .fresh: (end, arrivalLimit) = (request + 1, .max)
    }
  }
}
