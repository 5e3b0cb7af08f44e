// File descriptors that close themselves, and the two kinds that a loop waits on beside its connections.
import CLinux
import Glibc

/// A call of the system that failed.
public struct SystemError: Error, Sendable, CustomStringConvertible {
  public let operation: String
  public let number: Int32

  init(_ operation: String, _ number: Int32 = errno) {
    self.operation = operation
    self.number = number
  }

  public var description: String { "\(operation): \(String(cString: strerror(number)))" }
}

/// An open descriptor; closed when it goes.
struct Descriptor: ~Copyable {
  let number: Int32

  init(_ number: Int32, _ operation: String) throws(SystemError) {
    guard number >= 0 else { throw SystemError(operation) }
    self.number = number
  }

  deinit { Glibc.close(number) }
}

/// Wakes a thread that waits for it; signals before the wait count.
final class Wakeup: Sendable {
  private let descriptor: Descriptor

  init() throws(SystemError) {
    descriptor = try Descriptor(
      eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC)), "eventfd")
  }

  var number: Int32 { descriptor.number }

  func signal() {
    var one: UInt64 = 1
    _ = withUnsafeBytes(of: &one) { Glibc.write(descriptor.number, $0.baseAddress, 8) }
  }

  /// Takes back all signals.
  func clear() {
    var count: UInt64 = 0
    _ = withUnsafeMutableBytes(of: &count) { Glibc.read(descriptor.number, $0.baseAddress, 8) }
  }

  /// Waits for a signal, and takes it; at most so many milliseconds, -1 for ever.
  func wait(_ milliseconds: Int32) {
    var poll = pollfd(fd: descriptor.number, events: Int16(POLLIN), revents: 0)
    if Glibc.poll(&poll, 1, milliseconds) > 0 { clear() }
  }
}

/// The descriptors that are ready; level-triggered.
struct Poller: ~Copyable {
  private let descriptor: Descriptor
  private let events: UnsafeMutablePointer<epoll_event>
  private static let capacity = 512

  init() throws(SystemError) {
    descriptor = try Descriptor(epoll_create1(Int32(EPOLL_CLOEXEC)), "epoll_create1")
    events = .allocate(capacity: Self.capacity)
  }

  deinit { events.deallocate() }

  struct Interest: OptionSet {
    let rawValue: UInt32
    static let read = Interest(rawValue: UInt32(EPOLLIN.rawValue))
    static let write = Interest(rawValue: UInt32(EPOLLOUT.rawValue))
  }

  /// What is ready: a descriptor with its generation, and for what.
  struct Ready {
    let number: Int32
    let generation: UInt32
    let interest: Interest
    /// The peer has gone, or something failed: a read tells.
    let isBroken: Bool
  }

  func add(_ number: Int32, generation: UInt32, _ interest: Interest) throws(SystemError) {
    try control(EPOLL_CTL_ADD, number, generation, interest)
  }

  func change(_ number: Int32, generation: UInt32, _ interest: Interest) throws(SystemError) {
    try control(EPOLL_CTL_MOD, number, generation, interest)
  }

  func remove(_ number: Int32) {
    var event = epoll_event()
    epoll_ctl(descriptor.number, EPOLL_CTL_DEL, number, &event)
  }

  private func control(
    _ operation: Int32, _ number: Int32, _ generation: UInt32, _ interest: Interest
  ) throws(SystemError) {
    var event = clinux_event(interest.rawValue, number, generation)
    guard epoll_ctl(descriptor.number, operation, number, &event) == 0 else {
      throw SystemError("epoll_ctl")
    }
  }

  /// The number of events, which stand until the next wait.
  func wait(_ milliseconds: Int32) -> Int {
    let count = epoll_wait(descriptor.number, events, Int32(Self.capacity), milliseconds)
    return max(0, Int(count))
  }

  subscript(index: Int) -> Ready {
    let event = events[index]
    let broken = UInt32(EPOLLERR.rawValue) | UInt32(EPOLLHUP.rawValue)
    return Ready(
      number: Int32(truncatingIfNeeded: event.data.u64),
      generation: UInt32(truncatingIfNeeded: event.data.u64 >> 32),
      interest: Interest(rawValue: event.events), isBroken: event.events & broken != 0)
  }
}
