// A clock that stands still until a test moves it.
import FeatureModel
import Synchronization

final class ManualClock: Sendable {
  private let milliseconds: Atomic<Int64>

  init(_ start: String) { milliseconds = Atomic(Timestamp(parsing: start)!.milliseconds) }

  var now: Timestamp { Timestamp(milliseconds: milliseconds.load(ordering: .acquiring))! }

  func advance(_ by: Int64) { milliseconds.add(by, ordering: .acquiringAndReleasing) }
}
