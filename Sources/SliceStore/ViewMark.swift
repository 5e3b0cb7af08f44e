// What moves under the readers of a view: its floor, and its history where that changes otherwise than by what
// comes in. Whoever keeps answers tells those of one history from those of the next by its revision, so that a
// change to one view, or another view beside it, costs the kept answers of no other.
import FeatureModel
import Synchronization

/// The one mark of a view that all its readers look at, while it moves.
final class ViewMark: Sendable {
  private let floor: Atomic<Int64>
  private let revision = Atomic<UInt32>(0)

  private let gone = Atomic<Bool>(false)

  init(floor slice: Int64) { floor = Atomic(slice) }

  /// The first slice that is kept; `Int64.min` where all are.
  var currentFloor: Int64 { floor.load(ordering: .acquiring) }

  func moveFloor(to slice: Int64) { floor.store(slice, ordering: .releasing) }

  /// Another after each change of history.
  var currentRevision: UInt32 { revision.load(ordering: .acquiring) }

  /// Whether blocks of the view may be missing, since nothing leads to it any more.
  var isGone: Bool { gone.load(ordering: .acquiring) }

  /// To be called before the first of them goes.
  func retire() { gone.store(true, ordering: .releasing) }

  func revise() { revision.add(1, ordering: .releasing) }
}

/// What kept answers of a view stand on: for as long as it stays the same, they are what would be answered.
package struct ViewState: Hashable, Sendable {
  let view: ViewID
  let digest: Digest
  let revision: UInt32
}

extension Store {
  func mark(of view: RegisteredView) -> ViewMark {
    marks.withLock { marks in
      if let known = marks[view.id] { return known }
      let made = ViewMark(floor: view.floor?.index ?? .min)
      marks[view.id] = made
      return made
    }
  }

  /// To be asked for before the view is read.
  func state(of view: RegisteredView) -> ViewState {
    ViewState(view: view.id, digest: view.digest, revision: mark(of: view).currentRevision)
  }

  /// To be called once another history of views can be seen; streaming writes change none.
  func noteHistory(of views: [RegisteredView]) {
    for view in views { mark(of: view).revise() }
    noteChange()
  }
}
