// A server that says what a test tells it to, also nothing: for connections that end or fall silent in the
// middle.
import Foundation
import Hindcast
import RESP
import Synchronization

/// Listens on a port of its own; the greeting of every connection is answered as a server does.
final class FakeServer: Sendable {
  enum Answer {
    /// Bytes of the protocol; none for silence.
    case bytes(String)
    case close
  }

  let port: UInt16
  private let listener: LoopbackListener
  private let answer: @Sendable (_ connection: Int, _ words: [String]) -> Answer
  private let isGreeting: Bool
  private let connectionCount = Atomic<Int>(0)

  /// - Parameters:
  ///   - isGreeting: false for a server that does not even answer HELLO.
  ///   - answer: called for each command; connections count from 1.
  init(
    isGreeting: Bool = true,
    _ answer: @escaping @Sendable (_ connection: Int, _ words: [String]) -> Answer
  ) throws {
    self.answer = answer
    self.isGreeting = isGreeting
    listener = try LoopbackListener()
    port = listener.port
    Thread.detachNewThread { [self] in
      while true {
        let connection = accept(listener.descriptor, nil, nil)
        guard connection >= 0 else { return }
        let number = connectionCount.add(1, ordering: .relaxed).newValue
        Thread.detachNewThread { [self] in serve(connection, number) }
      }
    }
  }

  var connections: Int { connectionCount.load(ordering: .relaxed) }

  /// A client with one connection and much patience.
  func client(_ configure: (inout Client.Configuration) -> Void = { _ in }) -> Client {
    var configuration = Client.Configuration(port: port)
    configuration.poolSize = 1
    configuration.timeout = .seconds(60)
    configuration.connectTimeout = .seconds(60)
    configure(&configuration)
    return Client(configuration)
  }

  /// Ends the listening; open connections end when their clients do.
  func stop() { shutdown(listener.descriptor, Int32(SHUT_RDWR)) }

  private func serve(_ connection: Int32, _ number: Int) {
    defer { close(connection) }
    var parser = RequestParser()
    var input: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = recv(connection, &piece, piece.count, 0)
      guard count > 0 else { return }
      input += piece[..<count]
      while let words = Self.command(&parser, &input) {
        switch reply(number, words) {
        case .close: return
        case .bytes(let text):
          _ = Array(text.utf8).withUnsafeBytes {
            send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
          }
        }
      }
    }
  }

  private func reply(_ number: Int, _ words: [String]) -> Answer {
    switch words[0] {
    case "HELLO": .bytes(isGreeting ? "%1\r\n+proto\r\n:3\r\n" : "")
    case "CLIENT": .bytes(isGreeting ? "+OK\r\n" : "")
    default: answer(number, words)
    }
  }

  private static func command(_ parser: inout RequestParser, _ input: inout [UInt8]) -> [String]? {
    let (words, length) = input.withUnsafeBytes { bytes -> ([String], Int) in
      guard case .command(let length) = parser.parse(bytes, RequestLimits()) else { return ([], 0) }
      let words = (0..<parser.count).map { index in
        let argument = parser.arguments[index]
        return String(
          decoding: bytes[Int(argument.start)..<Int(argument.start + argument.count)],
          as: UTF8.self)
      }
      return (words, length)
    }
    input.removeFirst(length)
    return length > 0 ? words : nil
  }
}
