// A listening socket on this machine, on a port that was free: for servers that tests write themselves.
import Foundation

final class LoopbackListener: Sendable {
  let descriptor: Int32
  let port: UInt16

  init(backlog: Int32 = 16) throws {
    let made = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { address in
      address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(made, address, length) == 0 && listen(made, backlog) == 0
          && getsockname(made, address, &length) == 0
      }
    }
    guard isBound else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    descriptor = made
    port = UInt16(bigEndian: address.sin_port)
  }

  deinit { close(descriptor) }
}
