// Makes the histories of views that were registered over kept events, beside everything else and behind it: one
// thread of the lowest priority, one view after the other, begun again where a server was stopped.
import CLinux
import Hindcast
import Synchronization

/// The thread that builds views.
final class HistoryBuilder: Sendable {
  private let store: FeatureStore
  private let log: Log
  /// Written down now and then, and at the end.
  private let uses: DeprecatedUses
  private let wakeup: Wakeup
  private let isStopping = Flag()
  /// How far each view is that is being built, from 0 to 1.
  private let fractions = Mutex<[String: Double]>([:])

  init(
    _ store: FeatureStore, _ log: Log, _ uses: DeprecatedUses
  ) throws(SystemError) {
    self.uses = uses
    self.store = store
    self.log = log
    wakeup = try Wakeup()
  }

  /// There is, or may be, something to build.
  func wake() { wakeup.signal() }

  func stop() {
    isStopping.set()
    wakeup.signal()
  }

  /// From 0 to 1; 0 for a view that has to wait.
  func fraction(of view: String) -> Double { fractions.withLock { $0[view] ?? 0 } }

  /// The thread's work.
  func run() {
    _ = clinux_run_idle()
    while !isStopping.isSet {
      for building in store.store.building where !isStopping.isSet {
        build(building.view.declaration.name)
      }
      noteUses()
      if !isStopping.isSet { wakeup.wait(60_000) }
    }
    noteUses()
  }

  private func noteUses() {
    do throws(StoreError) { try uses.flush(to: store.store) } catch {
      log.warning("cannot note what is asked for", ["reason": .text("\(error)")])
    }
  }

  private func build(_ view: String) {
    let started = SteadyClock.milliseconds
    log.info("building a view from kept events", ["view": .text(view)])
    do throws(StoreError) {
      try store.store.build(
        view, threads: 1, isCancelled: { self.isStopping.isSet },
        progress: { progress in
          fractions.withLock { $0[view] = progress.isLive ? nil : progress.fraction }
          guard progress.isLive else { return }
          log.info(
            "view built",
            [
              "view": .text(view), "events": .int(progress.events),
              "milliseconds": .int(Int(SteadyClock.milliseconds - started)),
            ])
        })
    } catch {
      log.error("cannot build a view", ["view": .text(view), "reason": .text("\(error)")])
    }
    fractions.withLock { $0[view] = nil }
  }
}
