// A small generator with a seed, so that a failure can be repeated; and where tests get their seeds from.
import Foundation

/// SplitMix64.
public struct SplitMix64: RandomNumberGenerator, Sendable {
  private var state: UInt64

  public init(_ seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// True in so many of a hundred cases.
  public mutating func chance(_ percent: Int) -> Bool { below(100) < percent }

  public mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &self) }

  public mutating func pick<Element>(_ elements: [Element]) -> Element {
    elements[below(elements.count)]
  }

  /// Consecutive pieces of random lengths, which together are the whole; at most `most` long.
  public mutating func split<Element>(_ elements: [Element], most: Int) -> [[Element]] {
    var pieces: [[Element]] = []
    var rest = elements[...]
    while !rest.isEmpty {
      let length = min(rest.count, 1 + below(most))
      pieces.append(Array(rest.prefix(length)))
      rest = rest.dropFirst(length)
    }
    return pieces
  }
}

/// What a property test runs with.
public enum TestRounds {
  /// `HINDCAST_SEED` alone where it is set; otherwise so many seeds, `HINDCAST_ROUNDS` times as many of
  /// them where that is set.
  public static func seeds(_ count: Int) -> [UInt64] {
    let environment = ProcessInfo.processInfo.environment
    if let seed = environment["HINDCAST_SEED"].flatMap({ UInt64($0) }) { return [seed] }
    let factor = environment["HINDCAST_ROUNDS"].flatMap { Int($0) } ?? 1
    return (0..<UInt64(count * factor)).map { 1 + $0 }
  }
}
