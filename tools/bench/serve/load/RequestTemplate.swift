// A command as the bytes of a pipeline, with places for what differs from request to request.
import BenchSupport
import Glibc

/// A pipeline of one command. Filling it costs a few digits, so that the load takes little of the machine.
final class RequestTemplate {
  private enum Filling { case entity, time, count }

  private var bytes: [UInt8] = []
  private var places: [(offset: Int, filling: Filling)] = []
  /// Commands that make one request together: `;` stands between them.
  let commandCount: Int
  private let entities: UInt64
  private var random: SplitMix64
  private var counter: UInt64 = 0

  init(_ words: [String], batch: Int, entities: UInt64, seed: UInt64) {
    self.entities = entities
    random = SplitMix64(seed: seed)
    let commands = words.split(separator: ";").map(Array.init)
    commandCount = commands.count
    for _ in 0..<batch { commands.forEach(append) }
  }

  private func append(_ words: [String]) {
    bytes += Array("*\(words.count)\r\n".utf8)
    for word in words {
      var text: [UInt8] = []
      var fillings: [(Int, Filling)] = []
      var rest = word[...]
      while let open = rest.firstIndex(of: "{"), let filling = Self.filling(rest[open...]) {
        text += Array(rest[..<open].utf8)
        fillings.append((text.count, filling))
        text += Array(repeating: UInt8(ascii: "0"), count: filling == .time ? 13 : 12)
        rest = rest[open...].dropFirst(3)
      }
      text += Array(rest.utf8)
      bytes += Array("$\(text.count)\r\n".utf8)
      for (offset, filling) in fillings { places.append((bytes.count + offset, filling)) }
      bytes += text + [13, 10]
    }
  }

  private static func filling(_ text: Substring) -> Filling? {
    switch text.prefix(3) {
    case "{n}": .entity
    case "{t}": .time
    case "{i}": .count
    default: nil
    }
  }

  /// Calls `body` with the bytes of the next pipeline.
  func next(_ body: (UnsafeRawBufferPointer) -> Void) {
    bytes.withUnsafeMutableBytes { bytes in
      for place in places {
        switch place.filling {
        case .entity: Self.write(random.below(entities), 12, bytes, place.offset)
        case .time: Self.write(UInt64(Clock.epochMilliseconds), 13, bytes, place.offset)
        case .count:
          counter += 1
          Self.write(counter, 12, bytes, place.offset)
        }
      }
      body(UnsafeRawBufferPointer(bytes))
    }
  }

  static func write(
    _ number: UInt64, _ digits: Int, _ bytes: UnsafeMutableRawBufferPointer, _ offset: Int
  ) {
    var rest = number
    for place in stride(from: offset + digits - 1, through: offset, by: -1) {
      bytes[place] = UInt8(ascii: "0") + UInt8(rest % 10)
      rest /= 10
    }
  }
}

enum Clock {
  /// Steady nanoseconds.
  static var now: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  static var epochMilliseconds: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }

  /// Processor seconds of this process.
  static var processor: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
