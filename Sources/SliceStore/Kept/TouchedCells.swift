// The slices of a view's entities that corrections change, and from which arrival slices on they look
// otherwise: what has to be made anew of kept events, and nothing else.
import FeatureModel

/// Cells of one view. Filled by one thread, then read by any number of them.
final class TouchedCells: @unchecked Sendable {
  // Unchecked: nobody reads before the last cell is in.
  private struct Place: Hashable {
    let hash: UInt64
    let slice: Int64
  }

  struct Cell {
    let entity: [UInt8]
    let hash: UInt64
    let slice: Int64
    /// Slices in which corrections arrived, ascending.
    var arrivals: [Int64]
  }

  private(set) var cells: [Cell] = []
  /// Into `cells`; entities with one hash are told apart by their bytes.
  private var places: [Place: [Int]] = [:]
  private var slices: Set<Int64> = []
  private let length: Int64

  init(_ length: SliceLength) { self.length = length.milliseconds }

  var isEmpty: Bool { cells.isEmpty }

  func add(hash: UInt64, entity: UnsafeRawBufferPointer, slice: Int64, arrival: Int64) {
    let place = Place(hash: hash, slice: slice)
    slices.insert(slice)
    if let known = places[place]?.first(where: { cells[$0].entity.elementsEqual(entity) }) {
      if !cells[known].arrivals.contains(arrival) {
        cells[known].arrivals.append(arrival)
        cells[known].arrivals.sort()
      }
      return
    }
    places[place, default: []].append(cells.count)
    cells.append(Cell(entity: Array(entity), hash: hash, slice: slice, arrivals: [arrival]))
  }

  /// Whether events of this time may belong to a cell.
  func contains(time: Int64) -> Bool { slices.contains(floorDivide(time, length)) }

  /// The first slice that is touched.
  var firstSlice: Int64? { slices.min() }

  /// Calls `body` with each arrival slice in which a correction of the cell counts an event.
  /// - Parameters:
  ///   - arrival: the event's arrival slice.
  ///   - retracted: when the event was taken back, in milliseconds; the greatest number where it was not.
  @inline(__always)
  func forEachArrival(
    hash: UInt64, entity: UnsafeRawBufferPointer, slice: Int64, arrival: Int64, retracted: Int64,
    _ body: (_ arrival: Int64) -> Void
  ) {
    guard let candidates = places[Place(hash: hash, slice: slice)] else { return }
    let end = retracted == .max ? .max : floorDivide(retracted, length)
    for candidate in candidates where cells[candidate].entity.elementsEqual(entity) {
      for own in cells[candidate].arrivals where own >= arrival && own < end { body(own) }
    }
  }
}

/// What an intake makes of events where slices are made anew.
struct Remaking {
  let cells: TouchedCells
  /// For each row of the batch when it was taken back, in milliseconds; the greatest number where it was not.
  let retracted: [Int64]

  /// For some of the rows.
  func part(_ rows: Range<Int>) -> Remaking {
    Remaking(cells: cells, retracted: Array(retracted[rows]))
  }
}
