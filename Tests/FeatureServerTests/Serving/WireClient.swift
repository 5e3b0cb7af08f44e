// A blocking client on a bare socket: tests say exactly which bytes go out, and see exactly what comes back.
import Foundation
import RESP

final class WireClient {
  struct Closed: Error {}

  let descriptor: Int32
  private var input: [UInt8] = []

  init(port: UInt16, sendSeconds: Int = 30) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let outcome = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard outcome == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    // A server that does not answer fails a test, instead of keeping it for ever.
    var patience = timeval(tv_sec: 30, tv_usec: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    patience.tv_sec = sendSeconds
    setsockopt(
      descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { close(descriptor) }

  /// Ends the sending side.
  func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// - Returns: false where the peer takes nothing any more.
  @discardableResult
  func send(_ bytes: [UInt8]) -> Bool {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress! + done, bytes.count - done, Int32(MSG_NOSIGNAL))
      }
      if count < 0 { return false }
      done += count
    }
    return true
  }

  func send(text: String) { send(Array(text.utf8)) }

  static func bytes(_ words: [String]) -> [UInt8] {
    var bytes: [UInt8] = []
    RequestWriter.append(words, to: &bytes)
    return bytes
  }

  /// The next reply.
  func reply() throws -> RESPValue {
    while true {
      if !input.isEmpty,
        let (value, length) = try input.withUnsafeBytes({ try ReplyDecoder.decode($0) })
      {
        input.removeFirst(length)
        return value
      }
      try receive()
    }
  }

  private func receive() throws {
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    guard count > 0 else { throw Closed() }
    input += buffer[..<count]
  }

  /// Everything until the peer closes.
  func rest() -> String {
    while (try? receive()) != nil {}
    defer { input = [] }
    return String(decoding: input, as: UTF8.self)
  }

  /// One command and its reply.
  func ask(_ words: String...) throws -> RESPValue { try ask(words) }

  func ask(_ words: [String]) throws -> RESPValue {
    send(Self.bytes(words))
    return try reply()
  }

  /// Many commands at once.
  func pipeline(_ commands: [[String]]) throws -> [RESPValue] {
    send(commands.flatMap(Self.bytes))
    return try commands.map { _ in try reply() }
  }
}

extension RESPValue {
  /// The text of an error.
  var errorText: String? {
    if case .error(let text) = self { return text }
    return nil
  }

  /// The value of a name in a map.
  subscript(name: String) -> RESPValue? {
    pairs?.first { $0.key.text == name }?.value
  }
}
