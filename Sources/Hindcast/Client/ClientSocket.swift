// The system's side of a connection: names to addresses, a socket that never blocks, and a wait for it together
// with a signal from other threads.
import Glibc

/// An open socket without blocking; closed when it goes.
struct ClientSocket: ~Copyable {
  let number: Int32

  deinit { close(number) }

  /// An address as the system has it.
  struct Target {
    let family: Int32
    let bytes: [UInt8]
  }

  /// What a read or write came to.
  enum Progress {
    case bytes(Int)
    /// Not now.
    case none
    /// The peer has closed the connection.
    case end
    case failed(String)
  }

  /// Begins to connect; `connectFailure` tells how it went once the socket is writable.
  init(connectingTo target: Target) throws(ClientFailure) {
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    number = socket(target.family, kind, 0)
    guard number >= 0 else { throw ClientFailure(errno) }
    if target.family != AF_UNIX {
      var on: Int32 = 1
      setsockopt(number, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
      setsockopt(number, SOL_SOCKET, SO_KEEPALIVE, &on, 4)
    }
    let number = number
    let outcome = target.bytes.withUnsafeBytes { bytes in
      let address = bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self)
      return connect(number, address, socklen_t(bytes.count))
    }
    if outcome != 0, errno != EINPROGRESS { throw ClientFailure(errno) }
  }

  /// Nil where the connection stands.
  var connectFailure: ClientFailure? {
    var code: Int32 = 0
    var length = socklen_t(4)
    getsockopt(number, SOL_SOCKET, SO_ERROR, &code, &length)
    return code == 0 ? nil : ClientFailure(code)
  }

  func send(_ bytes: UnsafeRawBufferPointer) -> Progress {
    Self.progress(Glibc.send(number, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL)))
  }

  func receive(into bytes: UnsafeMutableRawBufferPointer) -> Progress {
    let count = recv(number, bytes.baseAddress, bytes.count, 0)
    return count == 0 ? .end : Self.progress(count)
  }

  private static func progress(_ count: Int) -> Progress {
    if count >= 0 { return .bytes(count) }
    if errno == EAGAIN || errno == EINTR { return .none }
    return .failed(ClientFailure(errno).reason)
  }
}

/// Why there is no connection, or no longer.
struct ClientFailure: Error {
  let reason: String
  /// The server's words, where it is the login that it refused.
  var login: String?

  init(_ reason: String) { self.reason = reason }
  init(_ number: Int32) { reason = String(cString: strerror(number)) }
  init(login: String) {
    reason = login
    self.login = login
  }
}

extension ClientSocket.Target {
  /// The addresses behind a name, in the system's order. May ask a name server, and wait for it.
  static func all(of address: Client.Address) throws(ClientFailure) -> [Self] {
    switch address {
    case .unix(let path): [try unix(path)]
    case .tcp(let host, let port): try tcp(host, port)
    }
  }

  private static func unix(_ path: String) throws(ClientFailure) -> Self {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard !bytes.isEmpty, bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
      throw ClientFailure(ENAMETOOLONG)
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    return Self(family: AF_UNIX, bytes: withUnsafeBytes(of: &address) { Array($0) })
  }

  private static func tcp(_ host: String, _ port: UInt16) throws(ClientFailure) -> [Self] {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_NUMERICSERV
    var found: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, String(port), &hints, &found)
    guard code == 0 else { throw ClientFailure(String(cString: gai_strerror(code))) }
    defer { freeaddrinfo(found) }
    var targets: [Self] = []
    var next = found
    while let entry = next {
      let bytes = UnsafeRawBufferPointer(
        start: entry.pointee.ai_addr, count: Int(entry.pointee.ai_addrlen))
      targets.append(Self(family: entry.pointee.ai_family, bytes: Array(bytes)))
      next = entry.pointee.ai_next
    }
    return targets
  }
}

/// Wakes the thread that waits for it; signals before the wait count.
final class ClientWakeup: Sendable {
  private let ends: (read: Int32, write: Int32)
  /// Why nobody can be woken; nil where all is well.
  let failure: ClientFailure?

  init() {
    var both: [Int32] = [-1, -1]
    failure = pipe(&both) == 0 ? nil : ClientFailure(errno)
    for end in both where end >= 0 {
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
    }
    ends = (both[0], both[1])
  }

  deinit {
    close(ends.read)
    close(ends.write)
  }

  func signal() {
    var byte: UInt8 = 1
    _ = write(ends.write, &byte, 1)
  }

  /// Waits for a signal, which it takes, or for events of the socket; both at most until a time on the steady
  /// clock.
  /// - Returns: the events of the socket, 0 for none.
  func wait(_ socket: Int32 = -1, for events: Int32 = 0, until deadline: Int64? = nil) -> Int32 {
    var polled = [
      pollfd(fd: ends.read, events: Int16(POLLIN), revents: 0),
      pollfd(fd: socket, events: Int16(events), revents: 0),
    ]
    var milliseconds: Int64 = -1
    if let deadline { milliseconds = max(0, (deadline - SteadyClock.now + 999_999) / 1_000_000) }
    guard poll(&polled, 2, Int32(clamping: milliseconds)) > 0 else { return 0 }
    if polled[0].revents != 0 {
      var bytes = [UInt8](repeating: 0, count: 64)
      while read(ends.read, &bytes, 64) == 64 {}
    }
    return Int32(polled[1].revents)
  }
}
