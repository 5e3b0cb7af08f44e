// A connection to a server.
import CLinux
import Glibc

final class Wire {
  let descriptor: Int32
  private(set) var scanner = ReplyScanner()
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
  private var filled = 0

  init(port: String) {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).map(\.bigEndian) ?? 0
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isConnected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) == 0 }
    }
    guard isConnected else { fail("nobody listens on port \(port)") }
    var yes: Int32 = 1
    setsockopt(
      descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
  }

  /// Sends all of it; waits where the peer does not take it.
  func send(_ bytes: UnsafeRawBufferPointer) {
    var sent = 0
    while sent < bytes.count {
      let count = Glibc.send(descriptor, bytes.baseAddress! + sent, bytes.count - sent, 0)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { fail("the server closed the connection: errno \(errno)") }
      sent += count
    }
  }

  /// Reads what is there.
  /// - Returns: how many replies have become whole.
  func receive() -> Int {
    let before = scanner.replies
    while true {
      let room = buffer.count - filled
      let count = recv(descriptor, buffer.baseAddress! + filled, room, Int32(MSG_DONTWAIT))
      if count < 0, errno == EAGAIN || errno == EINTR { break }
      guard count > 0 else { fail("the server closed the connection") }
      filled += count
      let done = scanner.scan(UnsafeRawBufferPointer(rebasing: buffer[..<filled]))
      filled -= done
      memmove(buffer.baseAddress!, buffer.baseAddress! + done, filled)
      if count < room { break }
    }
    return scanner.replies - before
  }
}
