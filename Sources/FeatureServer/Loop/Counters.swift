// Figures of one event loop, written by its thread and read by whoever asks: single words that are loaded and
// stored as a whole, so that counting costs no more than adding.
import Synchronization

/// Counts, and durations of commands in buckets.
package final class LoopCounters: @unchecked Sendable {
  // Unchecked: the memory is atomic words, of which one thread is the only writer.
  package enum Count: Int, CaseIterable {
    case cacheHits, cacheMisses, commands, errors, accepted, rejected, bytesIn, bytesOut
    case events, cacheBytes, cacheEntries, protocolErrors, rowHits, rowMisses, rowCacheBytes
  }

  /// Upper bounds of the buckets in microseconds: 1, 1.5, 2, 3, 4, 6, ... 12 s, and beyond.
  package static let bounds: [Double] = (0..<48).map { (step: Int) -> Double in
    let power = Double(1 << (step / 2))
    return step % 2 == 0 ? power : power * 1.5
  }
  /// Buckets, their sum in nanoseconds, and failed calls.
  private static let wordsPerCommand = 48 + 1 + 2

  private let words: UnsafeMutablePointer<Atomic<UInt64>>
  private let commandCount: Int

  package init(commands: Int) {
    commandCount = commands
    let count = Count.allCases.count + commands * Self.wordsPerCommand
    words = .allocate(capacity: count)
    for word in 0..<count { (words + word).initialize(to: Atomic(0)) }
  }

  deinit { words.deallocate() }

  @inline(__always)
  private func add(_ word: Int, _ value: UInt64) {
    let sum = words[word].load(ordering: .relaxed) &+ value
    words[word].store(sum, ordering: .relaxed)
  }

  @inline(__always)
  package func count(_ what: Count, _ value: Int = 1) {
    add(what.rawValue, UInt64(truncatingIfNeeded: value))
  }

  package func set(_ what: Count, _ value: Int) {
    words[what.rawValue].store(UInt64(truncatingIfNeeded: value), ordering: .relaxed)
  }

  package subscript(what: Count) -> UInt64 { words[what.rawValue].load(ordering: .relaxed) }

  /// Notes that a command was run so many times, each time for so long.
  @inline(__always)
  package func time(_ command: Int, nanoseconds: UInt64, calls: Int = 1) {
    let start = Count.allCases.count + command * Self.wordsPerCommand
    add(start + Self.bucket(nanoseconds), UInt64(calls))
    add(start + 49, nanoseconds &* UInt64(calls))
  }

  package func fail(_ command: Int) {
    add(Count.allCases.count + command * Self.wordsPerCommand + 50, 1)
  }

  /// The first bucket whose bound is not below.
  @inline(__always)
  package static func bucket(_ nanoseconds: UInt64) -> Int {
    guard nanoseconds > 1000 else { return 0 }
    // In halves of a microsecond above a power of two.
    let micros = (nanoseconds - 1) / 500
    let log = 63 - (micros / 2 | 1).leadingZeroBitCount
    let isUpper = micros >= UInt64(3) << UInt64(log)
    return min(48, 2 * log + (isUpper ? 2 : 1))
  }

  /// A command's figures: calls by bucket (the last holds what is beyond all bounds), nanoseconds, failures.
  package func figures(_ command: Int) -> (buckets: [UInt64], nanoseconds: UInt64, failures: UInt64)
  {
    let start = Count.allCases.count + command * Self.wordsPerCommand
    let read = { (word: Int) in self.words[start + word].load(ordering: .relaxed) }
    return ((0..<49).map(read), read(49), read(50))
  }
}
