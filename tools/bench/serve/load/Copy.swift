// The peer's data: what the server answers, as hashes with the same fields under the same keys.
import Glibc

struct Copy {
  private let source: BlockingWire
  private let target: BlockingWire
  private let view: String
  private let features: [String]
  private static let batch = 256

  init(from: String, to: String, _ words: [String]) {
    source = BlockingWire(Wire(port: from))
    target = BlockingWire(Wire(port: to))
    view = words[0]
    features = Array(words.dropFirst())
  }

  func run(entities: Int) {
    for first in stride(from: 0, to: entities, by: Self.batch) {
      let keys = (first..<min(entities, first + Self.batch)).map { number in
        let digits = String(number)
        return view + ":" + String(repeating: "0", count: 12 - digits.count) + digits
      }
      let questions = keys.flatMap { Self.command([Self.word("HMGET"), Self.word($0)] + names) }
      source.send(questions)
      var hashes: [UInt8] = []
      for key in keys {
        guard source.line() == "*\(features.count)" else { fail("copy: no answer for \(key)") }
        var words = [Self.word("HSET"), Self.word(key)]
        for name in names {
          if let value = source.value() { words += [name, Self.word(value)] }
        }
        hashes += Self.command(words)
      }
      target.send(hashes)
      for key in keys {
        let reply = target.line()
        guard reply.hasPrefix(":") else { fail("copy: \(key): \(reply)") }
      }
    }
    print("{\"work\": \"copy\", \"entities\": \(entities)}")
  }

  private var names: [[UInt8]] { features.map(Self.word) }

  private static func word(_ text: String) -> [UInt8] {
    Array("$\(text.utf8.count)\r\n\(text)\r\n".utf8)
  }

  private static func command(_ words: [[UInt8]]) -> [UInt8] {
    words.reduce(into: Array("*\(words.count)\r\n".utf8)) { $0 += $1 }
  }
}

/// A connection that is read line by line.
private final class BlockingWire {
  private let wire: Wire
  private var input: [UInt8] = []
  private var position = 0

  init(_ wire: Wire) { self.wire = wire }

  func send(_ bytes: [UInt8]) { bytes.withUnsafeBytes(wire.send) }

  /// Without its end.
  func line() -> String {
    while true {
      if let end = input[position...].firstIndex(of: 13), end + 1 < input.count {
        defer { position = end + 2 }
        return String(decoding: input[position..<end], as: UTF8.self)
      }
      fill()
    }
  }

  /// A bulk string, or null.
  func value() -> String? {
    guard let count = Int(line().dropFirst()), count >= 0 else { return nil }
    while input.count < position + count + 2 { fill() }
    defer { position += count + 2 }
    return String(decoding: input[position..<position + count], as: UTF8.self)
  }

  private func fill() {
    input.removeFirst(position)
    position = 0
    let count = withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 8) { piece in
      let count = recv(wire.descriptor, piece.baseAddress!, piece.count, 0)
      if count > 0 { input += piece[..<count] }
      return count
    }
    guard count > 0 else { fail("the server closed the connection") }
  }
}
