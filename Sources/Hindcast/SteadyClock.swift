// Time that passes evenly whatever is done to the wall clock: for deadlines, durations and progress. No
// answer depends on it.
import Glibc

/// A clock that never jumps.
package enum SteadyClock {
  /// Nanoseconds since some moment.
  package static var now: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  /// The same in milliseconds.
  package static var milliseconds: Int64 { now / 1_000_000 }
}
