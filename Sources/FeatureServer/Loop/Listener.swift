// Sockets to be called at: TCP on an address, or a path in the file system.
import CLinux
import Glibc

/// A listening socket, without blocking.
final class Listener: Sendable {
  private let descriptor: Descriptor
  /// The TCP port, 0 for a path.
  let port: UInt16
  /// As people write it.
  let address: String
  let isTLS: Bool
  private let path: String?

  private static let backlog: Int32 = 4096

  init(_ address: String, port: UInt16, isTLS: Bool) throws(SystemError) {
    guard let listen = ListenAddress(address) else {
      throw SystemError("listen on \(address)", EINVAL)
    }
    let family: Int32
    let made: Int32
    switch listen {
    case .ipv4: family = AF_INET
    case .ipv6: family = AF_INET6
    }
    made = socket(family, Self.kind, 0)
    descriptor = try Descriptor(made, "socket")
    var on: Int32 = 1
    setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &on, 4)
    if family == AF_INET6 { setsockopt(made, Int32(IPPROTO_IPV6), 26, &on, 4) }
    let what = "listen on \(address), port \(port)"
    guard Self.bind(made, listen, port) == 0, Glibc.listen(made, Self.backlog) == 0 else {
      throw SystemError(what)
    }
    self.port = Self.boundPort(made)
    self.address = address
    self.isTLS = isTLS
    path = nil
  }

  /// A socket in the file system; what an ended server left there is replaced, one that answers is not.
  init(path: String, mode: UInt32) throws(SystemError) {
    let made = socket(AF_UNIX, Self.kind, 0)
    descriptor = try Descriptor(made, "socket")
    guard var address = Self.unixAddress(path) else {
      throw SystemError("listen on \(path)", ENAMETOOLONG)
    }
    let length = socklen_t(MemoryLayout<sockaddr_un>.size)
    let outcome = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer -> Int32 in
        let probe = socket(AF_UNIX, Self.kind, 0)
        defer { Glibc.close(probe) }
        if connect(probe, pointer, length) == 0 || errno == EAGAIN {
          errno = EADDRINUSE
          return -1
        }
        if errno == ECONNREFUSED, Self.isSocket(path) { unlink(path) }
        return Glibc.bind(made, pointer, length)
      }
    }
    guard outcome == 0, chmod(path, mode) == 0, Glibc.listen(made, Self.backlog) == 0 else {
      throw SystemError("listen on \(path)")
    }
    port = 0
    self.address = path
    isTLS = false
    self.path = path
  }

  /// Anything else at the path is somebody's.
  private static func isSocket(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
  }

  deinit { if let path { unlink(path) } }

  var number: Int32 { descriptor.number }

  private static var kind: Int32 {
    Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
  }

  private static func unixAddress(_ path: String) -> sockaddr_un? {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard !bytes.isEmpty, bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
      return nil
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    return address
  }

  private static func bind(_ descriptor: Int32, _ address: ListenAddress, _ port: UInt16) -> Int32 {
    switch address {
    case .ipv4(let bytes):
      var native = sockaddr_in()
      native.sin_family = sa_family_t(AF_INET)
      native.sin_port = port.bigEndian
      withUnsafeMutableBytes(of: &native.sin_addr) { $0.copyBytes(from: bytes) }
      return bind(descriptor, native)
    case .ipv6(let bytes):
      var native = sockaddr_in6()
      native.sin6_family = sa_family_t(AF_INET6)
      native.sin6_port = port.bigEndian
      withUnsafeMutableBytes(of: &native.sin6_addr) { $0.copyBytes(from: bytes) }
      return bind(descriptor, native)
    }
  }

  /// - Parameter native: one of the system's addresses.
  private static func bind<Native>(_ descriptor: Int32, _ native: Native) -> Int32 {
    withUnsafePointer(to: native) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<Native>.size))
      }
    }
  }

  /// Both families keep the port in the same place.
  private static func boundPort(_ descriptor: Int32) -> UInt16 {
    var address = sockaddr_in6()
    var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
    _ = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
    }
    return UInt16(bigEndian: address.sin6_port)
  }

  /// The next connection that waits; nil where none does.
  func accept() throws(SystemError) -> (descriptor: Int32, peer: String)? {
    var address = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let accepted = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        clinux_accept(descriptor.number, $0, &length)
      }
    }
    if accepted < 0 {
      if errno == EAGAIN || errno == EINTR || errno == ECONNABORTED { return nil }
      throw SystemError("accept")
    }
    guard path == nil else { return (accepted, self.address) }
    var on: Int32 = 1
    setsockopt(accepted, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
    return (accepted, Self.text(&address))
  }

  private static func text(_ address: inout sockaddr_storage) -> String {
    var host = [CChar](repeating: 0, count: 64)
    let family = Int32(address.ss_family)
    let port = withUnsafeMutableBytes(of: &address) { bytes in
      // The address stands behind the port, in IPv6 behind the flow as well.
      inet_ntop(family, bytes.baseAddress! + (family == AF_INET ? 4 : 8), &host, 64)
      return UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
    }
    let name = host.withUnsafeBytes { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    return family == AF_INET ? "\(name):\(port)" : "[\(name)]:\(port)"
  }
}
