// The clock that answers are given by. Before the first answer for a slice goes out, the seal of its stream
// stands at the slice's start, so that nothing that comes later can change what was said. The seal moves a
// moment ahead of the clock, so that no look-up waits for the disk at a slice's boundary.
import FeatureModel
import Hindcast
import Synchronization

/// Tells the time, and moves the seals of all streams with it. Any number of threads may ask.
package final class Timekeeper: Sendable {
  private let store: Store
  private let clock: @Sendable () -> Timestamp
  /// Epoch milliseconds from which on a seal has to move before anything is answered.
  private let due = Atomic<Int64>(.min)
  /// Held by whoever moves seals.
  private let moving = Mutex<Void>(())

  package init(_ store: Store, clock: @escaping @Sendable () -> Timestamp) {
    self.store = store
    self.clock = clock
  }

  /// The instant of look-ups that name none.
  /// - Throws: where a seal could not be moved; nothing may be answered then.
  package func now() throws(StoreError) -> Timestamp {
    let now = clock()
    if now.milliseconds >= due.load(ordering: .acquiring) { try advance(to: now) }
    return now
  }

  /// The clock alone, for what is no answer.
  package var reading: Timestamp { clock() }

  /// Seals what comes to its end within so many milliseconds, before it does.
  /// - Returns: milliseconds until the next end; nil while no view is known.
  package func sealAhead(within lead: Int64) throws(StoreError) -> Int64? {
    // Looked at once: loops move it, too, and the slice behind the next one must not be sealed.
    let due = due.load(ordering: .acquiring)
    guard due != .max, due != .min, let boundary = Timestamp(milliseconds: due) else { return nil }
    let left = due - clock().milliseconds
    if left <= lead { try advance(to: boundary) }
    return left
  }

  /// For declarations that have changed: the next `now` looks at all views again.
  package func invalidate() { due.store(.min, ordering: .releasing) }

  /// Moves each stream's seal to the start of the newest slice that `time` lies in.
  package func advance(to time: Timestamp) throws(StoreError) {
    try moving.withLock { _ throws(StoreError) in
      var seals: [String: Timestamp] = [:]
      var next = Int64.max
      for view in store.views {
        let length = view.declaration.slice
        let slice = length.slice(of: time)
        let start = max(length.start(of: slice), .earliest)
        seals[view.declaration.stream] = max(seals[view.declaration.stream] ?? start, start)
        next = min(next, length.start(of: Slice(index: slice.index + 1)).milliseconds)
      }
      for (stream, start) in seals {
        if let seal = try store.stream(stream).seal, seal >= start { continue }
        do throws(StoreError) { try store.seal(stream, at: start) } catch {
          // Somebody else has moved it further meanwhile.
          guard case .sealMovesBack = error else { throw error }
        }
      }
      due.store(next, ordering: .releasing)
    }
  }
}
