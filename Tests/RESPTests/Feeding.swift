// Bytes to what a parser makes of them, in pieces of any sizes, with everything checked on the way that holds
// for all bytes: arguments lie inside, and every step goes on or ends.
import RESP
import TestSupport
import Testing

/// What came out.
enum Parsed: Equatable {
  case command([[UInt8]])
  case http
  case failed(ProtocolError)
}

/// Everything that was read of some bytes, and how many were left over; -1 behind an error, where that
/// depends on the pieces.
struct Reading: Equatable {
  var parsed: [Parsed] = []
  var rest = 0
}

struct Feeder {
  let limits: RequestLimits
  private let memory: GuardedBytes
  /// Put in front of what is reported.
  var label = ""

  init(_ limits: RequestLimits = RequestLimits(), memory: GuardedBytes) {
    self.limits = limits
    self.memory = memory
  }

  /// Reads bytes as they come in piece by piece; ends at the first error.
  func read(_ pieces: [[UInt8]]) -> Reading {
    var parser = RequestParser()
    var reading = Reading()
    var buffer: [UInt8] = []
    for piece in pieces {
      buffer += piece
      while !buffer.isEmpty {
        let (used, parsed) = step(buffer, &parser)
        if let parsed { reading.parsed.append(parsed) }
        if used < 0 {
          reading.rest = -1
          return reading
        }
        if used == 0 { break }
        buffer.removeFirst(used)
      }
    }
    reading.rest = buffer.count
    return reading
  }

  /// - Returns: the bytes that are done with, 0 where more are needed, -1 where nothing follows.
  private func step(_ buffer: [UInt8], _ parser: inout RequestParser) -> (Int, Parsed?) {
    memory.with(buffer) { bytes in
      switch parser.parse(bytes, limits) {
      case .command(let length):
        expectProgress(length, of: bytes.count, parser)
        let source = parser.source(bytes, length: length)
        var arguments: [[UInt8]] = []
        for index in 0..<parser.count {
          let argument = parser.arguments[index]
          let (start, count) = (Int(argument.start), Int(argument.count))
          guard start >= 0, count >= 0, start + count + 2 <= source.count else {
            Issue.record("\(label): argument \(index) lies at \(start) + \(count)")
            return (length, .command(arguments))
          }
          arguments.append(Array(source[start..<start + count]))
        }
        return (length, .command(arguments))
      case .nothing(let length):
        expectProgress(length, of: bytes.count, parser)
        return (length, nil)
      case .incomplete: return (0, nil)
      case .http: return (-1, .http)
      case .failed(let error):
        expectProgress(1, of: 1, parser)
        return (-1, .failed(error))
      }
    }
  }

  private func expectProgress(_ length: Int, of count: Int, _ parser: borrowing RequestParser) {
    let isAtStart = parser.isAtStart
    #expect(length > 0 && length <= count && isAtStart, "\(label)")
  }
}

extension [UInt8] {
  init(_ text: String) { self = Array(text.utf8) }

  /// As a literal has it, for failures.
  var shown: String {
    map { byte in
      if (0x20..<0x7F).contains(byte) { return String(UnicodeScalar(byte)) }
      return "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
  }
}

extension [String] {
  var commands: [Parsed] { [.command(map { [UInt8]($0.utf8) })] }
}
