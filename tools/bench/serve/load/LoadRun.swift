// Flows side by side on one thread, until the time is over or enough was answered.
import CLinux
import Glibc

struct LoadRun {
  private let flows: [Flow]
  private let poller: Int32
  /// Flow and connection by descriptor.
  private var owners: [(flow: Int, wire: Int)?] = []
  private var wall = 0.0
  private var processor = 0.0
  private var isInputOver = false
  /// How long answers are waited for when the time is over.
  private static let patience: Int64 = 5_000_000_000

  init(_ flows: [Flow]) {
    guard !flows.isEmpty else { fail("load: no flow") }
    self.flows = flows
    poller = epoll_create1(0)
    for (flow, each) in flows.enumerated() {
      for (wire, descriptor) in each.descriptors.enumerated() {
        while owners.count <= Int(descriptor) { owners.append(nil) }
        owners[Int(descriptor)] = (flow, wire)
        var event = clinux_event(EPOLLIN.rawValue, descriptor, 0)
        epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event)
      }
    }
    clinux_exact_timers()
  }

  /// Until the time or the first flow's requests are over, or standard input where that is asked for.
  mutating func run(seconds: Double?, requests: Int, untilEndOfInput: Bool) {
    if untilEndOfInput {
      var event = clinux_event(EPOLLIN.rawValue, STDIN_FILENO, 0)
      epoll_ctl(poller, EPOLL_CTL_ADD, STDIN_FILENO, &event)
    }
    let start = Clock.now
    let busy = Clock.processor
    let end = seconds.map { start + Int64($0 * 1e9) } ?? .max
    for flow in flows { flow.start(start) }
    var now = start
    while now < end, flows[0].requests < requests, !isInputOver {
      for flow in flows { flow.catchUp(now) }
      let due = flows.flatMap { [$0.nextDue, $0.paused.first?.until] }.compactMap(\.self).min()
      wait(min(due ?? .max, end) - Clock.now, goesOn: true)
      now = Clock.now
    }
    wall = Double(now - start) / 1e9
    processor = Clock.processor - busy
    while Clock.now < now + Self.patience, flows.contains(where: { $0.outstanding > 0 }) {
      wait(100_000_000, goesOn: false)
    }
  }

  private mutating func wait(_ nanoseconds: Int64, goesOn: Bool) {
    withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: 64) { events in
      let count = clinux_wait(
        poller, events.baseAddress!, 64, Int(max(0, min(nanoseconds, 1 << 30))))
      for index in 0..<Int(max(0, count)) {
        let descriptor = Int(UInt32(truncatingIfNeeded: events[index].data.u64))
        if descriptor == Int(STDIN_FILENO) {
          epoll_ctl(poller, EPOLL_CTL_DEL, STDIN_FILENO, nil)
          isInputOver = true
          continue
        }
        guard let owner = owners[descriptor] else { continue }
        flows[owner.flow].receive(owner.wire, goesOn: goesOn)
      }
    }
  }

  func report() {
    for flow in flows { flow.report(seconds: wall, processor: processor) }
  }
}
